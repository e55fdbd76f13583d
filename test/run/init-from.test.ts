/** Weights to start from are looked at before anything is written, and a run that did not begin is in nobody's way. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const config = tinyConfig({ epochs: 1 });

test('weights that cannot be used are refused before the folder is made; the right ones then work in it', async () => {
  await withTempDir(async (dir) => {
    const good = path.join(dir, 'good');
    await runToEnd(config, { folder: good });
    const other = path.join(dir, 'other');
    await runToEnd({ ...config, encoder: { ...config.encoder, width: 4 } }, { folder: other });
    const text = path.join(dir, 'text.safetensors');
    writeFileSync(text, 'no weights at all');

    const out = path.join(dir, 'runs', 'run');
    for (const [initFrom, code] of [
      [path.join(dir, 'typo.safetensors'), 'ERR_BYOL_IO'],
      [dir, 'ERR_BYOL_IO'],
      [text, 'ERR_BYOL_CHECKPOINT'],
      [path.join(other, 'encoder.safetensors'), 'ERR_BYOL_CHECKPOINT'],
    ] as const) {
      await assert.rejects(
        runToEnd(config, { folder: out, initFrom }, (event) =>
          assert.notEqual(event.type, 'phase', 'nothing is measured yet'),
        ),
        { code },
        initFrom,
      );
      assert.ok(!existsSync(path.join(dir, 'runs')), initFrom);
    }
    const { result } = await runToEnd(config, { folder: out, initFrom: path.join(good, 'encoder.safetensors') });
    assert.equal(result.interrupted, false);
  });
});

test('weights are remembered by where they lie, not as they were typed', async () => {
  await withTempDir(async (dir) => {
    const home = process.cwd();
    await runToEnd(config, { folder: path.join(dir, 'good') });
    process.chdir(dir);
    try {
      await runToEnd(config, { folder: 'warm', initFrom: 'good/encoder.safetensors' });
    } finally {
      process.chdir(home);
    }
    const { initFrom } = JSON.parse(readFileSync(path.join(dir, 'warm', 'environment.json'), 'utf8'));
    assert.equal(path.isAbsolute(initFrom) && existsSync(initFrom), true);
  });
});

test('a run that fails before its first step leaves an existing folder as it found it', async () => {
  await withTempDir(async (dir) => {
    const blocked = path.join(dir, 'run');
    mkdirSync(blocked);
    const before = readdirSync(blocked);
    const failing = { ...config, evaluation: { ...config.evaluation, batchSize: 32 } };
    await assert.rejects(
      runToEnd(failing, { folder: blocked }, (event) => {
        if (event.type === 'phase') mkdirSync(path.join(blocked, 'metrics.jsonl'));
      }),
      { code: 'ERR_BYOL_IO', message: /metrics\.jsonl/ },
    );
    assert.deepEqual(readdirSync(blocked), [...before, 'metrics.jsonl']);
  });
});
