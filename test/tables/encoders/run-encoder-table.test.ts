import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ByolError } from '../../../lib/errors.js';
import { planEncoderTable } from '../../../lib/tables/encoders/plan.js';
import { type EncoderTableEvent, runEncoderTable } from '../../../lib/tables/encoders/run-encoder-table.js';
import { withTempDir } from '../../support/paths.js';
import { place, table, usual } from './small-encoder-table.js';

const read = (out: string, ...names: string[]): string => readFileSync(path.join(out, 'small', 'ci', ...names), 'utf8');
const recordsIn = (out: string): string[] => readdirSync(path.join(out, 'small', 'ci', 'records')).sort();

test('every encoder is asked once about each set, recorded and reported', () =>
  withTempDir(async (out) => {
    const asked: string[] = [];
    const plan = await planEncoderTable(table);
    const { report, interrupted } = await runEncoderTable(plan, {
      out,
      place,
      measure: async (planned) => {
        asked.push(planned.name);
        return usual(planned);
      },
    });
    assert.ok(!interrupted);
    // Two columns of one evaluation; no images for Food; rows of other systems, and those left out, are not asked.
    const names = (seed: number): string[] =>
      ['byol', 'untrained'].flatMap((row) =>
        ['imagenet', 'flowers102'].map((set) => `${row}-linear-${set}-seed${seed}`),
      );
    assert.deepEqual(asked, [0, 1, 2].flatMap(names));
    assert.deepEqual(recordsIn(out), asked.map((name) => `${name}.json`).sort());
    const record = JSON.parse(read(out, 'records', 'byol-linear-flowers102-seed1.json'));
    assert.deepEqual(
      [record.row, record.seed, record.metric, record.numbers.meanPerClass],
      ['byol', 1, 'mean-per-class', 0.51],
    );
    assert.doesNotMatch(read(out, 'records', 'byol-linear-flowers102-seed1.json'), /secret-host|somebody/);

    assert.deepEqual([report.finishedRuns, report.plannedRuns], [12, 12]);
    const means = report.rows.map(({ measured }) => measured.map((value) => value && Math.round(1000 * value.mean)));
    assert.deepEqual(means, [
      [null, null, null, null],
      [510, 900, 510, null],
      [null, null, null, null],
      [310, 900, 310, null],
    ]);
    assert.deepEqual(
      report.claims.map(({ verdict, why }) => [verdict, why]),
      [
        ['holds', '+20.0 points, bounds +20.0 points and +20.0 points (3 seeds, one-sided 95.0 %)'],
        ['holds', '+0.0 points, bounds +0.0 points and +0.0 points (3 seeds, one-sided 95.0 %)'],
      ],
    );
    assert.deepEqual(report.unmeasuredClaims, [table.claims[2]?.says]);
    assert.deepEqual(JSON.parse(read(out, 'table.json')), JSON.parse(JSON.stringify(report)));

    const markdown = read(out, 'table.md');
    assert.match(
      markdown,
      /^\| Other \| published \| 60\.0 \| - \| - \| - \| Paper Table 0; not measured: published only \|$/m,
    );
    assert.match(
      markdown,
      /^\| BYOL \| published \| 74\.3 \| 91\.6 \| 96\.1 \| 75\.3 \| Paper Table 0 \|\n\| {2}\| measured \| 51\.0 ± 1\.0 \| 90\.0 ± 0\.0 \| 51\.0 ± 1\.0 \| - \| method: byol \|$/m,
    );
    assert.match(markdown, /^\| untrained \\\| <network> \| measured \| 31\.0 ± 1\.0 /m);
    assert.match(
      markdown,
      /^\| Flowers \| mean-per-class \| a linear classifier .* \| 1000 generated images of 48 pixels in place of Oxford 102 Flowers \|$/m,
    );
    assert.match(
      markdown,
      /^\| Food \| metric \| not measured \| no generated images stand for it at scale 'ci'; its images: --data-of food101=PATH \|$/m,
    );
    assert.match(markdown, /^1 more claim is about numbers that are not measured here, and not judged: .*Food/m);
    assert.match(markdown, /^- linear: A sentence\.$/m);
    const html = read(out, 'table.html');
    assert.match(html, /untrained \| &lt;network&gt;/);
    assert.doesNotMatch(html, /<network>|NaN|undefined/);
    assert.equal(html.match(/<script/g)?.length, 1, 'the one that lets the reader choose light or dark');
    assert.match(read(out, 'chart.svg'), /top-1: published beside measured/);
    const overview = readFileSync(path.join(out, 'README.md'), 'utf8');
    assert.match(overview, /^Of 2 claims 2 hold, 0 do not and 0 are not decided at this scale\.$/m);
    assert.match(overview, /^\| It helps\. \| 74\.3 against - \| 51\.0 against 31\.0 \| holds \|/m);
  }));

