import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { ByolError } from '../../lib/errors.js';
import { planTable } from '../../lib/tables/plan.js';
import { runTable, type TableEvent } from '../../lib/tables/run-table.js';
import type { Table } from '../../lib/tables/table.js';
import { withTempDir } from '../support/paths.js';
import { fakeTrain } from './fake-train.js';
import { read, recordsIn, table, usual } from './small-table.js';

test('every row and seed is run once, recorded and reported', () =>
  withTempDir(async (out) => {
    const { train, calls } = fakeTrain(usual);
    const events: TableEvent[] = [];
    const { report, interrupted } = await runTable(planTable(table, { seeds: 3 }), {
      out,
      train,
      onEvent: (event) => events.push(event),
    });
    assert.ok(!interrupted);
    assert.deepEqual(
      calls.map(({ config }) => [config.seed, config.predictor === null]),
      [0, 1, 2].flatMap((seed) => [
        [seed, false],
        [seed, true],
      ]),
    );
    for (const { options } of calls) assert.ok(options.resume);
    assert.deepEqual(recordsIn(out), [
      'alone-seed0.json',
      'alone-seed1.json',
      'alone-seed2.json',
      'byol-seed0.json',
      'byol-seed1.json',
      'byol-seed2.json',
    ]);
    const record = JSON.parse(read(out, 'records', 'byol-seed1.json'));
    assert.deepEqual(
      [
        record.table,
        record.scale,
        record.row,
        record.seed,
        record.knnTop1,
        record.untrainedKnnTop1,
        record.collapseStd,
      ],
      ['small', 'ci', 'byol', 1, 0.51, 0.3, 0.8],
    );
    assert.equal(record.environment.commit, 'abc');
    assert.doesNotMatch(read(out, 'records', 'byol-seed1.json'), /secret-host|somebody/);
    // Finished runs are only their record.
    assert.deepEqual(readdirSync(path.join(out, 'small', 'ci', 'runs')), []);
    assert.deepEqual([report.finishedRuns, report.plannedRuns], [6, 6]);
    assert.ok(Math.abs((report.rows[0]?.measured?.knnTop1?.mean ?? 0) - 0.51) < 1e-9);
    assert.deepEqual(report.rows[1]?.settings, ['predictor: null']);
    assert.deepEqual(report.rows[1]?.measured?.verdicts, { collapsed: 3 });
    assert.deepEqual(
      report.claims.map(({ verdict }) => verdict),
      // Three seeds are too few for a sign test.
      ['not decided at this scale', 'holds', 'does not hold'],
    );
    assert.deepEqual(JSON.parse(read(out, 'table.json')), JSON.parse(JSON.stringify(report)));
    const count = (type: TableEvent['type']): number => events.filter((event) => event.type === type).length;
    assert.deepEqual([count('records'), count('run'), count('train'), count('recorded')], [1, 6, 6, 6]);
  }));

test('a table that is judged by the linear classifier is, and says so', () =>
  withTempDir(async (out) => {
    const learns: Table['claims'] = [{ says: 'BYOL learns.', kind: 'learns', row: 'byol' }];
    // kNN is no better than untrained, the linear classifier is.
    const { train } = fakeTrain(() => ({ knn: 0.3, std: 0.8, linear: 0.4 }));
    const byLinear: Table = { ...table, judgedBy: 'linear', claims: learns };
    const { report } = await runTable(planTable(byLinear, { seeds: 3 }), { out, train });
    assert.equal(report.claims[0]?.verdict, 'holds');
    assert.match(report.claims[0]?.why ?? '', /^\+5\.0 points, bounds \+5\.0 points and \+5\.0 points /);
    assert.match(report.rules[0] ?? '', /^learns, by linear top-1: /);
    assert.match(read(out, 'chart.svg'), />measured linear top-1, scale ci<.*>40\.0</s);
    assert.match(read(out, 'table.md'), /\| 40\.0 ± 0\.0 \| \+5\.0 ± 0\.0 \| 0\.80/);
    const byKnn: Table = { ...table, claims: learns };
    const again = await runTable(planTable(byKnn, { seeds: 3 }), { out, train });
    assert.deepEqual(
      [again.report.claims[0]?.verdict, again.report.claims[0]?.rule],
      ['does not hold', 'learns, by kNN top-1'],
    );
  }));

test('a stopped run has no record; the next time goes on with it in its folder', () =>
  withTempDir(async (out) => {
    const abort = new AbortController();
    const first = fakeTrain((config) => (config.seed === 1 ? 'stopped' : usual(config)));
    const outcome = await runTable(planTable(table, { seeds: 3 }), {
      out,
      train: first.train,
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'train' && first.calls.length === 3) abort.abort();
      },
    });
    assert.ok(outcome.interrupted);
    assert.equal(outcome.report.finishedRuns, 2);
    assert.deepEqual(recordsIn(out), ['alone-seed0.json', 'byol-seed0.json']);
    const stopped = first.calls[2]?.options.folder as string;
    assert.ok(existsSync(stopped));
    assert.match(read(out, 'table.md'), /2 of 6 runs are finished/);

    const second = fakeTrain(usual);
    const { interrupted } = await runTable(planTable(table, { seeds: 3 }), { out, train: second.train });
    assert.ok(!interrupted);
    assert.deepEqual([second.calls.length, second.calls[0]?.options.folder], [4, stopped]);
    assert.ok(!existsSync(stopped));
  }));

