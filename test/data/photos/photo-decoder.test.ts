import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NativeDecodePool } from '../../../lib/binding/native.js';
import type { FilesSource } from '../../../lib/data/dataset.js';
import { PhotoDecoder } from '../../../lib/data/photos/photo-decoder.js';

/** As on a network folder that stalls: what is asked of it never comes. */
class StalledPool implements NativeDecodePool {
  decode(): Promise<never> {
    return new Promise(() => {});
  }
  readPixels(): Promise<never> {
    return this.decode();
  }
  resize(): Promise<never> {
    return this.decode();
  }
  dispose(): void {}
  [Symbol.dispose](): void {}
}

const source: FilesSource = {
  kind: 'files',
  heights: 20,
  widths: 30,
  brokenLimit: 1,
  read: () => new Promise(() => {}),
  place: () => ({ path: Buffer.from('/net/x.jpg'), offset: 0, length: 10 }),
  location: (image) => `/net/${image}.jpg`,
  format: () => 'jpeg',
  orientation: () => 1,
};
const request = { indices: Int32Array.of(7, 8, 9), boxes: [new Int32Array(12).fill(1)], shrinkTo: null };

test('photos that never come end the waiting, by name, with what to do', async () => {
  const decoder = new PhotoDecoder({ DecodePool: StalledPool }, 1, 0.05);
  await assert.rejects(decoder.decode(source, request), {
    code: 'ERR_BYOL_DATA',
    message: '/net/7.jpg and 2 more did not come for 0.05 seconds.',
    hint: /network folder/,
  });
  decoder.dispose();
});
