import assert from 'node:assert/strict';
import { test } from 'node:test';
import { datasetFromArrays } from '../../lib/data/from-arrays.js';
import { datasetFromIterable, type GivenImage, type GivenImages } from '../../lib/data/from-iterable.js';

const image = (height: number, width: number, value: number, label?: GivenImage['label']): GivenImage => ({
  pixels: new Uint8Array(height * width * 3).fill(value),
  height,
  width,
  ...(label !== undefined && { label }),
});

/** From a file or a network, into one buffer that is used again. */
async function* later(images: readonly GivenImage[]): AsyncGenerator<GivenImage> {
  const buffer = new Uint8Array(64);
  for (const { pixels, ...rest } of images) {
    await new Promise((resolve) => setImmediate(resolve));
    buffer.set(pixels);
    yield { ...rest, pixels: buffer.subarray(0, pixels.length) };
  }
}

test('images that come one by one are the same as in arrays', async () => {
  const train = [image(1, 2, 7, 1), image(2, 2, 8), image(3, 1, 9, 0)];
  const held = [image(2, 1, 5, 1)];
  const expected = datasetFromArrays({
    pixels: Uint8Array.from([...new Array(6).fill(7), ...new Array(12).fill(8), ...new Array(9).fill(9)]),
    heights: [1, 2, 3],
    widths: [2, 2, 1],
    labels: [1, -1, 0],
    test: { pixels: new Uint8Array(6).fill(5), heights: [2], widths: [1], labels: [1] },
    classNames: ['a', 'b'],
    name: 'mine',
  });
  const names = { classNames: ['a', 'b'], name: 'mine' };
  assert.deepEqual(await datasetFromIterable(later(train), { ...names, test: later(held) }), expected);
  assert.deepEqual(await datasetFromIterable(train, { ...names, test: held }), expected);
});

test('several labels each, or none', async () => {
  const several = await datasetFromIterable([image(1, 1, 0, [1]), image(1, 1, 0), image(1, 1, 0, [0, 2])]);
  assert.deepEqual(several.train.targets, {
    kind: 'labels',
    labels: Int32Array.of(1, 0, 2),
    offsets: Int32Array.of(0, 1, 1, 3),
  });
  assert.equal((await datasetFromIterable([image(1, 1, 0)])).train.targets, null);
});

test('an image that is wrong is named, with its place', async () => {
  const refused = (images: unknown, code: string, message: RegExp) =>
    assert.rejects(datasetFromIterable(images as GivenImages), { code, message });
  const good = image(2, 2, 1);
  const data = 'ERR_BYOL_DATA';
  await refused([good, { ...good, width: 3 }], data, /training images: image 1 must have 2 x 3 x 3 bytes, got 12/);
  await refused([good, null], data, /image 1 must have pixels, a Uint8Array/);
  await refused([{ ...good, pixels: [1, 2] }], data, /image 0 must have pixels, a Uint8Array/);
  await refused([], data, /training images: there must be at least one, got 0/);
  await refused([image(1, 1, 0, 1), image(1, 1, 0, [1])], data, /some labels are a number and some a list/);
  await refused(7, 'ERR_BYOL_USAGE', /images must be a list, an iterable or an async iterable of images, got 7/);
  await assert.rejects(datasetFromIterable([good], { test: [{ ...good, height: 1 }] }), {
    code: data,
    message: /test images: image 0 must have 1 x 2 x 3 bytes/,
  });
  const failing = (async function* () {
    yield good;
    throw new Error('the network is down');
  })();
  await assert.rejects(datasetFromIterable(failing), /the network is down/);
});
