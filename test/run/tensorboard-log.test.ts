/** What a run writes for TensorBoard while it goes on. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inflateSync } from 'node:zlib';
import type { Config } from '../../lib/config/schema.js';
import { readMetrics } from '../../lib/run/metrics-file.js';
import { all, bytesOf, numberOf, parseMessage, shownEvents, shownScalars } from '../support/event-files.js';
import { root, withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const config = tinyConfig({ epochs: 3, log: 'tensorboard' });
const board = (dir: string): string => path.join(dir, 'tensorboard');

/** Each tag's steps and values, as metrics.jsonl has them. */
async function recorded(dir: string, type: 'step' | 'epoch', name: string): Promise<Array<[number, number]>> {
  const records = (await readMetrics(path.join(dir, 'metrics.jsonl'))).filter((record) => record.type === type);
  return records.map((record) => [
    record.step,
    Math.fround((record as unknown as Record<string, number>)[name] as number),
  ]);
}

/** A run as one that was killed in its last epoch leaves it: its files are ahead of its newest checkpoint. */
async function killedRun(dir: string, settings: Config = config): Promise<void> {
  await runToEnd(settings, { folder: dir });
  rmSync(path.join(dir, 'result.json'));
  const [first, ...later] = readdirSync(path.join(dir, 'checkpoints')).sort();
  assert.ok(first !== undefined && later.length === 2);
  for (const name of later) rmSync(path.join(dir, 'checkpoints', name));
}

async function assertWhole(dir: string): Promise<void> {
  const shown = shownScalars(board(dir));
  for (const [tag, type, name] of [
    ['loss', 'step', 'loss'],
    ['tau', 'step', 'tau'],
    ['epoch/loss', 'epoch', 'loss'],
  ] as const) {
    const expected = await recorded(dir, type, name);
    assert.ok(expected.length > 0);
    assert.deepEqual(shown.get(tag), expected, tag);
  }
  assert.deepEqual(shown.get('untrained/knn/top1')?.length, 1);
  assert.deepEqual(shown.get('finished/knn/top1')?.length, 1);
  const tags = shownEvents(board(dir)).flatMap(({ values }) => [...values.keys()]);
  for (const once of ['views', '_hparams_/experiment', '_hparams_/session_start_info', '_hparams_/session_end_info']) {
    assert.equal(tags.filter((tag) => tag === once).length, 1, once);
  }
}

test('metrics, views and settings of a run', () =>
  withTempDir(async (dir) => {
    const { result } = await runToEnd({ ...config, batchSize: 32 }, { folder: dir });
    await assertWhole(dir);
    assert.deepEqual(shownScalars(board(dir)).get('finished/knn/top1'), [
      [result.steps, Math.fround(result.knn?.top1 as number)],
    ]);
    const events = shownEvents(board(dir));
    assert.equal(events[0]?.version, 'brain.Event:2');
    assert.ok(events.every(({ time }) => Math.abs(time - Date.now() / 1000) < 600));
    const values = new Map(events.flatMap((event) => [...event.values]));

    const image = parseMessage(bytesOf(values.get('views') ?? [], 4));
    const png = bytesOf(image, 4);
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    assert.deepEqual([numberOf(image, 1), numberOf(image, 2), numberOf(image, 3)], [height, width, 3]);
    // Eight rows of three pictures that are not white alone.
    const pixels = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
    assert.ok(pixels.length === height * (3 * width + 1) && new Set(pixels).size > 20);

    const plugin = (tag: string, field: number) => {
      const data = parseMessage(bytesOf(parseMessage(bytesOf(values.get(tag) ?? [], 9)), 1));
      assert.equal(bytesOf(data, 1).toString(), 'hparams');
      return parseMessage(bytesOf(parseMessage(bytesOf(data, 2)), field));
    };
    const entries = all(plugin('_hparams_/session_start_info', 3), 1).map((entry) => {
      const [key, value] = [bytesOf(parseMessage(entry), 1), parseMessage(bytesOf(parseMessage(entry), 2))];
      return [key.toString(), all(value, 2)[0]?.readDoubleLE() ?? bytesOf(value, 3).toString()] as const;
    });
    const settings = Object.fromEntries(entries);
    assert.equal(settings.method, 'byol');
    assert.equal(settings.batchSize, 32);
    assert.equal(settings.tauBase, config.target.tauBase);
    assert.match(String(settings.changed), /(^|, )views\.size=16, /);
    assert.match(String(settings.changed), /(^|, )batchSize=32(,|$)/);
    assert.doesNotMatch(String(settings.changed), /log|threads|checkpoint/);
    const columns = all(plugin('_hparams_/experiment', 2), 4).map((column) => bytesOf(parseMessage(column), 1));
    assert.deepEqual(columns.map(String), Object.keys(settings));
    assert.equal(numberOf(plugin('_hparams_/session_end_info', 4), 1), 1);
  }));