test('nothing is begun after a stop', () =>
  withTempDir(async (out) => {
    const { train, calls } = fakeTrain(usual);
    const { interrupted } = await runTable(planTable(table, { seeds: 3 }), { out, train, signal: AbortSignal.abort() });
    assert.ok(interrupted);
    assert.equal(calls.length, 0);
  }));

test('a run that diverges is a result; any other error ends the table and keeps what is finished', () =>
  withTempDir(async (out) => {
    const { train } = fakeTrain((config) => (config.predictor === null ? 'diverged' : usual(config)));
    const { report } = await runTable(planTable(table, { seeds: 3 }), { out, train });
    assert.equal(JSON.parse(read(out, 'records', 'alone-seed0.json')).outcome, 'diverged');
    assert.deepEqual(report.rows[1]?.measured?.verdicts, { diverged: 3 });
    assert.equal(report.claims[1]?.verdict, 'not decided at this scale');
    assert.match(report.claims[1]?.why ?? '', /^row 'alone' diverged with seed 0 /);

    const broken = fakeTrain((config) => (config.seed === 3 ? 'broken' : usual(config)));
    await assert.rejects(runTable(planTable(table, { seeds: 4 }), { out, train: broken.train }), {
      code: 'ERR_BYOL_DATA',
    });
    assert.equal(recordsIn(out).length, 6);
  }));

test('a folder that cannot be written to is found before the first run', () =>
  withTempDir(async (dir) => {
    const out = path.join(dir, 'file');
    writeFileSync(out, '');
    const { train, calls } = fakeTrain(usual);
    await assert.rejects(runTable(planTable(table, { seeds: 3 }), { out, train }), { code: 'ERR_BYOL_IO' });
    assert.equal(calls.length, 0);
  }));

test('run folders are kept when asked for', () =>
  withTempDir(async (out) => {
    const { train, calls } = fakeTrain(usual);
    await runTable(planTable(table, { seeds: 1 }), { out, train, keepRuns: true });
    for (const { options } of calls) assert.ok(existsSync(options.folder as string));
  }));

