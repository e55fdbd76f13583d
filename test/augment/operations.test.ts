import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { officialViews, type Pipeline } from '../../lib/augment/pipeline.js';

import { assertMean, assertProbability, assertUniform, draw, many, SIGMAS, values } from './drawn-numbers.js';

describe('probabilities', () => {
  const [first, second] = officialViews;
  for (const [name, pipeline, view, blur, solarize] of [
    ['view 1', first, 0, 1, 0],
    ['view 2', second, 1, 0.1, 0.2],
  ] as const) {
    test(name, () => {
      const plan = draw(pipeline, { view });
      const jittered = values(plan, 'jitterOrder').map((order) => (order >= 0 ? 1 : 0));
      const gray = values(plan, 'grayscale');
      assertProbability(values(plan, 'flip'), 0.5, 'flip');
      assertProbability(jittered, 0.8, 'jitter');
      assertProbability(gray, 0.2, 'grayscale');
      assertProbability(
        jittered.map((x, i) => x * (gray[i] as number)),
        0.16,
        'jitter and grayscale, independent coins',
      );
      assertProbability(
        values(plan, 'blurSigma').map((sigma) => (sigma > 0 ? 1 : 0)),
        blur,
        'blur',
      );
      assertProbability(values(plan, 'solarize'), solarize, 'solarize');
      assertUniform(
        values(plan, 'blurSigma').filter((sigma) => sigma > 0),
        0.1,
        2,
        'sigma',
      );
    });
  }
});

describe('random crop', () => {
  const crop = (options: object): Pipeline => [
    { kind: 'randomResizedCrop', area: [0.08, 1], aspect: [3 / 4, 4 / 3], sampling: 'official', ...options },
  ];
  const sizes = { heights: 375, widths: 500 };

  function boxes(plan: Float32Array): { top: number; left: number; height: number; width: number }[] {
    const [top, left, height, width] = (['cropTop', 'cropLeft', 'cropHeight', 'cropWidth'] as const).map((name) =>
      values(plan, name),
    ) as [number[], number[], number[], number[]];
    return top.map((_, i) => ({
      top: top[i] as number,
      left: left[i] as number,
      height: height[i] as number,
      width: width[i] as number,
    }));
  }

  for (const sampling of ['official', 'torchvision'] as const) {
    test(`${sampling}: boxes of whole pixels inside the image, at any place`, () => {
      const drawn = boxes(draw(crop({ sampling }), sizes));
      for (const { top, left, height, width } of drawn) {
        assert.ok([top, left, height, width].every(Number.isInteger));
        assert.ok(top >= 0 && left >= 0 && height >= 1 && width >= 1 && top + height <= 375 && left + width <= 500);
      }
      // Offsets are uniform integers over 0..room.
      const places = drawn
        .filter(({ height }) => height < 375)
        .map(({ top, height }) => (top + 0.5) / (375 - height + 1));
      assertUniform(places, 0, 1, 'top');
      const across = drawn
        .filter(({ width }) => width < 500)
        .map(({ left, width }) => (left + 0.5) / (500 - width + 1));
      assertUniform(across, 0, 1, 'left');
      assert.ok(drawn.some(({ top, height }) => top + height === 375) && drawn.some(({ left }) => left === 0));
    });

    test(`${sampling}: area uniform, aspect log-uniform where the image does not limit them`, () => {
      const side = 10_000;
      const drawn = boxes(draw(crop({ sampling, area: [0.08, 0.5] }), { heights: side, widths: side }));
      const rounding = 1e-3;
      assertUniform(
        drawn.map(({ height, width }) => (height * width) / side ** 2),
        0.08,
        0.5,
        'area',
        rounding,
      );
      const limit = Math.log(4 / 3);
      assertUniform(
        drawn.map(({ height, width }) => Math.log(width / height)),
        -limit,
        limit,
        'log aspect',
        rounding,
      );
    });
  }

  test('official: one draw, sides cut to the image', () => {
    // The mean area by integrating over the two uniform numbers instead of drawing them.
    let expected = 0;
    let square = 0;
    const steps = 400;
    for (let i = 0; i < steps; i += 1) {
      for (let j = 0; j < steps; j += 1) {
        const area = (0.08 + (0.92 * (i + 0.5)) / steps) * 375 * 500;
        const aspect = (3 / 4) ** (1 - (2 * (j + 0.5)) / steps);
        const part = (Math.min(500, Math.sqrt(area * aspect)) * Math.min(375, Math.sqrt(area / aspect))) / (375 * 500);
        expected += part / steps ** 2;
        square += part ** 2 / steps ** 2;
      }
    }
    const drawn = boxes(draw(crop({}), sizes)).map(({ height, width }) => (height * width) / (375 * 500));
    assertMean(drawn, expected, Math.sqrt(square - expected ** 2), 'area');
    const wide = boxes(draw(crop({ area: [1, 1], aspect: [4, 4] }), sizes));
    assert.ok(wide.every(({ height, width, left }) => height === 217 && width === 500 && left === 0));
  });

  test('torchvision: the aspect ratio stays in its range', () => {
    for (const { height, width } of boxes(draw(crop({ sampling: 'torchvision' }), sizes))) {
      const slack = 1 / Math.min(height, width);
      assert.ok(width / height < 4 / 3 + 2 * slack && width / height > 3 / 4 - 2 * slack);
    }
  });

  test('torchvision: the central crop where no draw fits', () => {
    const pipeline = crop({ sampling: 'torchvision', area: [0.9, 1] });
    const expected = (height: number, width: number, box: object): void => {
      const options = { heights: height, widths: width, samples: [1, 2, 3] };
      for (const drawn of boxes(draw(pipeline, options))) assert.deepEqual(drawn, box);
    };
    expected(10, 1000, { top: 0, left: 493, height: 10, width: 13 });
    expected(1000, 10, { top: 493, left: 0, height: 13, width: 10 });
  });

  test('tiny images', () => {
    const drawn = boxes(draw(crop({}), { heights: 1, widths: 2 }));
    assert.ok(drawn.every(({ height, width }) => height === 1 && (width === 1 || width === 2)));
    assert.equal(new Set(drawn.map(({ left, width }) => `${left} ${width}`)).size, 3);
  });
});

