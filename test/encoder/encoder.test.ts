/** Encoder: what goes in and comes out, on a network whose features are worked out by hand. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Encoder, type RepresentationBatch } from '../../lib/encoder/encoder.js';
import type { ImageInput } from '../../lib/encoder/image-inputs.js';
import { encodePng } from '../../lib/report/png.js';
import { withTempDir } from '../support/paths.js';
import { turnsDuring } from '../support/turns.js';
import { colourOptions, framed, plain, writeBytes, writeColourMeans } from './tiny-encoders.js';

/** R, G, B and their half sum, as the network has them. */
const expected = (r: number, g: number, b: number): number[] => [r / 255, g / 255, b / 255, (r + g) / 510];

function assertRows(actual: Float32Array, rows: readonly number[][], tolerance = 1e-6): void {
  assert.equal(actual.length, 4 * rows.length);
  for (const [i, value] of rows.flat().entries()) {
    assert.ok(Math.abs((actual[i] as number) - value) <= tolerance, `row ${i >> 2}: ${actual[i]}, expected ${value}`);
  }
}

async function withEncoder<T>(
  body: (encoder: Encoder, dir: string) => Promise<T>,
  changes: Parameters<typeof Encoder.load>[1] = {},
): Promise<T> {
  return withTempDir(async (dir) => {
    const file = path.join(dir, 'colours.safetensors');
    writeColourMeans(file);
    await using encoder = await Encoder.load(file, { ...colourOptions, ...changes });
    return await body(encoder, dir);
  });
}

test('paths, bytes and pixels, one or many, give one row each, in order', () =>
  withEncoder(async (encoder, dir) => {
    const red = plain(8, [200, 10, 30]);
    const blue = plain(8, [0, 51, 255]);
    const inputs: ImageInput[] = [writeBytes(path.join(dir, 'red.png'), encodePng(red)), encodePng(blue), red, blue];
    const { data, count, dimension } = await encoder.embed(inputs);
    assert.deepEqual([count, dimension, encoder.features, encoder.inputSize], [4, 4, 4, 8]);
    const [first, second] = [expected(200, 10, 30), expected(0, 51, 255)];
    assertRows(data, [first, second, first, second]);
    for (const input of inputs.slice(0, 2)) assert.equal((await encoder.embed(input)).count, 1);
    assertRows((await encoder.embed(red)).data, [first]);
    assert.deepEqual(await encoder.embed([]), { data: new Float32Array(0), count: 0, dimension: 4 });
    assert.deepEqual(
      [encoder.architecture, encoder.device, encoder.precision],
      ['basic [1] width 4 small stem', 'cpu', 'float32'],
    );
  }));

test('of each image the official centre is seen, whatever its size, and one of the input size whole', () =>
  withEncoder(async (encoder) => {
    const white = [255, 255, 255] as const;
    const grey = [102, 51, 153] as const;
    // Sides of floor(0.875 * shorter side), from floor((length - side + 1) / 2) on.
    const images = [
      framed({ width: 16, height: 16 }, { top: 1, left: 1, height: 14, width: 14 }, grey, white),
      framed({ width: 13, height: 20 }, { top: 5, left: 1, height: 11, width: 11 }, grey, white),
      framed({ width: 40, height: 9 }, { top: 1, left: 17, height: 7, width: 7 }, grey, white),
      framed({ width: 3, height: 5 }, { top: 2, left: 1, height: 2, width: 2 }, grey, white),
    ];
    const { data } = await encoder.embed(images);
    assertRows(
      data,
      images.map(() => expected(...grey)),
    );
    // A frame of one pixel of the 64: all of it counts.
    const whole = framed({ width: 8, height: 8 }, { top: 1, left: 1, height: 6, width: 6 }, [0, 0, 0], white);
    assertRows((await encoder.embed(whole)).data, [new Array<number>(4).fill(28 / 64)]);
  }));

test("with torchvision's transform its crop is seen of the image as it resizes it", () =>
  withEncoder(
    async (encoder) => {
      const white = [255, 255, 255] as const;
      const grey = [102, 51, 153] as const;
      // The shorter side becomes 9 pixels, 256 / 224 of 8, which these have already: 8 of them are seen, from the even half on.
      const images = [
        framed({ width: 9, height: 9 }, { top: 0, left: 0, height: 8, width: 8 }, grey, white),
        framed({ width: 9, height: 20 }, { top: 6, left: 0, height: 8, width: 8 }, grey, white),
        framed({ width: 13, height: 9 }, { top: 0, left: 2, height: 8, width: 8 }, grey, white),
        framed({ width: 8, height: 8 }, { top: 0, left: 0, height: 8, width: 8 }, grey, white),
      ];
      const { data } = await encoder.embed(images);
      assertRows(
        data,
        images.map(() => expected(...grey)),
      );
    },
    { transform: 'torchvision' },
  ));

