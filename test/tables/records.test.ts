import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { planTable } from '../../lib/tables/plan.js';
import { runTable } from '../../lib/tables/run-table.js';
import type { Table } from '../../lib/tables/table.js';
import { withTempDir } from '../support/paths.js';
import { fakeTrain } from './fake-train.js';
import { read, recordsIn, table, usual } from './small-table.js';

test('finished runs are not run again; more seeds only add', () =>
  withTempDir(async (out) => {
    await runTable(planTable(table, { seeds: 3 }), { out, train: fakeTrain(usual).train });
    const before = read(out, 'records', 'byol-seed0.json');
    const again = fakeTrain(usual);
    const { report } = await runTable(planTable(table, { seeds: 3 }), { out, train: again.train });
    assert.equal(again.calls.length, 0);
    assert.equal(report.finishedRuns, 6);
    const more = fakeTrain(usual);
    await runTable(planTable(table, { seeds: 4 }), { out, train: more.train });
    assert.deepEqual(
      more.calls.map(({ config }) => config.seed),
      [3, 3],
    );
    assert.equal(read(out, 'records', 'byol-seed0.json'), before);
  }));

test('what another table has measured with the same settings is taken over, not run again', () =>
  withTempDir(async (out) => {
    const [, alone] = table.rows;
    assert.ok(alone);
    const other: Table = { ...table, id: 'other', rows: [{ ...alone, id: 'without' }], claims: [] };
    await runTable(planTable(other, { seeds: 3 }), { out, train: fakeTrain(usual).train });
    const { train, calls } = fakeTrain(usual);
    const from: string[] = [];
    const { report } = await runTable(planTable(table, { seeds: 3 }), {
      out,
      train,
      onEvent: (event) => {
        if (event.type === 'recorded' && event.from !== undefined) from.push(path.relative(out, event.from));
      },
    });
    assert.deepEqual(
      calls.map(({ config }) => config.predictor === null),
      [false, false, false],
    );
    assert.deepEqual(
      from,
      [0, 1, 2].map((seed) => path.join('other', 'ci', 'records', `without-seed${seed}.json`)),
    );
    assert.equal(report.finishedRuns, 6);
    const record = JSON.parse(read(out, 'records', 'alone-seed2.json'));
    assert.deepEqual([record.table, record.row, record.seed, record.collapseStd], ['small', 'alone', 2, 0.01]);
  }));

test('records of other settings, and damaged ones, are not used, and it is said', () =>
  withTempDir(async (out) => {
    await runTable(planTable(table, { seeds: 3 }), { out, train: fakeTrain(usual).train });
    writeFileSync(path.join(out, 'small', 'ci', 'records', 'byol-seed1.json'), '{');
    const changed: Table = {
      ...table,
      rows: table.rows.map((row) =>
        row.id === 'alone' ? { ...row, settings: { predictor: null, batchSize: 128 } } : row,
      ),
    };
    const { train, calls } = fakeTrain(usual);
    const refused: string[] = [];
    const { report } = await runTable(planTable(changed, { seeds: 3 }), {
      out,
      train,
      onEvent: (event) => {
        if (event.type !== 'records') return;
        refused.push(...event.found.refused.map((item) => `${path.basename(item.path)}: ${item.reason}`));
      },
    });
    assert.deepEqual(
      calls.map(({ config }) => [config.seed, config.predictor === null]),
      [
        [0, true],
        [1, false],
        [1, true],
        [2, true],
      ],
    );
    assert.equal(refused.length, 4);
    assert.match(refused.join('\n'), /alone-seed0\.json: it is of other settings than the ones of now/);
    assert.match(refused.join('\n'), /byol-seed1\.json: it is not JSON/);
    assert.equal(report.finishedRuns, 6);
    // A run folder of the old settings could not go on with the new ones.
    assert.notEqual(planTable(changed, { seeds: 3 }).runs[1]?.key, planTable(table, { seeds: 3 }).runs[1]?.key);
  }));