describe('colour jitter', () => {
  const jitter: Pipeline = [{ kind: 'colorJitter', p: 1, brightness: 0.4, contrast: 0.3, saturation: 0.2, hue: 0.1 }];

  test('official: brightness is an offset, the others as in the paper', () => {
    const plan = draw(jitter);
    assertUniform(values(plan, 'brightness'), -0.4, 0.4, 'brightness');
    assertUniform(values(plan, 'contrast'), 0.7, 1.3, 'contrast');
    assertUniform(values(plan, 'saturation'), 0.8, 1.2, 'saturation');
    assertUniform(values(plan, 'hue'), -0.1, 0.1, 'hue');
  });

  test('torchvision: brightness is a factor, made of the same draw', () => {
    const official = draw(jitter);
    const torchvision = draw(jitter, { jitter: 'torchvision' });
    const offsets = values(official, 'brightness');
    for (const [i, factor] of values(torchvision, 'brightness').entries()) {
      assert.ok(Math.abs(factor - 1 - (offsets[i] as number)) < 1e-6);
    }
    assert.deepEqual(values(torchvision, 'hue'), values(official, 'hue'));
  });

  test('all 24 orders are equally likely', () => {
    const counts = new Array<number>(24).fill(0);
    for (const order of values(draw(jitter), 'jitterOrder')) counts[order] = (counts[order] as number) + 1;
    for (const count of counts) {
      const sigma = Math.sqrt((many / 24) * (23 / 24));
      assert.ok(Math.abs(count - many / 24) < SIGMAS * sigma, `${counts}`);
    }
  });
});