test('a table that was stopped goes on with what is left, and takes over what another table measured', () =>
  withTempDir(async (out) => {
    const plan = await planEncoderTable(table, { seeds: 1 });
    let left = 2;
    const first = await runEncoderTable(plan, {
      out,
      place,
      measure: async (planned) => {
        left -= 1;
        return left < 0 ? null : usual(planned);
      },
    });
    assert.deepEqual([first.interrupted, first.report.finishedRuns], [true, 2]);
    const again: string[] = [];
    const second = await runEncoderTable(plan, {
      out,
      place,
      measure: async (planned) => {
        again.push(planned.name);
        return usual(planned);
      },
    });
    assert.deepEqual([second.interrupted, again.length, second.report.finishedRuns], [false, 2, 4]);

    const events: EncoderTableEvent[] = [];
    await runEncoderTable(await planEncoderTable({ ...table, id: 'copy' }, { seeds: 1 }), {
      out,
      place,
      measure: async () => assert.fail('everything has been measured'),
      onEvent: (event) => events.push(event),
    });
    const from = events.flatMap((event) => (event.type === 'recorded' ? [event.from] : []));
    assert.deepEqual(from.length, 4);
    assert.ok(from.every((file) => file?.startsWith(path.join(out, 'small', 'ci', 'records'))));
  }));

test('a record of other settings is kept aside and made anew', () =>
  withTempDir(async (out) => {
    const plan = await planEncoderTable(table, { seeds: 1 });
    const measure = async (planned: Parameters<typeof usual>[0]) => usual(planned);
    await runEncoderTable(plan, { out, place, measure });
    const file = path.join(out, 'small', 'ci', 'records', 'byol-linear-imagenet-seed0.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"key": "./, '"key": "x'));
    const events: EncoderTableEvent[] = [];
    await runEncoderTable(plan, { out, place, measure, onEvent: (event) => events.push(event) });
    const [records] = events.flatMap((event) => (event.type === 'records' ? [event.found] : []));
    assert.deepEqual(
      records?.refused.map(({ reason }) => reason),
      ['it is of other settings than the ones of now'],
    );
    assert.ok(recordsIn(out).includes('byol-linear-imagenet-seed0.json.old'));
  }));

test('what diverged is told, and decides nothing', () =>
  withTempDir(async (out) => {
    const { report } = await runEncoderTable(await planEncoderTable(table), {
      out,
      place,
      measure: async (planned) =>
        planned.row.id === 'byol' && planned.seed === 2
          ? { outcome: 'diverged', metric: 'none', numbers: {}, notes: ['The loss is NaN.'], seconds: 1 }
          : usual(planned),
    });
    assert.equal(report.rows[1]?.diverged, 2);
    assert.deepEqual(
      [report.claims[0]?.verdict, report.claims[0]?.why],
      ['not decided at this scale', 'one of the two was not finite with a seed'],
    );
    assert.match(read(out, 'table.md'), /method: byol; 2 not finite/);
  }));

test('an error says of which row and set it is, and keeps what is finished', () =>
  withTempDir(async (out) => {
    const plan = await planEncoderTable(table, { seeds: 1 });
    const measure = async (planned: Parameters<typeof usual>[0]) => {
      if (planned.set.name === 'flowers102') throw new ByolError('ERR_BYOL_DATA', 'It is broken.');
      return usual(planned);
    };
    await assert.rejects(runEncoderTable(plan, { out, place, measure }), {
      code: 'ERR_BYOL_DATA',
      message: /^Row 'byol', linear on 1000 generated images .*, seed 0: It is broken\.$/,
    });
    assert.deepEqual(recordsIn(out), ['byol-linear-imagenet-seed0.json']);
  }));

test('files of somebody else are refused before anything is asked', () =>
  withTempDir(async (out) => {
    const target = path.join(out, 'small', 'ci', 'table.md');
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, 'mine');
    const measure = async () => assert.fail('it was asked');
    await assert.rejects(runEncoderTable(await planEncoderTable(table), { out, place, measure }), {
      code: 'ERR_BYOL_RUN',
    });
    assert.equal(readFileSync(target, 'utf8'), 'mine');
  }));