test('a run that was killed goes on in another file, with every reading once', () =>
  withTempDir(async (dir) => {
    await killedRun(dir);
    const [first] = readdirSync(board(dir));
    await runToEnd(config, { folder: dir, resume: true });
    const files = readdirSync(board(dir)).sort();
    assert.equal(files.length, 2);
    assert.equal(files[0], first);
    await assertWhole(dir);
  }));

test('a log that is asked for later begins with what was before, and a sitting without one leaves no gap', () =>
  withTempDir(async (dir) => {
    const silent = { ...config, log: 'none' } as const;
    const stopAt = (epoch: number, settings: Config, resume = true) =>
      runToEnd(settings, { folder: dir, resume }, (event, stop) => {
        if (event.type === 'epoch' && event.epoch === epoch) stop();
      });
    const long = { epochs: 4 };
    await stopAt(1, { ...silent, ...long }, false);
    assert.ok(!existsSync(board(dir)));
    await stopAt(2, { ...config, ...long });
    await stopAt(3, { ...silent, ...long });
    assert.equal(readdirSync(board(dir)).length, 1);
    await stopAt(9, { ...config, ...long });
    assert.equal(readdirSync(board(dir)).length, 2);
    await assertWhole(dir);
  }));

test('a run whose log cannot be written says so once and goes on', () =>
  withTempDir(async (dir) => {
    await killedRun(dir, { ...config, log: 'none' });
    writeFileSync(board(dir), 'in the way');
    const { result, events } = await runToEnd(config, { folder: dir, resume: true });
    assert.equal(result.interrupted, false);
    const told = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    assert.equal(told.filter((message) => message.includes('TensorBoard')).length, 1, told.join('\n'));
    assert.match(told.join('\n'), /not written any further in this sitting: ENOTDIR/);
    assert.equal(readFileSync(board(dir), 'utf8'), 'in the way');
  }));

test(
  'a disk that fills up while it is written ends the log, and not the run',
  { skip: process.platform === 'win32' },
  () =>
    withTempDir((dir) => {
      const out = path.join(dir, 'run');
      const tiny = pathToFileURL(path.join(root, 'dist/test/support/tiny.js')).href;
      // The picture of the views is larger than any file may become, a checkpoint is not.
      const script = `
      import { runToEnd, tinyConfig } from ${JSON.stringify(tiny)};
      const { views, data } = tinyConfig();
      const larger = { views: { ...views, size: 48 }, data: { ...data, size: 48 } };
      const { result, events } = await runToEnd(tinyConfig({ ...larger, epochs: 2, log: 'tensorboard' }), { folder: process.argv[1] });
      const told = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
      console.log(JSON.stringify({ interrupted: result.interrupted, told }));`;
      const node = [process.execPath, '--input-type=module', '--eval', script, out];
      const child = spawnSync('sh', ['-c', 'ulimit -f 180 && exec "$@"', 'sh', ...node], { encoding: 'utf8' });
      assert.equal(child.status, 0, child.stderr);
      const { interrupted, told } = JSON.parse(child.stdout) as { interrupted: boolean; told: string[] };
      assert.equal(interrupted, false);
      const ofLog = told.filter((message) => message.startsWith("TensorBoard's files"));
      assert.equal(ofLog.length, 1, told.join('\n'));
      assert.match(ofLog[0] ?? '', /not written any further in this sitting: EFBIG/);
    }),
);

test('what replaces a run removes its event files, and nothing else', () =>
  withTempDir(async (dir) => {
    const kept = path.join(board(dir), 'notes.txt');
    await runToEnd(config, { folder: dir });
    writeFileSync(kept, 'mine');
    await runToEnd({ ...config, log: 'none' }, { folder: dir, overwrite: true });
    assert.deepEqual(readdirSync(board(dir)), ['notes.txt']);
    rmSync(kept);
    await runToEnd(config, { folder: dir, overwrite: true });
    await runToEnd({ ...config, log: 'none' }, { folder: dir, overwrite: true });
    assert.ok(!existsSync(board(dir)));
  }));
