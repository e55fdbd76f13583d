import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import type { ByolError } from '../../lib/errors.js';
import { LOCK_FILE } from '../../lib/run/run-lock.js';
import { chooseJobs } from '../../lib/tables/jobs.js';
import { planTable, type TablePlan } from '../../lib/tables/plan.js';
import { runPath, tableFolder } from '../../lib/tables/record-files.js';
import { recordSchema, type TableRecord } from '../../lib/tables/records.js';
import { type RunTableOptions, runTable, type TableEvent, type TableOutcome } from '../../lib/tables/run-table.js';
import type { Table } from '../../lib/tables/table.js';
import { availableCores } from '../../lib/train/available-cores.js';
import { withTempDir } from '../support/paths.js';

/** Real runs of half a second, which differ by row and seed. */
const table: Table = {
  id: 'tiny',
  title: 'A tiny table',
  source: 'Paper Table 0',
  columns: ['top-1'],
  rows: [
    { id: 'byol', label: 'BYOL', published: [72.5] },
    { id: 'slow', label: 'a slow target', published: [70], settings: { target: { tauBase: 0.99 } } },
    { id: 'alone', label: 'no predictor', published: [0.2], settings: { predictor: null } },
  ],
  claims: [],
  ciSettings: {
    threads: 1,
    data: { trainImages: 128, testImages: 32, size: 16 },
    views: { size: 16 },
    encoder: { blocks: [1, 1], width: 8 },
    projector: { hidden: [16], output: 8 },
    predictor: { hidden: [16], output: 8 },
    batchSize: 16,
    epochs: 8,
  },
};

/** Long enough that what is stopped or killed in its first epoch is not done before, however fast the machine. */
const longer: Table = { ...table, ciSettings: { ...table.ciSettings, epochs: 40 } };

async function runTiny(
  plan: TablePlan,
  options: RunTableOptions,
): Promise<TableOutcome & { readonly events: TableEvent[] }> {
  const events: TableEvent[] = [];
  const outcome = await runTable(plan, {
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  return { ...outcome, events };
}

function recordsOf(out: string): Map<string, TableRecord> {
  const folder = path.join(out, 'tiny', 'ci', 'records');
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder).map((name) => [
      name,
      recordSchema.parse(JSON.parse(readFileSync(path.join(folder, name), 'utf8'))),
    ]),
  );
}

/** Without what another time or place changes. */
function numbersOf(out: string): unknown {
  return [...recordsOf(out)].map(([name, { seconds: _seconds, environment, ...numbers }]) => [
    name,
    numbers,
    environment?.threads,
  ]);
}

const train = (events: readonly TableEvent[]) => events.flatMap((event) => (event.type === 'train' ? [event] : []));

test('runs at once give the numbers of runs one after the other', () =>
  withTempDir(async (dir) => {
    const plan = planTable(table, { seeds: 2 });
    const [one, several] = [path.join(dir, 'one'), path.join(dir, 'several')];
    await runTiny(plan, { out: one, jobs: 1 });
    const { report, interrupted, events } = await runTiny(plan, { out: several, jobs: 3 });
    assert.ok(!interrupted);
    assert.equal(report.finishedRuns, 6);
    assert.equal(recordsOf(several).size, 6);
    assert.deepEqual(numbersOf(several), numbersOf(one));
    assert.notEqual(recordsOf(one).get('byol-seed0.json')?.loss, recordsOf(one).get('byol-seed1.json')?.loss);
    assert.deepEqual(readdirSync(path.join(several, 'tiny', 'ci', 'runs')), []);
    // They were really at once: a second run began before the first had ended.
    const kinds = events.filter(({ type }) => type === 'run' || type === 'recorded').map(({ type }) => type);
    assert.deepEqual(kinds.slice(0, 3), ['run', 'run', 'run']);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'jobs' ? [event.jobs] : [])),
      [{ jobs: 3, threads: Math.max(1, Math.floor(availableCores() / 3)), measured: null }],
    );
    const told = new Set(train(events).map(({ run, event }) => `${run.name} ${event.type}`));
    for (const { name } of plan.runs) for (const type of ['start', 'end']) assert.ok(told.has(`${name} ${type}`));
  }));

test('an abort saves all runs of now, and the next time goes on with them to the same numbers', () =>
  withTempDir(async (dir) => {
    const plan = planTable(longer, { seeds: 1 });
    const [whole, out] = [path.join(dir, 'whole'), path.join(dir, 'out')];
    await runTiny(plan, { out: whole, jobs: 3 });
    const abort = new AbortController();
    const epochs = new Set<string>();
    const stopped = await runTiny(plan, {
      out,
      jobs: 3,
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type !== 'train' || event.event.type !== 'epoch') return;
        epochs.add(event.run.name);
        if (epochs.size === 3) abort.abort();
      },
    });
    assert.ok(stopped.interrupted);
    const before = stopped.report.finishedRuns;
    assert.ok(before < 3, 'the last one had all but one epoch to go');
    const again = await runTiny(plan, { out, jobs: 3 });
    assert.ok(!again.interrupted);
    const resumed = train(again.events).filter(({ event }) => event.type === 'start' && event.resumedAt > 0);
    assert.equal(resumed.length, 3 - before);
    assert.deepEqual(numbersOf(out), numbersOf(whole));
  }));

