/** Whole networks as Python's libraries write them, on real images, where both are there. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { decodeImage, type Pixels } from '../../lib/data/decode-image.js';
import { Encoder } from '../../lib/encoder/encoder.js';
import { torchvisionWeights } from '../../lib/export/encoder-description.js';
import { root, sharedData, withTempDir } from '../support/paths.js';
import { findPython, runPython } from '../support/python.js';

interface Written {
  readonly features: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly missing: readonly string[];
}

const SIDE = 224;
/** Of ten classes. */
const PHOTOS_PER_CLASS = 2;
const photos = sharedData('imagenette2-224');
const python = findPython('torch');
const skip = typeof python === 'string' ? python : photos === undefined && 'needs ../shared/data/imagenette2-224';

/** The square in the middle of a photo. */
function middle({ pixels, width, height }: Pixels): Pixels {
  const out = new Uint8Array(SIDE * SIDE * 3);
  const [left, top] = [(width - SIDE) >> 1, (height - SIDE) >> 1];
  for (let row = 0; row < SIDE; row += 1) {
    const from = ((top + row) * width + left) * 3;
    out.set(pixels.subarray(from, from + SIDE * 3), row * SIDE * 3);
  }
  return { pixels: out, width: SIDE, height: SIDE };
}

test('features of photos are within 1e-4 of what torchvision, timm and transformers find', { skip }, (context) =>
  withTempDir(async (dir) => {
    if (typeof python === 'string' || photos === undefined) return;
    const folder = path.join(photos, 'val');
    const files = readdirSync(folder).flatMap((name) =>
      readdirSync(path.join(folder, name))
        .slice(0, PHOTOS_PER_CLASS)
        .map((file) => path.join(folder, name, file)),
    );
    assert.equal(files.length, 20);
    const images = await Promise.all(
      files.map(async (file) => middle(await decodeImage(file, { name: file, maxPixels: 1e8 }))),
    );
    const raw = path.join(dir, 'images');
    writeFileSync(raw, Buffer.concat(images.map(({ pixels }) => pixels)));
    const script = path.join(root, 'test/python/write_models.py');
    const { features, missing } = JSON.parse(
      runPython(python, script, dir, raw, String(images.length), String(SIDE)),
    ) as Written;
    if (missing.length > 0) context.diagnostic(`not there: ${missing.join(', ')}`);
    for (const [file, rows] of Object.entries(features)) {
      const options = { ...torchvisionWeights, device: 'cpu', precision: 'float32', threads: 1 } as const;
      await using encoder = await Encoder.load(path.join(dir, file), options);
      const { data } = await encoder.embed(images);
      const expected = rows.flat();
      assert.equal(data.length, expected.length, file);
      const largest = Math.max(...expected);
      const difference = Math.max(...expected.map((value, i) => Math.abs(value - (data[i] as number)))) / largest;
      context.diagnostic(`${file}: ${difference.toExponential(1)} of the largest feature, ${largest.toFixed(2)}`);
      assert.ok(difference < 1e-4, `${file}: ${difference}`);
    }
  }),
);