test('a record of other settings is kept beside the one that takes its place', () =>
  withTempDir(async (out) => {
    await runTable(planTable(table, { seeds: 1 }), { out, train: fakeTrain(usual).train });
    for (const batchSize of [128, 32]) {
      const rows = table.rows.map((row) => ({ ...row, settings: { ...row.settings, batchSize } }));
      await runTable(planTable({ ...table, rows }, { seeds: 1 }), { out, train: fakeTrain(usual).train });
    }
    const [alone] = ['alone', 'byol'].map((row) => recordsIn(out).filter((name) => name.startsWith(row)));
    assert.deepEqual(alone, ['alone-seed0.json', 'alone-seed0.json.old', 'alone-seed0.json.old2']);
  }));

const here = {
  version: '0.1.0',
  commit: 'abc',
  torch: '2.13.0',
  cpu: 'A processor',
  cpuCapability: 'AVX2',
  device: 'cpu',
  precision: 'float32',
};

test('records that were made in another way count, and it is said', () =>
  withTempDir(async (out) => {
    await runTable(planTable(table, { seeds: 1 }), { out, train: fakeTrain(usual).train });
    const warnings = async (origin: typeof here | undefined, seeds: number): Promise<string[]> => {
      const messages: string[] = [];
      const { train } = fakeTrain(usual);
      await runTable(planTable(table, { seeds }), {
        out,
        train,
        ...(origin !== undefined && { origin: async () => origin }),
        signal: AbortSignal.abort(),
        onEvent: (event) => event.type === 'warning' && messages.push(event.message),
      });
      return messages;
    };
    assert.deepEqual(await warnings(here, 2), []);
    assert.deepEqual(await warnings(undefined, 2), []);
    // Nothing is left to be made in another way.
    assert.deepEqual(await warnings({ ...here, version: '0.2.0' }, 1), []);
    for (const change of [
      { version: '0.2.0' },
      { commit: 'def' },
      { torch: '2.14.0' },
      { cpu: 'Another processor' },
      { cpuCapability: 'AVX512' },
      { device: 'cuda:0' },
      { precision: 'bfloat16' },
    ]) {
      const [message = ''] = await warnings({ ...here, ...change }, 2);
      assert.match(
        message,
        /^The finished runs were made: 2 with byol-torch 0\.1\.0 at abc and LibTorch 2\.13\.0 on cpu \(A processor, AVX2\) in float32; those to come: /,
      );
      assert.match(
        message,
        new RegExp(`${Object.values(change)[0]?.split(':')[0]}.*All are shown, but a claim counts only the seeds`),
      );
    }
    const record = path.join(out, 'small', 'ci', 'records', 'byol-seed0.json');
    const { environment, ...rest } = JSON.parse(readFileSync(record, 'utf8'));
    writeFileSync(record, JSON.stringify({ ...rest, environment: { ...environment, precision: 'bfloat16' } }));
    assert.match(
      (await warnings(here, 1)).join(),
      /1 with .* in bfloat16.*, 1 with .* in float32|1 with .* in float32, 1 with .* in bfloat16/,
    );
    writeFileSync(record, JSON.stringify({ ...rest, environment: null }));
    assert.match((await warnings(here, 2)).join(), /1 with something that they do not tell/);
  }));

test("another table's record is taken over only if it was made in the same way", () =>
  withTempDir(async (out) => {
    const [byol] = table.rows;
    assert.ok(byol);
    const other: Table = { ...table, id: 'other', rows: [byol], claims: [] };
    await runTable(planTable(other, { seeds: 1 }), { out, train: fakeTrain(usual).train });
    const again: Table = { ...other, id: 'again' };
    const plan = planTable(again, { seeds: 1 });
    const calls = async (origin: typeof here): Promise<number> => {
      const fake = fakeTrain(usual);
      await runTable(plan, { out, train: fake.train, origin: async () => origin });
      rmSync(path.join(out, 'again'), { recursive: true });
      return fake.calls.length;
    };
    assert.equal(await calls({ ...here, precision: 'bfloat16' }), 1);
    assert.equal(await calls({ ...here, device: 'cuda:1' }), 1);
    assert.equal(await calls({ ...here, version: '0.2.0' }), 1);
    assert.equal(await calls({ ...here, cpu: 'Another processor' }), 1);
    assert.equal(await calls({ ...here, cpuCapability: 'AVX512' }), 1);
    assert.equal(await calls({ ...here, torch: '2.14.0' }), 1);
    assert.equal(await calls({ ...here, commit: 'def' }), 0);
  }));