test('a process that is killed is told with its run; the others are saved, and nothing is lost', () =>
  withTempDir(async (out) => {
    const plan = planTable(longer, { seeds: 1 });
    const folder = tableFolder(out, plan);
    const victim = plan.runs[1];
    assert.ok(victim !== undefined);
    const begun = new Set<string>();
    await assert.rejects(
      runTiny(plan, {
        out,
        jobs: 3,
        onEvent: (event) => {
          if (event.type !== 'train' || event.event.type !== 'epoch') return;
          begun.add(event.run.name);
          if (event.run === victim && event.event.epoch === 1) kill(runPath(folder, victim));
        },
      }),
      (error: ByolError) => {
        assert.equal(error.code, 'ERR_BYOL_PROCESS');
        assert.match(error.message, /^Row 'slow', seed 0: Its process ended by SIGKILL before it was done\.$/);
        assert.match(error.hint ?? '', /--jobs 1/);
        return true;
      },
    );
    for (const run of plan.runs.filter(({ name }) => begun.has(name))) {
      const recorded = recordsOf(out).has(`${run.name}.json`);
      assert.ok(recorded || existsSync(path.join(runPath(folder, run), 'checkpoints')), run.name);
    }
    const { report } = await runTiny(plan, { out, jobs: 3 });
    assert.equal(report.finishedRuns, 3);
  }));

/** The process that trains in a run folder. */
function kill(runFolder: string): void {
  const { pid } = z.object({ pid: z.int() }).parse(JSON.parse(readFileSync(path.join(runFolder, LOCK_FILE), 'utf8')));
  assert.notEqual(pid, process.pid);
  process.kill(pid, 'SIGKILL');
}

test('a run that cannot be trained ends the table by its own error', () =>
  withTempDir(async (dir) => {
    // Fewer images than a step takes: known only when they are open.
    const broken: Table = {
      ...table,
      rows: [...table.rows, { id: 'broken', label: 'broken', published: [null], settings: { batchSize: 1024 } }],
    };
    await assert.rejects(runTiny(planTable(broken, { seeds: 1 }), { out: dir, jobs: 2 }), (error: ByolError) => {
      assert.match(error.code, /^ERR_BYOL_(CONFIG|DATA)$/);
      assert.match(error.message, /^Row 'broken', seed 0: /);
      return true;
    });
    assert.ok(recordsOf(dir).size >= 2, 'those before it are recorded');
  }));

test('started one at a time, a run goes on among others with its own threads', () =>
  withTempDir(async (out) => {
    const plan = planTable({ ...table, ciSettings: { ...table.ciSettings, threads: 0 } }, { seeds: 1 });
    const abort = new AbortController();
    await runTiny(plan, {
      out,
      jobs: 1,
      signal: abort.signal,
      onEvent: (event) => event.type === 'train' && event.event.type === 'epoch' && abort.abort(),
    });
    assert.equal(recordsOf(out).size, 0);
    const { report } = await runTiny(plan, { out, jobs: 4 });
    assert.equal(report.finishedRuns, 3);
    const threadsOf = (name: string) => recordsOf(out).get(name)?.environment?.threads;
    assert.equal(threadsOf('byol-seed0.json'), availableCores());
    assert.equal(threadsOf('alone-seed0.json'), Math.max(1, Math.floor(availableCores() / 3)));
  }));

test('how many go on at once is measured, once for a network', async () => {
  const { config } = planTable(table).base;
  let measurements = 0;
  const onMeasure = (): void => {
    measurements += 1;
  };
  const options = { asked: undefined, signal: undefined, onMeasure };
  const chosen = await chooseJobs({ ...config, threads: 0 }, 6, options);
  if (availableCores() === 1) {
    assert.deepEqual([chosen.jobs, measurements], [1, 0]);
    return;
  }
  assert.ok(chosen.measured !== null && chosen.measured.alone > 0 && chosen.measured.together > 0);
  assert.equal(chosen.jobs > 1, chosen.measured.together > chosen.measured.alone);
  assert.deepEqual(await chooseJobs({ ...config, seed: 5 }, 6, options), chosen);
  assert.equal(measurements, 1);
  assert.equal((await chooseJobs(config, 6, { ...options, asked: 1 })).jobs, 1);
  assert.equal((await chooseJobs(config, 1, options)).jobs, 1);
  await assert.rejects(
    chooseJobs({ ...config, batchSize: 32 }, 6, { ...options, signal: AbortSignal.abort(new Error('stop')) }),
    {
      message: 'stop',
    },
  );
});
