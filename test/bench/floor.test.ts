import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encoderTraffic, stepFloor } from '../../lib/bench/floor.js';
import { loadNative } from '../../lib/binding/load.js';
import { presets } from '../../lib/config/presets/index.js';
import { learnerSpec } from '../../lib/methods/learner-spec.js';

const place = { device: 'cpu', precision: 'bfloat16' } as const;
const resnet18 = learnerSpec(presets.cifar10, place, 10);
const resnet50 = learnerSpec(presets['imagenet-100'], place, 10);

/** Weights of the convolutions of torchvision's ResNets: all parameters but those of the norms and the classifier. */
const published = { resnet18: 11_689_512 - 9_600 - 513_000, resnet50: 25_557_032 - 53_120 - 2_049_000 };

test('the layers are those of the published networks', () => {
  const imagenet = (encoder: typeof resnet50.encoder) => encoderTraffic({ ...encoder, shortcut: 'torchvision' }, 224);
  assert.equal(imagenet({ ...resnet18.encoder, stem: 'imagenet' }).parameters, published.resnet18);
  assert.equal(imagenet(resnet50.encoder).parameters, published.resnet50);
  // fvcore's activation count of ResNet-50 at 224 pixels: 11.11 million outputs of convolutions (1,000 more are the classifier's).
  assert.equal(imagenet(resnet50.encoder).outputs, 11_113_984);
});

test('a network of one block is counted by hand', () => {
  const encoder = { ...resnet18.encoder, blocks: [1], width: 2 };
  // 4 x 4 pixels: the stem 3 -> 2 channels, two convolutions 2 -> 2, the second one with a residual.
  const [image, map] = [48, 32];
  assert.deepEqual(encoderTraffic(encoder, 4), {
    convolutions: { forward: image + map + 2 * (map + map), backward: map + image + 2 * 4 * map },
    norms: { forward: 2 * map + 2 * map + 3 * map, backward: 3 * map + 3 * map + 4 * map },
    outputs: 3 * map,
    parameters: 9 * (3 * 2 + 2 * 2 + 2 * 2),
  });
});

test('the floor of a step is the time of its operations or bytes, whichever is longer, and of what lies between', () => {
  const flop = 256 * loadNative().learnerFlops(resnet18, 32, 32).step;
  const size = { spec: resnet18, size: 32, batch: 256, flop, parameters: 13e6 };
  const rates = { matrix: 8e14, copy: 3e12 };
  const floor = stepFloor(size, rates);
  assert.equal(floor.matrices, flop / rates.matrix);
  assert.equal(floor.update, (36 * 13e6) / rates.copy);
  assert.equal(floor.total, floor.matrices + floor.norms + floor.update);
  // Four passes forward and two backward over 256 images in two bytes.
  const { convolutions, norms } = encoderTraffic(resnet18.encoder, 32);
  assert.equal(floor.norms, (256 * 2 * (4 * norms.forward + 2 * norms.backward)) / rates.copy);
  const bound = stepFloor(size, { ...rates, matrix: 1e18 });
  assert.equal(bound.matrices, (256 * 2 * (4 * convolutions.forward + 2 * convolutions.backward)) / rates.copy);
  const alone = { ...resnet18, objective: { ...resnet18.objective, target: 'stop-gradient' } } as const;
  const stopped = stepFloor({ ...size, spec: alone }, rates);
  assert.ok(
    Math.abs(
      stopped.norms / floor.norms - (2 * norms.forward + 2 * norms.backward) / (4 * norms.forward + 2 * norms.backward),
    ) < 1e-12,
  );
});