test('table.md and table.html show published beside measured, and the claims with their rules', () =>
  withTempDir(async (out) => {
    await runTable(planTable(table, { seeds: 5 }), { out, train: fakeTrain(usual).train });
    const markdown = read(out, 'table.md');
    assert.match(markdown, /^# A <small> table\n/);
    assert.match(
      markdown,
      /\| setting \| differs from the base in \| published top-1 \| published top-5 \| published in \| kNN top-1 \| over untrained \|/,
    );
    assert.match(
      markdown,
      /\| BYOL \| {2}\| 72\.5 \| 90\.8 \| Paper Table 0 \| 52\.0 ± 2\.0 \| \+22\.0 ± 2\.0 \| - \| - \| 0\.80 ± 0\.00 \| 20\.0 ± 0\.0 \| learning; 5 seeds \|/,
    );
    assert.match(
      markdown,
      /\| no predictor \\\| <none> \| predictor: null \| 0\.2 ± 0\.1 \| - \| .* \| -20\.0 ± 0\.0 \| - \| - \| 0\.01 ± 0\.00 \| 20\.0 ± 0\.0 \| collapsed; 5 seeds \|/,
    );
    assert.match(
      markdown,
      /\| Without a predictor it collapses\. \| collapses, by collapse\/std \| holds \| below 0\.1 with 5 of 5 seeds, looked at with 5: 0\.01, /,
    );
    assert.match(
      markdown,
      // Seeds from 50 to 54 %, against 10 %: 42 points, and 2.456 times 0.707.
      /\| BYOL is better\. \| better, by kNN top-1 \| holds \| \+42\.0 points, bounds \+40\.3 points and \+43\.7 points \(5 seeds, one-sided 96\.5 %\) \|/,
    );
    assert.match(
      markdown,
      /A claim is looked at with 5 seeds and, while it is open and there is time, with 10 and 20;/,
    );
    assert.match(markdown, /\| Both are the same\. \| close, .* \| does not hold: A remark on it\. \|/);
    assert.match(markdown, /^- better, by kNN top-1: holds if /m);
    assert.match(markdown, /scale 'ci', 5 seeds each; preset textures, 20 epochs in batches of 64, tau from 0\.95/);
    assert.match(markdown, /A remark\./);
    assert.match(markdown, /- A processor, 2 cores, cpu, float32, LibTorch 2\.13\.0, byol-torch 0\.1\.0 abc/);
    assert.match(markdown, /^!\[Published beside measured\]\(chart\.svg\)$/m);
    assert.match(read(out, 'chart.svg'), /^<svg .*no predictor \| &lt;none&gt;/s);
    const overview = readFileSync(path.join(out, 'README.md'), 'utf8');
    assert.match(overview, /^Of 3 claims 2 hold, 1 do not and 0 are not decided at this scale\.$/m);
    assert.match(overview, /^\| \[A <small> table\]\(small\/ci\/table\.md\) \| ci \| 10 \| 50 s \| 2 \| 1 \| 0 \|$/m);
    assert.match(overview, /^!\[A <small> table\]\(small\/ci\/chart\.svg\)$/m);
    assert.match(
      overview,
      /^Scale ci: preset .*\. 5 seeds; 10 of 10 runs, 50 s all together\. Measured on A processor in float32, byol-torch 0\.1\.0 at abc\. \[Its report\]\(small\/ci\/table\.md\)\.$/m,
    );
    assert.match(
      overview,
      /^\| Without a predictor it collapses\. \| 0\.2 ± 0\.1 \| spread 0\.01 \| holds \| below 0\.1 with 5 of 5 seeds/m,
    );
    assert.match(overview, /^\| BYOL is better\. \| 72\.5 against 0\.2 ± 0\.1 \| 52\.0 against 10\.0 \| holds \|/m);
    assert.match(overview, /^\| Both are the same\. \| .* \| \*\*does not hold\*\*: A remark on it\. \|/m);
    const page = readFileSync(path.join(out, 'overview.html'), 'utf8');
    assert.match(
      page,
      /<h2>A &lt;small&gt; table<\/h2>\n<div .*<img alt="A &lt;small&gt; table, published beside measured" src="data:image\/svg/,
    );
    const [, picture] = /base64,([^"]+)"/.exec(page) ?? [];
    assert.equal(Buffer.from(picture ?? '', 'base64').toString(), read(out, 'chart.svg'));
    assert.match(page, /<td>does not hold: A remark on it\.<\/td>/);
    assert.match(page, /<td>72\.5 against 0\.2 ± 0\.1<\/td><td>52\.0 against 10\.0<\/td>/);
    assert.doesNotMatch(page, /<none>|<small>|https?:\/\/|<link|NaN|undefined/);
    const html = read(out, 'table.html');
    assert.match(html, /<title>A &lt;small&gt; table<\/title>/);
    assert.match(html, /<svg .*Published beside measured/s);
    assert.match(html, /no predictor \| &lt;none&gt;/);
    assert.match(html, /<td class="number">52\.0 ± 2\.0<\/td>/);
    assert.match(html, /<td>does not hold: A remark on it\.<\/td>/);
    assert.doesNotMatch(html, /<none>|https?:\/\/(?!www\.w3\.org\/2000\/svg")|<link|NaN|undefined/);
    assert.equal(html.match(/<script/g)?.length, 1, 'the one that lets the reader choose light or dark');
  }));

test('files of somebody else are refused before anything is written, and stay as they are', async () => {
  const foreign: ReadonlyArray<readonly [file: string, content: string]> = [
    ['README.md', '# My project\n'],
    ['README.md', ''],
    ['README.md', '# Published tables, measured\n\nby me\n'],
    ['overview.html', '<!doctype html>\n<p>mine</p>'],
    ['small/ci/table.html', '<p>mine</p>'],
    ['small/ci/table.md', 'mine'],
    ['small/ci/chart.svg', '<svg/>'],
    ['small/ci/table.json', '{"table":"small","scale":"card","plannedRuns":3}'],
    ['small/ci/table.json', '[1, 2]'],
    ['small/ci/table.json', 'null'],
    ['small/ci/table.json', '{'],
  ];
  for (const [file, content] of foreign) {
    await withTempDir(async (out) => {
      const target = path.join(out, file);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, content);
      const before = readdirSync(out, { recursive: true });
      const { train, calls } = fakeTrain(usual);
      await assert.rejects(runTable(planTable(table, { seeds: 3 }), { out, train }), (error: ByolError) => {
        assert.equal(error.code, 'ERR_BYOL_RUN');
        assert.ok(error.message.startsWith(`${target} was not written by byol tables`), error.message);
        return true;
      });
      assert.equal(calls.length, 0);
      assert.deepEqual(readdirSync(out, { recursive: true }), before);
      assert.equal(readFileSync(target, 'utf8'), content);
    });
  }
});

test('reports that are there stay until a run has been added', () =>
  withTempDir(async (out) => {
    await runTable(planTable(table, { seeds: 3 }), { out, train: fakeTrain(usual).train });
    const before = read(out, 'table.md');
    rmSync(path.join(out, 'small', 'ci', 'records'), { recursive: true });
    const stopped = fakeTrain(() => 'stopped');
    const outcome = await runTable(planTable(table, { seeds: 3 }), {
      out,
      train: stopped.train,
      signal: AbortSignal.abort(),
    });
    assert.equal(outcome.report.finishedRuns, 0);
    assert.equal(read(out, 'table.md'), before);
    await runTable(planTable(table, { seeds: 1 }), { out, train: fakeTrain(usual).train });
    assert.match(read(out, 'table.md'), /2 of 2 runs are finished/);
  }));
