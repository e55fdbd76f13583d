import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import type { TrainEvent } from '../../lib/run/events.js';
import { availableCores } from '../../lib/train/available-cores.js';
import { CoreShortage } from '../../lib/train/core-shortage.js';
import { shareThreads, useThreads } from '../../lib/train/threads.js';
import { learnerSpec, makeImages, stepInput } from '../binding/small.js';
import { sameBits } from '../support/bits.js';
import { root, withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

test('threads: as many as asked for, or as the process may use cores', () => {
  const native = loadNative();
  for (const threads of [1, 3]) {
    const given = useThreads(native, { threads });
    assert.equal(given.most, threads);
    assert.equal(native.info().threads, threads);
    given.dispose();
  }
  const automatic = useThreads(native, { threads: 0 });
  assert.equal(automatic.most, availableCores());
  assert.equal(native.info().threads, availableCores());
  assert.equal(automatic.takeFewest(), availableCores());
  automatic.dispose();
});

test('work that asks for no number of threads takes those of others, as long as there are any', () => {
  const numbers: number[] = [];
  const native = { setThreads: (threads: number) => void numbers.push(threads), limitThreads: () => {} };
  const training = useThreads(native, { threads: 3 });
  shareThreads(native, undefined).dispose();
  assert.deepEqual(numbers, [3]);
  shareThreads(native, 2).dispose();
  assert.deepEqual(numbers, [3, 2]);
  // Twice is once: another one that is there would be forgotten.
  const second = useThreads(native, { threads: 3 });
  training.dispose();
  training.dispose();
  shareThreads(native, undefined).dispose();
  assert.deepEqual(numbers, [3, 2, 3]);
  second.dispose();
  shareThreads(native, undefined).dispose();
  assert.deepEqual(numbers, [3, 2, 3, availableCores()]);
});

/** The cores that this process may use, by their numbers. */
function allowedCores(): number[] {
  const allowed = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return allowed.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

test('a process that may use one core computes with one thread', (t) => {
  if (spawnSync('taskset', ['--version']).error !== undefined) return t.skip('there is no taskset');
  const module = new URL('../../lib/train/threads.js', import.meta.url).href;
  const code = `import { useThreads } from '${module}'; let set; useThreads({ setThreads: (n) => { set = n; }, limitThreads: () => {} }, { threads: 0 }); console.log(set);`;
  const args = ['-c', `${allowedCores()[0]}`, process.execPath, '--input-type=module', '-e', code];
  const { stdout, stderr } = spawnSync('taskset', args, { encoding: 'utf8' });
  assert.equal(stdout.trim(), '1', stderr);
});

/** The outcome of beside-other-work.ts on two of the cores that this process may use; or why it cannot be had. */
function besideOtherWork(threads: number): { fewer: boolean; back: boolean; seenIdle: boolean } | string {
  if (CoreShortage.open() === null) return 'the system does not tell how long threads wait';
  if (spawnSync('taskset', ['--version']).error !== undefined) return 'there is no taskset';
  const cpus = allowedCores();
  if (cpus.length < 2 || availableCores() < 2) return 'there is only one core';
  const script = path.join(root, 'dist/test/train/beside-other-work.js');
  const args = ['-c', cpus.slice(0, 2).join(','), process.execPath, script, String(threads)];
  const { stdout, stderr } = spawnSync('taskset', args, { encoding: 'utf8' });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as { fewer: boolean; back: boolean; seenIdle: boolean };
}

test('beside busy processes fewer threads compute, and all of them afterwards', (t) => {
  const outcome = besideOtherWork(0);
  if (typeof outcome === 'string') return t.skip(outcome);
  assert.ok(outcome.fewer, 'two threads beside six busy processes');
  if (!outcome.back && !outcome.seenIdle) return t.diagnostic('others keep this machine busy: not seen to come back');
  assert.ok(outcome.back, 'one thread although the other core is idle');
});

test('a given number of threads is kept beside busy processes', (t) => {
  const outcome = besideOtherWork(2);
  if (typeof outcome === 'string') return t.skip(outcome);
  assert.equal(outcome.fewer, false);
});

test('a run says how many threads computed, and at its end if their number changed', () =>
  withTempDir(async (dir) => {
    const config = tinyConfig({ epochs: 2 });
    const out = path.join(dir, 'run');
    const warnings = (events: readonly TrainEvent[]) =>
      events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    const first = await runToEnd(config, { folder: out }, (event, stop) => {
      if (event.type === 'epoch') stop();
    });
    assert.doesNotMatch(warnings(first.events).join('\n'), /number of threads/);
    const file = path.join(out, 'metrics.jsonl');
    const text = readFileSync(file, 'utf8');
    assert.match(text, /"type":"step".*"threads":1}\n/);

    // As other work would have had it.
    writeFileSync(file, text.replace('"threads":1}', '"threads":2}'));
    const second = await runToEnd(config, { folder: out, resume: true });
    assert.match(
      warnings(second.events).join('\n'),
      /changed the number of threads of this run \(1 to 2\).*--set threads=2\.$/,
    );
  }));

test('with the same number of threads, also of several, steps repeat bit for bit', () =>
  withTempDir(async (dir) => {
    const native = loadNative();
    native.setThreads(2);
    const images = makeImages(native, 16, 16);
    for (const precision of ['float32', 'bfloat16'] as const) {
      const files = ['one', 'other'].map((name) => path.join(dir, `${precision}-${name}.safetensors`));
      for (const file of files) {
        const learner = new native.Learner({ ...learnerSpec, precision });
        for (let step = 0; step < 3; step += 1) await learner.step(stepInput(images, 16, 16));
        await learner.save(file, {});
        learner.dispose();
      }
      sameBits(files[0] as string, files[1] as string);
    }
    images.dispose();
    native.setThreads(1);
  }));
