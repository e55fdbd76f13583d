import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateTextures } from '../../../lib/data/kinds/textures/generate.js';
import { type Pattern, patterns } from '../../../lib/data/kinds/textures/patterns.js';
import { renderTexture, type Surface } from '../../../lib/data/kinds/textures/render.js';
import { labelsOf } from '../../support/datasets.js';
import { correctByMeanColor } from '../../support/mean-color.js';

const options = { trainImages: 60, testImages: 20, size: 16, seed: 4 };

test('a larger set begins with the smaller one; splits and seeds give other images', async () => {
  const small = await generateTextures(options);
  const large = await generateTextures({ ...options, trainImages: 90, testImages: 5 });
  const { pixels } = small.train.source;
  assert.deepEqual(large.train.source.pixels.subarray(0, pixels.length), pixels);
  assert.deepEqual(labelsOf(large.train).subarray(0, 60), labelsOf(small.train));
  assert.notDeepEqual(pixels.subarray(0, small.test.source.pixels.length), small.test.source.pixels);
  assert.notDeepEqual(pixels, (await generateTextures({ ...options, seed: 5 })).train.source.pixels);
});

test('ten balanced classes, and mean colour does not give them away', async () => {
  const { train, classNames } = await generateTextures({ ...options, trainImages: 1500, testImages: 1 });
  assert.equal(classNames.length, 10);
  const labels = labelsOf(train);
  const counts = Array.from(classNames, (_, c) => labels.filter((label) => label === c).length);
  assert.ok(Math.min(...counts) > 100, counts.join(' '));
  const correct = correctByMeanColor(train.source.pixels, labels, options.size, classNames.length);
  assert.ok(correct < 0.2, `${correct} by colour alone`);
});

test('every pattern repeats with period 1, and no two are alike', () => {
  const points = Array.from(
    { length: 400 },
    (_, i) => [(i % 20) / 20 + 0.013, Math.floor(i / 20) / 20 + 0.007] as const,
  );
  const seen = Object.entries(patterns as Record<string, Pattern>).map(([name, pattern]) => {
    for (const [x, y] of points) {
      assert.equal(pattern(x + 1, y), pattern(x, y), `${name} across at ${x}, ${y}`);
      assert.equal(pattern(x, y - 3), pattern(x, y), `${name} down at ${x}, ${y}`);
    }
    return points.map(([x, y]) => (pattern(x, y) ? '#' : '.')).join('');
  });
  assert.equal(new Set(seen).size, seen.length);
});

test('stripes are where the surface says', () => {
  // Upright stripes of four pixels, white and black, without light or noise.
  const surface: Surface = {
    figure: [1, 1, 1],
    ground: [0, 0, 0],
    period: 0.5,
    rotation: 0,
    aspect: 1,
    shift: [0, 0],
    light: { strength: 0, angle: 0 },
    noise: 0,
    noiseSeed: 1,
  };
  const out = new Uint8Array(16 * 16 * 3);
  renderTexture(surface, patterns.stripes, 16, out, 0);
  const row = Array.from({ length: 16 }, (_, x) => out[(5 * 16 + x) * 3]);
  assert.deepEqual(row, [...Array(4).fill(255), ...Array(4).fill(0), ...Array(4).fill(255), ...Array(4).fill(0)]);
});