test('a ramp is resampled where the centre lies', () =>
  withEncoder(async (encoder) => {
    // Red rises by 10 a column; columns 1 to 14 of 16 are seen, whose mean is 75. Bicubic keeps a straight line as it is but for
    // the ends, where it is held, the same on both sides.
    const pixels = new Uint8Array(16 * 16 * 3);
    for (let at = 0; at < 256; at += 1) pixels[3 * at] = 10 * (at % 16);
    const { data } = await encoder.embed({ pixels, width: 16, height: 16 });
    assertRows(data, [[75 / 255, 0, 0, 37.5 / 255]], 1e-4);
  }));

test('colours are normalised with the mean and the standard deviation', () =>
  withEncoder(
    async (encoder) => {
      const { data } = await encoder.embed(plain(8, [255, 51, 102]));
      // (1 - 0.5) / 0.25, (0.2 - 0.1) / 0.5, (0.4 - 0.6) / 0.1, which is below 0.
      assertRows(data, [[2, 0.2, 0, 1.1]]);
    },
    { mean: [0.5, 0.1, 0.6], std: [0.25, 0.5, 0.1] },
  ));

describe('embedAll', () => {
  const colours = Array.from({ length: 7 }, (_, i) => plain(8, [i, 2 * i, 3 * i]));

  test('yields batches in order, of iterables and of what comes in time', () =>
    withEncoder(
      async (encoder) => {
        async function* slowly(): AsyncGenerator<ImageInput> {
          for (const colour of colours) {
            await setTimeout(1);
            yield colour;
          }
        }
        for (const source of [colours, new Set(colours), slowly()]) {
          const batches: RepresentationBatch[] = [];
          for await (const batch of encoder.embedAll(source)) batches.push(batch);
          assert.deepEqual(
            batches.map(({ indices }) => [...indices]),
            [[0, 1, 2], [3, 4, 5], [6]],
          );
          assert.deepEqual(
            batches.map(({ count, dimension }) => [count, dimension]),
            [
              [3, 4],
              [3, 4],
              [1, 4],
            ],
          );
          for (const { data, indices } of batches)
            assertRows(
              data,
              [...indices].map((i) => expected(i, 2 * i, 3 * i)),
            );
        }
      },
      { batchSize: 3 },
    ));

  test('takes no more than a few batches ahead of whoever asks', () =>
    withEncoder(
      async (encoder) => {
        let taken = 0;
        let done = 0;
        function* many(): Generator<ImageInput> {
          for (; taken < 400; ) {
            taken += 1;
            yield colours[0] as ImageInput;
          }
        }
        for await (const { count } of encoder.embedAll(many())) {
          done += count;
          // Three batches on their way, the next one, and what is decoded ahead.
          assert.ok(taken - done <= 4 * 5 + 10, `${taken - done} images ahead`);
          if (done >= 200) break;
        }
        await setTimeout(20);
        assert.ok(taken < 240, `${taken} images were taken after the loop was left`);
      },
      { batchSize: 5 },
    ));

  test('refuses what only looks like a list of images', () =>
    withEncoder(async (encoder) => {
      for (const wrong of ['photos', new Uint8Array(3), null, { length: 1 }, colours[0]]) {
        assert.throws(() => encoder.embedAll(wrong as Iterable<ImageInput>), {
          code: 'ERR_BYOL_USAGE',
          message: /images must be/,
        });
      }
      assert.throws(() => encoder.embedAll([], { onbroken: () => {} } as object), {
        code: 'ERR_BYOL_USAGE',
        message: /did you mean 'onBroken'/,
      });
    }));

  test('stops at a signal, with its reason', () =>
    withEncoder(
      async (encoder) => {
        const reason = new Error('enough');
        const abort = new AbortController();
        const loop = async () => {
          for await (const { indices } of encoder.embedAll(colours, { signal: abort.signal })) {
            if (indices[0] === 2) abort.abort(reason);
          }
        };
        await assert.rejects(loop(), reason);
        await assert.rejects(encoder.embed(colours, { signal: AbortSignal.abort(reason) }), reason);
      },
      { batchSize: 2 },
    ));
});

