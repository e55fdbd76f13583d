/** Interrupted, killed and uninterrupted runs end in the same bits. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readMetrics } from '../../lib/run/metrics-file.js';
import { bits, newest, sameBits } from '../support/bits.js';
import { root, withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

for (const precision of ['float32', 'bfloat16'] as const) {
  test(`20 steps equal 10 steps, resume and 10 steps, in ${precision}`, async () => {
    await withTempDir(async (dir) => {
      const config = tinyConfig({ precision, accumulate: 1 }); // 4 steps an epoch, 5 epochs
      const whole = path.join(dir, 'whole');
      const parts = path.join(dir, 'parts');
      await runToEnd(config, { folder: whole });
      // Stopped inside the third epoch: the flag is seen after the step that is being queued.
      const first = await runToEnd(config, { folder: parts }, (event, stop) => {
        if (event.type === 'epoch' && event.epoch === 2) stop();
      });
      assert.equal(first.result.interrupted, true);
      assert.ok(first.result.steps >= 8 && first.result.steps < 20, String(first.result.steps));
      const second = await runToEnd(config, { folder: parts, resume: true });
      assert.equal(second.result.interrupted, false);
      assert.equal(second.result.steps, 20);
      sameBits(newest(whole), newest(parts));
      assert.deepEqual(bits(path.join(whole, 'encoder.safetensors')), bits(path.join(parts, 'encoder.safetensors')));
      const steps = (records: Awaited<ReturnType<typeof readMetrics>>) =>
        records.filter((r) => r.type === 'epoch').map((r) => r.step);
      assert.deepEqual(steps(await readMetrics(path.join(parts, 'metrics.jsonl'))), [4, 8, 12, 16, 20]);
    });
  });
}

test('a process killed at any moment leaves a run that resumes to the same end', async () => {
  await withTempDir(async (dir) => {
    const config = tinyConfig({ epochs: 12 });
    const whole = path.join(dir, 'whole');
    await runToEnd(config, { folder: whole });
    const script = path.join(dir, 'child.mjs');
    const out = path.join(dir, 'killed');
    const library = path.join(root, 'dist', 'lib', 'run', 'train.js');
    writeFileSync(
      script,
      `import { train } from ${JSON.stringify(library)};
       const run = train(${JSON.stringify(config)}, { folder: ${JSON.stringify(out)}, resume: true });
       for await (const event of run) console.log(event.type);
       await run.result;`,
    );
    let kills = 0;
    let finished = false;
    for (let attempt = 0; attempt < 12 && !finished; attempt += 1) {
      const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
      // Later in each attempt, so that the moments differ and the run gets on.
      const events = 2 + 3 * attempt;
      let seen = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString().split('\n').length - 1;
        if (seen >= events && child.kill('SIGKILL')) kills += 1;
      });
      const [code] = (await once(child, 'exit')) as [number | null];
      finished = code === 0;
    }
    if (!finished) await runToEnd(config, { folder: out, resume: true });
    assert.ok(kills >= 2, `killed ${kills} times`);
    sameBits(newest(whole), newest(out));
  });
});

test('the same configuration gives the same bits, another seed does not', async () => {
  await withTempDir(async (dir) => {
    for (const [name, seed] of [
      ['a', 0],
      ['b', 0],
      ['c', 1],
    ] as const) {
      await runToEnd(tinyConfig({ epochs: 2, seed }), { folder: path.join(dir, name) });
    }
    sameBits(newest(path.join(dir, 'a')), newest(path.join(dir, 'b')));
    assert.notDeepEqual(readFileSync(newest(path.join(dir, 'a'))), readFileSync(newest(path.join(dir, 'c'))));
  });
});
