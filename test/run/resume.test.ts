/** What a run goes on from: its newest whole checkpoint, with its own settings and images, from wherever it is called. */
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { NativeLearner } from '../../lib/binding/native.js';
import { writeRawStore } from '../../lib/data/kinds/raw.js';
import { generateShapes } from '../../lib/data/kinds/shapes/generate.js';
import { ByolError } from '../../lib/errors.js';
import { Checkpoints } from '../../lib/run/checkpoints.js';
import { evaluateRun } from '../../lib/run/run-evaluation.js';
import { withTempDir } from '../support/paths.js';
import { snapshot } from '../support/snapshot.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const config = tinyConfig({ epochs: 3 });

async function stopAfter(epoch: number, out: string, settings = config): Promise<void> {
  await runToEnd(settings, { folder: out }, (event, stop) => {
    if (event.type === 'epoch' && event.epoch === epoch) stop();
  });
}

const saved = (dir: string): string[] => readdirSync(path.join(dir, 'checkpoints')).sort();

test('where no checkpoint is whole nothing is renamed, and every attempt says so', async () => {
  await withTempDir(async (dir) => {
    await stopAfter(2, dir);
    for (const name of saved(dir)) truncateSync(path.join(dir, 'checkpoints', name), 500);
    const before = snapshot(dir);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await assert.rejects(runToEnd(config, { folder: dir, resume: true }), {
        code: 'ERR_BYOL_CHECKPOINT',
        message: /None of the checkpoints in .* can be used: .*truncated/,
      });
      assert.deepEqual(snapshot(dir), before);
    }
    // Neither does it begin again in silence where they were renamed.
    for (const name of saved(dir))
      renameSync(path.join(dir, 'checkpoints', name), path.join(dir, 'checkpoints', `${name}.damaged`));
    await assert.rejects(runToEnd(config, { folder: dir, resume: true }), { code: 'ERR_BYOL_CHECKPOINT' });
  });
});

test("another run's checkpoint is refused by what differs, and keeps its name", async () => {
  await withTempDir(async (dir) => {
    const [mine, other] = [path.join(dir, 'mine'), path.join(dir, 'other')];
    await stopAfter(1, mine);
    for (const changes of [{ seed: 5 }, { encoder: { ...config.encoder, width: 4 } }]) {
      const out = `${other}-${Object.keys(changes)[0]}`;
      await stopAfter(2, out, { ...config, ...changes });
      const newest = saved(out).at(-1) as string;
      copyFileSync(path.join(out, 'checkpoints', newest), path.join(mine, 'checkpoints', newest));
      const before = snapshot(mine);
      await assert.rejects(runToEnd(config, { folder: mine, resume: true }), {
        code: 'ERR_BYOL_CHECKPOINT',
        message: /is of a run with other settings:\n {2}(seed: 5 -> 0|encoder\.width: 4 -> 8)\n/,
      });
      assert.deepEqual(snapshot(mine), before);
    }
  });
});

test('errors that are not of the file count no checkpoint as damaged', async () => {
  await withTempDir(async (dir) => {
    await stopAfter(2, dir);
    const checkpoints = new Checkpoints(path.join(dir, 'checkpoints'), config);
    for (const code of ['ERR_BYOL_DEVICE', 'ERR_BYOL_OOM', 'ERR_BYOL_IO', 'ERR_BYOL_SHUTDOWN'] as const) {
      const load = () => Promise.reject(new ByolError(code, 'not the file'));
      await assert.rejects(checkpoints.loadNewest({ load } as unknown as NativeLearner, 10), { code });
    }
  });
});

test('a run is resumed and evaluated from another working directory than it was started in', async () => {
  await withTempDir(async (dir) => {
    const home = process.cwd();
    const out = path.join(dir, 'run');
    await writeRawStore(
      path.join(dir, 'images'),
      await generateShapes({ trainImages: 64, testImages: 32, size: 16, seed: 1 }),
    );
    process.chdir(dir);
    try {
      await stopAfter(1, 'run', { ...config, data: { kind: 'raw', path: 'images' } });
    } finally {
      process.chdir(home);
    }
    const written = JSON.parse(readFileSync(path.join(out, 'config.json'), 'utf8'));
    assert.equal(path.isAbsolute(written.data.path), true);
    assert.equal((await runToEnd(written, { folder: out, resume: true })).result.steps, 12);
    const { result } = await evaluateRun({ folder: out, protocol: 'knn' });
    assert.equal(result.queryImages, 32);
  });
});

test('what a killed process left half-written is deleted, and nothing else', async () => {
  await withTempDir(async (dir) => {
    await stopAfter(1, dir);
    const left = [
      'config.json.12.tmp',
      'report.html.7.tmp',
      'encoder.safetensors.3.tmp',
      path.join('checkpoints', 'step-00000008.safetensors.9.tmp'),
    ];
    for (const name of [...left, 'notes.tmp']) writeFileSync(path.join(dir, name), 'half');
    await runToEnd(config, { folder: dir, resume: true });
    const names = readdirSync(dir, { recursive: true }) as string[];
    assert.deepEqual(
      names.filter((name) => name.endsWith('.tmp')),
      ['notes.tmp'],
    );
  });
});