describe('broken images', () => {
  const good = plain(8, [9, 9, 9]);

  test('end it with their number and file, or are left out where somebody listens', () =>
    withEncoder(async (encoder, dir) => {
      const half = encodePng(plain(64, [1, 2, 3]));
      const broken = writeBytes(path.join(dir, 'half.png'), half.subarray(0, half.length - 30));
      const inputs = [good, broken, good, path.join(dir, 'none.png'), new Uint8Array([1, 2]), good];
      await assert.rejects(encoder.embed(inputs), {
        code: 'ERR_BYOL_IMAGE',
        message: new RegExp(`^Image 1 \\(${broken}\\) cannot be decoded: `),
      });
      const told: Array<readonly [number, string]> = [];
      const rows: number[] = [];
      for await (const { data, indices } of encoder.embedAll(inputs, {
        onBroken: ({ code }, index) => void told.push([index, code]),
      })) {
        rows.push(...indices);
        assertRows(
          data,
          [...indices].map(() => expected(9, 9, 9)),
        );
      }
      assert.deepEqual(rows, [0, 2, 5]);
      assert.deepEqual(
        told,
        [1, 3, 4].map((index) => [index, 'ERR_BYOL_IMAGE']),
      );
    }));

  test('are not what is no image at all', () =>
    withEncoder(async (encoder) => {
      const wrong: ReadonlyArray<readonly [unknown, RegExp]> = [
        [7, /Image 1 must be a path, the bytes of an image file, or \{ pixels, width, height \}/],
        [{ pixels: new Uint8Array(11), width: 2, height: 2 }, /width x height x 3 bytes, got 2 x 2 and 11 bytes/],
        [{ pixels: [1, 2, 3], width: 1, height: 1 }, /no Uint8Array/],
        [{ pixels: new Uint8Array(0), width: 0, height: 3 }, /got 0 x 3/],
      ];
      for (const [input, message] of wrong) {
        const all = async () => {
          for await (const _ of encoder.embedAll([good, input as ImageInput], { onBroken: () => assert.fail() }));
        };
        await assert.rejects(all(), { code: 'ERR_BYOL_USAGE', message });
      }
    }));

  test('are those with more pixels than asked for', () =>
    withEncoder(
      (encoder) =>
        assert.rejects(encoder.embed(encodePng(plain(8, [1, 1, 1]))), {
          code: 'ERR_BYOL_IMAGE',
          message: /more than 63 pixels/,
        }),
      { maxPixels: 63 },
    ));
});

describe('disposed of', () => {
  const image = plain(8, [40, 50, 60]);

  test('it finishes what it has begun and refuses the rest; twice is once', () =>
    withEncoder(
      async (encoder) => {
        const going = encoder.embed([image]);
        const loop = encoder.embedAll(Array.from({ length: 100 }, () => image));
        await loop.next();
        const first = encoder.dispose();
        assert.equal(encoder.dispose(), first);
        // Whatever had gone in came out; the rest is refused.
        await going.then(
          ({ data }) => assertRows(data, [expected(40, 50, 60)]),
          ({ code }) => assert.equal(code, 'ERR_BYOL_DISPOSED'),
        );
        await first;
        await assert.rejects(
          async () => {
            for await (const _ of loop);
          },
          { code: 'ERR_BYOL_DISPOSED' },
        );
        await assert.rejects(encoder.embed(image), { code: 'ERR_BYOL_DISPOSED' });
        assert.throws(() => encoder.embedAll([image]), { code: 'ERR_BYOL_DISPOSED' });
        await encoder.dispose();
      },
      { batchSize: 1 },
    ));

  test('a loop that nobody goes on with does not hold it up', () =>
    withEncoder(
      async (encoder) => {
        const loop = encoder.embedAll(Array.from({ length: 50 }, () => image));
        await loop.next();
        await encoder.dispose();
        await loop.return();
      },
      { batchSize: 1 },
    ));
});

describe('beside it', () => {
  let files: ImageInput[];
  before(() => {
    files = Array.from({ length: 24 }, (_, i) => encodePng(plain(400, [i, i, i])));
  });
  after(() => {
    files = [];
  });

  test('the event loop keeps turning', () =>
    withEncoder(async (encoder) => {
      const turns = await turnsDuring(() => encoder.embed(files));
      assert.ok(turns >= 24, `${turns} turns`);
    }));
});
