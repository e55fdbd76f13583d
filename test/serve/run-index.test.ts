import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { lockRun } from '../../lib/run/run-lock.js';
import { RunIndex } from '../../lib/serve/run-index.js';
import type { RunOverview } from '../../lib/serve/watched-run.js';
import { withTempDir } from '../support/paths.js';
import { appendMetrics, epochLine, makeRun, metricsOf, stepLine } from '../support/run-folders.js';

/** Looks anew, also where it has just looked, until every run is read. */
async function look(index: RunIndex): Promise<Map<string, RunOverview>> {
  await setTimeout(520);
  do await index.refresh();
  while (index.list(0).pending > 0);
  return new Map(index.list(0).runs.map((run) => [run.name, run]));
}

describe('run index', () => {
  test('finds runs at any depth, newest first, and nothing else', async () => {
    await withTempDir(async (dir) => {
      makeRun(join(dir, 'old'), { finished: true, date: '2026-11-01T10:00:00.000Z' });
      makeRun(join(dir, 'a/b/new'), { date: '2026-11-03T10:00:00.000Z' });
      makeRun(join(dir, 'a'), { date: '2026-11-02T10:00:00.000Z' });
      makeRun(join(dir, 'a/checkpoints/run'));
      makeRun(join(dir, '.hidden/run'));
      makeRun(join(dir, 'node_modules/run'));
      mkdirSync(join(dir, 'other'));
      writeFileSync(join(dir, 'other/config.json'), '{}');
      symlinkSync(join(dir, 'a'), join(dir, 'link'));
      const index = await RunIndex.open(dir);
      const runs = await look(index);
      assert.deepEqual([...runs.keys()].sort(), ['a', 'a/b/new', 'old']);
      const { order, notes, now } = index.list(0);
      assert.deepEqual(
        order,
        ['a/b/new', 'a', 'old'].map((name) => runs.get(name)?.id),
      );
      assert.deepEqual(notes, ['A link was not followed.']);
      assert.ok(Math.abs(now - Date.now()) < 60_000);
    });
  });

  test('the folder may be a run itself, empty, or a link; not missing, and no file', async () => {
    await withTempDir(async (dir) => {
      const empty = await RunIndex.open(dir);
      assert.equal((await look(empty)).size, 0);
      makeRun(join(dir, 'run'));
      symlinkSync(join(dir, 'run'), join(dir, 'link'));
      assert.deepEqual([...(await look(await RunIndex.open(join(dir, 'link')))).keys()], ['run']);
      await assert.rejects(RunIndex.open(join(dir, 'nothing')), { code: 'ERR_BYOL_IO', message: /There is no folder/ });
      await assert.rejects(RunIndex.open(join(dir, 'run/config.json')), { code: 'ERR_BYOL_IO', message: /is a file/ });
    });
  });

  test('what a run is at, stopped, running and finished', async () => {
    await withTempDir(async (dir) => {
      const folder = join(dir, 'run');
      makeRun(folder);
      const index = await RunIndex.open(dir);
      const stopped = (await look(index)).get('run');
      assert.equal(stopped?.state, 'stopped');
      assert.deepEqual([stopped?.epoch, stopped?.epochs, stopped?.step, stopped?.steps], [2, 4, 20, 40]);
      assert.equal(stopped?.knn, 0.4);
      assert.equal(stopped?.untrainedKnn, 0.3);
      assert.ok(Math.abs((stopped?.loss ?? 0) - 4 * Math.exp(-1)) < 1e-12);
      assert.equal(stopped?.verdict?.state, 'learning');
      assert.equal(stopped?.spark.length, 20);

      const lock = await lockRun(folder);
      const [whole, half] = [stepLine(21), stepLine(22)];
      appendMetrics(folder, whole + half.slice(0, 30));
      const running = (await look(index)).get('run');
      assert.deepEqual([running?.state, running?.text, running?.step, running?.epoch], ['running', 'training', 21, 3]);
      appendMetrics(folder, half.slice(30) + metricsOf(4).slice((metricsOf(2) + whole + half).length));
      const measuring = (await look(index)).get('run');
      assert.deepEqual([measuring?.text, measuring?.step, measuring?.epoch], ['measuring what it has learnt', 40, 4]);
      await lock.release();

      makeRun(folder, { finished: true });
      const finished = (await look(index)).get('run');
      assert.deepEqual([finished?.state, finished?.knn, finished?.step], ['finished', 0.55, 40]);
    });
  });

  test('why a run is stopped or broken', async () => {
    await withTempDir(async (dir) => {
      const make = (name: string): string => {
        makeRun(join(dir, name));
        return join(dir, name);
      };
      const lock = { pid: 999_999_999, host: hostname(), birth: 'x', since: '2026-11-27T10:00:00.000Z' };
      writeFileSync(join(make('killed'), 'run.lock'), `${JSON.stringify(lock)}\n`);
      writeFileSync(join(make('elsewhere'), 'run.lock'), `${JSON.stringify({ ...lock, host: 'another-machine' })}\n`);
      writeFileSync(join(make('diverged'), 'checkpoints/last-good-step-21.safetensors'), '');
      writeFileSync(join(make('damaged'), 'config.json'), '{"preset": ');
      writeFileSync(join(make('unknown'), 'config.json'), '{"preset": "shapes", "epochs": "many"}');
      rmSync(join(make('headless'), 'config.json'));
      writeFileSync(join(make('odd result'), 'result.json'), '[]');
      rmSync(join(make('linked'), 'metrics.jsonl'));
      symlinkSync('/etc/passwd', join(dir, 'linked/metrics.jsonl'));
      rmSync(join(make('young'), 'metrics.jsonl'));
      writeFileSync(join(make('binary'), 'metrics.jsonl'), Buffer.alloc(100_000, 0xff));
      const runs = await look(await RunIndex.open(dir));
      const said = (name: string): string => `${runs.get(name)?.state}: ${runs.get(name)?.text}`;
      assert.match(said('killed'), /^stopped: killed: process 999999999, since .*, is gone$/);
      assert.equal(said('elsewhere'), 'running: training');
      assert.match(said('diverged'), /^stopped: diverged/);
      assert.match(said('damaged'), /^broken: .*config\.json is damaged/);
      assert.match(said('unknown'), /^broken: .*config\.json is not a configuration of this version: /);
      assert.match(said('headless'), /^broken: There is no run in .*config\.json does not exist/);
      assert.match(said('odd result'), /^broken: its files are not as runs write them/);
      assert.match(said('linked'), /^broken: .*metrics\.jsonl is a link or no file/);
      assert.equal(said('young'), 'stopped: stopped before its first steps');
      assert.equal(said('binary'), 'stopped: stopped before its first steps');
    });
  });

  test('only what has changed is told, and what is gone is left out', async () => {
    await withTempDir(async (dir) => {
      for (const name of ['one', 'two', 'three']) makeRun(join(dir, name));
      const index = await RunIndex.open(dir);
      await look(index);
      const before = index.version;
      await look(index);
      assert.equal(index.version, before);
      appendMetrics(join(dir, 'two'), stepLine(21));
      rmSync(join(dir, 'three'), { recursive: true });
      await look(index);
      const { runs, order, version } = index.list(before);
      assert.deepEqual(
        runs.map(({ name, step }) => [name, step]),
        [['two', 21]],
      );
      assert.equal(order.length, 2);
      assert.ok(version > before);
    });
  });

  test('a resumed run, whose file of metrics is another and shorter one', async () => {
    await withTempDir(async (dir) => {
      const folder = join(dir, 'run');
      makeRun(folder, { epochs: 3 });
      const index = await RunIndex.open(dir);
      assert.equal((await look(index)).get('run')?.step, 30);
      writeFileSync(join(folder, 'metrics.jsonl.tmp'), metricsOf(1));
      renameSync(join(folder, 'metrics.jsonl.tmp'), join(folder, 'metrics.jsonl'));
      const run = (await look(index)).get('run');
      assert.deepEqual([run?.step, run?.knn, run?.spark.length], [10, 0.35, 10]);
    });
  });

  test('of a long run the course of the loss and the last epoch with kNN, without reading it all', async () => {
    await withTempDir(async (dir) => {
      const folder = join(dir, 'run');
      makeRun(folder, { config: { epochs: 4000 } });
      // kNN was measured long before the end, but not at the last.
      const later = Array.from({ length: 30_000 }, (_, step) => stepLine(step + 21, 1 + 1 / (step + 1)));
      const last = epochLine(3002).replace(/"knn\/top1":[^,]*,/, '');
      const text = metricsOf(2) + later.slice(0, 20_000).join('') + epochLine(9) + later.slice(20_000).join('') + last;
      writeFileSync(join(folder, 'metrics.jsonl'), text);
      const run = (await look(await RunIndex.open(dir))).get('run');
      assert.equal(run?.step, 30_020);
      assert.equal(run?.knn, 0.75);
      assert.equal(run?.epoch, 3002);
      const spark = run?.spark ?? [];
      assert.ok(spark.length >= 30 && spark.length <= 64, `${spark.length} points`);
      assert.ok((spark[0]?.[0] ?? Number.POSITIVE_INFINITY) < 1000, `begins at ${spark[0]}`);
      assert.ok(spark.every(([step], index) => index === 0 || step > (spark[index - 1]?.[0] ?? 0)));
      assert.equal(spark.at(-1)?.[0], 30_020);
      assert.equal(readFileSync(join(folder, 'metrics.jsonl'), 'utf8'), text);
    });
  });
});
