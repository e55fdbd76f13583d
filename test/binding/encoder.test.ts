/** The native encoder alone against a learner's online encoder: the same code, so the same bits. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type {
  LearnerSpec,
  NativeEncoder,
  NativeEncoderSpec,
  NativeLearner,
  NormKind,
  NormSpec,
} from '../../lib/binding/native.js';
import { withTempDir } from '../support/paths.js';
import { embedInput, encoderSpec, learnerSpec, makeImages, nativeOnOneThread, stepInput } from './small.js';

const native = nativeOnOneThread();
const rows = 8;
const images = makeImages(native, rows);

async function features(
  network: Pick<NativeLearner, 'features' | 'embed'>,
  statistics: 'running' | 'batch',
): Promise<Float32Array> {
  using bank = new native.FeatureBank(rows, network.features, 'cpu');
  await network.embed({ ...embedInput(images, bank, rows), statistics });
  return bank.read(0, rows);
}

const norms: NormSpec[] = [
  learnerSpec.norm,
  { ...learnerSpec.norm, encoder: 'group', groups: 2, weightStandardization: true },
  { ...learnerSpec.norm, encoder: 'affine', projector: 'affine', predictor: 'affine' },
  { ...learnerSpec.norm, encoder: 'none' },
];

for (const norm of norms) {
  for (const precision of ['float32', 'bfloat16'] as const) {
    test(`norm ${norm.encoder}, ${precision}: what a learner's online encoder computes`, async () => {
      const spec: LearnerSpec = { ...learnerSpec, norm, precision };
      const alone: NativeEncoderSpec = { ...encoderSpec, norm, precision };
      using learner = new native.Learner(spec);
      using fresh = new native.Encoder(alone);
      assert.deepEqual([fresh.features, fresh.parameters], [learner.features, learner.encoderParameters]);
      assert.deepEqual(await features(fresh, 'batch'), await features(learner, 'batch'));

      for (let step = 0; step < 2; step += 1) await learner.step(stepInput(images, rows));
      const expected = await features(learner, 'running');
      await withTempDir(async (dir) => {
        const [state, file] = [path.join(dir, 'state.safetensors'), path.join(dir, 'encoder.safetensors')];
        await learner.save(state, { from: 'a state' });
        await learner.exportEncoder(file, { from: 'a file' });
        for (const [weights, from] of [
          [state, 'a state'],
          [file, 'a file'],
        ] as const) {
          using encoder = new native.Encoder({ ...alone, seed: 99 });
          assert.equal((await encoder.loadWeights(weights))['from'], from);
          using other = new native.Learner({ ...spec, seed: 98 });
          await other.loadWeights(weights);
          assert.deepEqual(await features(encoder, 'running'), await features(other, 'running'));
          if (weights === state) assert.deepEqual(await features(encoder, 'running'), expected);
        }
      });
    });
  }
}

test('weights of another network are refused by name and file, and change nothing', async () => {
  await withTempDir(async (dir) => {
    const state = path.join(dir, 'state.safetensors');
    const other = async (change: Partial<LearnerSpec>): Promise<void> => {
      using learner = new native.Learner({ ...learnerSpec, ...change });
      await learner.step(stepInput(images, rows));
      await learner.save(state, {});
    };
    using encoder: NativeEncoder & Disposable = new native.Encoder(encoderSpec);
    const before = await features(encoder, 'batch');
    const { encoder: small } = learnerSpec;
    const cases: Array<[Partial<LearnerSpec>, RegExp]> = [
      [{ encoder: { ...small, width: 8 } }, /'online\.encoder\.\S+' has shape/],
      [
        { encoder: { ...small, blocks: [1, 2] } },
        /has a tensor 'online\.encoder\.layer2\.1\.\S+' that this network does/,
      ],
      [{ encoder: { ...small, blocks: [1] } }, /lacks the tensor 'online\.encoder\.layer2\.0/],
    ];
    for (const [change, words] of cases) {
      await other(change);
      await assert.rejects(encoder.loadWeights(state), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_BYOL_CHECKPOINT');
        assert.match(error.message, words);
        assert.ok(error.message.includes(state), error.message);
        return true;
      });
    }
    assert.deepEqual(await features(encoder, 'batch'), before);
    await assert.rejects(encoder.loadWeights(path.join(dir, 'nowhere')), { code: 'ERR_BYOL_IO' });
  });
});

test('an encoder that was never trained has no running statistics', async () => {
  using encoder = new native.Encoder(encoderSpec);
  await assert.rejects(features(encoder, 'running'), { code: 'ERR_BYOL_VALUE', message: /never trained/ });
  const kinds: NormKind[] = ['group', 'layer', 'none'];
  for (const kind of kinds) {
    using without = new native.Encoder({ ...encoderSpec, norm: { ...encoderSpec.norm, encoder: kind, groups: 2 } });
    assert.deepEqual(await features(without, 'running'), await features(without, 'batch'));
  }
});

test('after its disposal, what is queued is still done', async () => {
  const encoder = new native.Encoder(encoderSpec);
  const queued = features(encoder, 'batch');
  encoder.dispose();
  assert.equal((await queued).length, rows * 8);
  assert.throws(() => encoder.features, { code: 'ERR_BYOL_DISPOSED' });
  assert.throws(() => encoder.loadWeights('nowhere'), { code: 'ERR_BYOL_DISPOSED' });
});
