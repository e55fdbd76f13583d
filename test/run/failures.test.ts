/** What a run does when something is wrong: one clear error, nothing half-written. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import { ByolError } from '../../lib/errors.js';
import { readSafetensorsHeader } from '../../lib/export/safetensors.js';
import { learnerSpec } from '../../lib/methods/learner-spec.js';
import { Checkpoints, checkpointName } from '../../lib/run/checkpoints.js';
import { evaluateRun } from '../../lib/run/run-evaluation.js';
import { train } from '../../lib/run/train.js';
import { root, withTempDir } from '../support/paths.js';
import { floats, type RawTensor, readRaw, writeRaw } from '../support/safetensors.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const code = (expected: string) => (error: unknown) => error instanceof ByolError && error.code === expected;

test('a loss that is not finite names the step and saves the last good state', async () => {
  await withTempDir(async (dir) => {
    const config = tinyConfig();
    const wild = { ...config, optimizer: { ...config.optimizer, baseLearningRate: 1e30 } };
    await assert.rejects(runToEnd(wild, { folder: dir }), (error: unknown) => {
      assert.ok(code('ERR_BYOL_DIVERGED')(error));
      assert.match((error as Error).message, /at step \d+/);
      return true;
    });
    const saved = readdirSync(path.join(dir, 'checkpoints')).filter((name) => name.startsWith('last-good-step-'));
    assert.equal(saved.length, 1);
    assert.ok(!existsSync(path.join(dir, 'result.json')));
  });
});

test('an existing run is refused, and other settings on resume with their difference', async () => {
  await withTempDir(async (dir) => {
    const config = tinyConfig({ epochs: 1 });
    await runToEnd(config, { folder: dir });
    const before = readFileSync(path.join(dir, 'metrics.jsonl'));
    await assert.rejects(runToEnd(config, { folder: dir }), code('ERR_BYOL_RUN_EXISTS'));
    await assert.rejects(runToEnd({ ...config, batchSize: 8 }, { folder: dir, resume: true }), (error: unknown) => {
      assert.ok(code('ERR_BYOL_CONFIG')(error));
      assert.match((error as Error).message, /batchSize: 16 -> 8/);
      return true;
    });
    assert.deepEqual(readFileSync(path.join(dir, 'metrics.jsonl')), before);
    const again = await runToEnd(config, { folder: dir, resume: true });
    assert.ok(again.events.some((event) => event.type === 'warning' && /finished/.test(event.message)));
    assert.equal(again.result.steps, 4);
  });
});

test('a batch larger than the data is refused before anything is written', async () => {
  await withTempDir(async (dir) => {
    const out = path.join(dir, 'run');
    await assert.rejects(runToEnd(tinyConfig({ batchSize: 65 }), { folder: out }), code('ERR_BYOL_DATA'));
    assert.ok(!existsSync(out));
  });
});

test('a folder with something else in it is not taken for a run', async () => {
  await withTempDir(async (dir) => {
    writeFileSync(path.join(dir, 'thesis.tex'), 'precious');
    await assert.rejects(runToEnd(tinyConfig(), { folder: dir }), code('ERR_BYOL_RUN'));
    assert.deepEqual(readdirSync(dir), ['thesis.tex']);
  });
});

test('a damaged checkpoint is named and the one before it is used', async () => {
  await withTempDir(async (dir) => {
    const config = tinyConfig({ epochs: 3 });
    await runToEnd(config, { folder: dir }, (event, stop) => {
      if (event.type === 'epoch' && event.epoch === 2) stop();
    });
    const checkpoints = path.join(dir, 'checkpoints');
    const last = readdirSync(checkpoints).sort().at(-1) as string;
    truncateSync(path.join(checkpoints, last), 1000);
    const { events, result } = await runToEnd(config, { folder: dir, resume: true });
    assert.ok(events.some((event) => event.type === 'warning' && event.message.includes(last)));
    assert.equal(result.steps, 12);
  });
});

test('one flipped byte of a checkpoint is found, wherever it is, and the one before it is used', async () => {
  await withTempDir(async (dir) => {
    const config = tinyConfig({ epochs: 3 });
    const whole = path.join(dir, 'whole');
    await runToEnd(config, { folder: whole }, (event, stop) => {
      if (event.type === 'epoch' && event.epoch === 2) stop();
    });
    const [first, last] = readdirSync(path.join(whole, 'checkpoints')).sort().slice(-2) as [string, string];
    const bytes = readFileSync(path.join(whole, 'checkpoints', last));
    const data = 8 + Number(bytes.readBigUInt64LE(0));
    const text = bytes.toString('latin1');
    const places = [
      0,
      text.indexOf('"progress"') + 30,
      text.indexOf('byol-torch.checksum') + 3,
      text.indexOf('crc32c:') + 8,
      data,
      data + 60_000,
      bytes.length - 1,
    ];
    const native = loadNative();
    native.setThreads(1);
    using learner = new native.Learner(learnerSpec(config, { device: 'cpu', precision: 'float32' }, 10));
    for (const [number, place] of places.entries()) {
      const folder = path.join(dir, `checkpoints-${number}`);
      cpSync(path.join(whole, 'checkpoints'), folder, { recursive: true });
      const flipped = Buffer.from(bytes);
      flipped[place] = (flipped[place] as number) ^ 0x10;
      writeFileSync(path.join(folder, last), flipped);
      const found = await new Checkpoints(folder, config).loadNewest(learner, 10);
      assert.equal(found && checkpointName(found.point.step), first, `byte ${place}`);
      assert.deepEqual(
        found?.damaged.map((damaged) => damaged.path),
        [path.join(folder, last)],
      );
    }
  });
});

test('a checkpoint of the version without checksums, and without top-5, is resumed', async () => {
  await withTempDir(async (dir) => {
    const config = tinyConfig({ epochs: 2 });
    await runToEnd(config, { folder: dir }, (event, stop) => {
      if (event.type === 'epoch' && event.epoch === 1) stop();
    });
    const [last] = readdirSync(path.join(dir, 'checkpoints')).sort().slice(-1) as [string];
    const file = path.join(dir, 'checkpoints', last);
    const { metadata } = readSafetensorsHeader(file);
    const { sums, ...rest } = JSON.parse(metadata['progress'] as string);
    const { probeTop5: _new, ...oldSums } = sums;
    const { 'byol-torch.checksum': _checksum, ...others } = metadata;
    writeRaw(file, readRaw(file), {
      ...others,
      version: '1',
      progress: JSON.stringify({ ...rest, sums: oldSums }),
    });
    const { result, events } = await runToEnd(config, { folder: dir, resume: true });
    assert.equal(result.steps, 8);
    assert.ok(!events.some((event) => event.type === 'warning' && event.message.includes(last)));
    assert.ok((result.metrics?.['probe/online/top5'] as number) >= (result.metrics?.['probe/online/top1'] as number));
  });
});

test('weights that are not finite are refused when they are read, not after a step', async () => {
  await withTempDir(async (dir) => {
    const config = tinyConfig({ epochs: 1 });
    await runToEnd(config, { folder: path.join(dir, 'run') });
    const file = path.join(dir, 'nan.safetensors');
    const tensors = readRaw(path.join(dir, 'run', 'encoder.safetensors'));
    const { shape, bytes } = tensors.get('conv1.weight') as RawTensor;
    tensors.set('conv1.weight', floats(shape, Array<number>(bytes.length / 4).fill(Number.NaN)));
    writeRaw(file, tensors);
    await assert.rejects(runToEnd(config, { folder: path.join(dir, 'second'), initFrom: file }), (error: unknown) => {
      assert.ok(code('ERR_BYOL_CHECKPOINT')(error));
      assert.match((error as Error).message, /nan\.safetensors.*'conv1\.weight'/);
      return true;
    });
    writeRaw(path.join(dir, 'run', 'encoder.safetensors'), tensors);
    for (const protocol of ['knn', 'linear'] as const) {
      await assert.rejects(evaluateRun({ folder: path.join(dir, 'run'), protocol }), code('ERR_BYOL_CHECKPOINT'));
    }
  });
});

test('an encoder whose features overflow has no accuracy', async () => {
  await withTempDir(async (dir) => {
    await runToEnd(tinyConfig({ epochs: 1 }), { folder: dir });
    const file = path.join(dir, 'encoder.safetensors');
    const tensors = readRaw(file);
    const { shape, bytes } = tensors.get('conv1.weight') as RawTensor;
    tensors.set('conv1.weight', floats(shape, Array<number>(bytes.length / 4).fill(3e38)));
    writeRaw(file, tensors);
    for (const protocol of ['knn', 'linear'] as const) {
      await assert.rejects(evaluateRun({ folder: dir, protocol }), (error: unknown) => {
        assert.ok(code('ERR_BYOL_NOT_FINITE')(error), String(error));
        assert.match((error as Error).message, /not finite numbers, so nothing can be measured/);
        return true;
      });
      assert.ok(!existsSync(path.join(dir, `eval-${protocol}.json`)));
    }
  });
});

test('a disk that is full while a checkpoint is written ends the run and keeps the older ones', async () => {
  await withTempDir(async (dir) => {
    const out = path.join(dir, 'run');
    const config = tinyConfig({ epochs: 2 });
    await runToEnd(config, { folder: out }, (event, stop) => {
      if (event.type === 'epoch' && event.epoch === 1) stop();
    });
    const before = readdirSync(path.join(out, 'checkpoints'));
    const script = path.join(dir, 'child.mjs');
    writeFileSync(
      script,
      `import { train } from ${JSON.stringify(path.join(root, 'dist', 'lib', 'run', 'train.js'))};
       const run = train(${JSON.stringify(config)}, { folder: ${JSON.stringify(out)}, resume: true });
       run.result.then(() => console.log('no error'), (error) => console.log(error.code, error.message));`,
    );
    // Files of at most 16 blocks: small ones can be written, a training state cannot.
    const child = spawnSync('bash', ['-c', `trap '' XFSZ; ulimit -f 16; exec "$0" "$1"`, process.execPath, script], {
      encoding: 'utf8',
    });
    assert.match(child.stdout, /ERR_BYOL_IO .*step-/, child.stdout + child.stderr);
    assert.deepEqual(readdirSync(path.join(out, 'checkpoints')), before);
    const { result } = await runToEnd(config, { folder: out, resume: true });
    assert.equal(result.steps, 8);
  });
});

test('missing and truncated CIFAR-10 files are named', async () => {
  await withTempDir(async (dir) => {
    const data = { kind: 'cifar10', path: dir, batches: [1] } as const;
    const attempt = () =>
      runToEnd(tinyConfig({ data: structuredClone(data) as never }), { folder: path.join(dir, 'run') });
    writeFileSync(path.join(dir, 'batches.meta.txt'), Array.from({ length: 10 }, (_, i) => `class ${i}\n`).join(''));
    writeFileSync(path.join(dir, 'test_batch.bin'), '');
    await assert.rejects(
      attempt(),
      (error: unknown) => code('ERR_BYOL_DATA')(error) && /data_batch_1/.test(String(error)),
    );
    for (const name of ['data_batch_1.bin', 'test_batch.bin'])
      writeFileSync(path.join(dir, name), Buffer.alloc(3073 * 2 + 5));
    await assert.rejects(
      attempt(),
      (error: unknown) => code('ERR_BYOL_DATA')(error) && /3073|30,?730,?000/.test(String(error)),
    );
  });
});

test('leaving the iteration stops the run, an abort rejects with its reason; both can be resumed', async () => {
  await withTempDir(async (dir) => {
    const config = tinyConfig({ epochs: 3 });
    const left = train(config, { folder: path.join(dir, 'left') });
    for await (const event of left) if (event.type === 'epoch') break;
    assert.equal((await left.result).interrupted, true);

    const controller = new AbortController();
    const reason = new Error('enough');
    const out = path.join(dir, 'aborted');
    mkdirSync(out);
    await assert.rejects(
      runToEnd(config, { folder: out, signal: controller.signal }, (event) => {
        if (event.type === 'epoch') controller.abort(reason);
      }),
      reason,
    );
    assert.equal((await runToEnd(config, { folder: out, resume: true })).result.steps, 12);
  });
});
