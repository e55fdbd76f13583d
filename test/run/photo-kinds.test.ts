/** The same photos as a folder, a list, tar shards and Parquet files: the same training, whatever they lie in, and wherever it was stopped. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import { bits } from '../support/bits.js';
import { blocks, type ImageRow, writeImageParquet } from '../support/parquet.js';
import { withPhotoFolder, writeFiles } from '../support/photos.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const { default: sharp } = await import('sharp');

const classNames = ['across', 'along'];

interface Photo extends ImageRow {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly label: number;
}

/** Stripes of two directions, as JPEG and PNG, in the order of their paths. */
async function makePhotos(count: number): Promise<Photo[]> {
  const photos: Photo[] = [];
  for (let i = 0; i < count; i += 1) {
    const label = i < count / 2 ? 0 : 1;
    const [width, height] = [24 + (i % 7), 20 + (i % 5)];
    const pixels = new Uint8Array(width * height * 3).map((_, at) => {
      const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
      return ((label === 1 ? x : y) >> 2) % 2 === 0 ? 40 + 5 * i : 250 - 3 * i;
    });
    const format = i % 6 === 5 ? 'png' : 'jpeg';
    const image = sharp(pixels, { raw: { width, height, channels: 3 } }).toFormat(format);
    const name = `${classNames[label]}/${String(i).padStart(2, '0')}.${format}`;
    photos.push({ path: name, label, bytes: await image.toBuffer() });
  }
  return photos;
}

/** Every kind with the photos in it, by its settings. */
function writeKinds(folder: string, train: readonly Photo[], val: readonly Photo[]): Record<string, Config['data']> {
  const splits = { train, val } as const;
  const lines = ['path,label,split'];
  for (const [split, photos] of Object.entries(splits)) {
    const tar: string[] = [];
    for (const { path: name, bytes, label } of photos) {
      const base = name.replace(/\..*/, '');
      writeFiles(path.join(folder, 'folder', split), { [name]: bytes });
      writeFiles(path.join(folder, 'loose', split), { [name]: bytes, [`${base}.cls`]: classNames[label] as string });
      tar.push(name, `${base}.cls`);
      lines.push(`folder/${split}/${name},${classNames[label]},${split}`);
    }
    mkdirSync(path.join(folder, 'tar'), { recursive: true });
    execFileSync('tar', [
      '-cf',
      path.join(folder, 'tar', `${split}.tar`),
      '-C',
      path.join(folder, 'loose', split),
      ...tar,
    ]);
    mkdirSync(path.join(folder, 'parquet'), { recursive: true });
    const half = photos.length / 2;
    for (const part of [0, 1]) {
      const file = path.join(folder, 'parquet', `${split}-0000${part}-of-00002.parquet`);
      const rows = photos.slice(part * half, (part + 1) * half);
      writeImageParquet(file, rows, { classNames, compressors: blocks, rowGroupSize: 5 });
    }
  }
  writeFileSync(path.join(folder, 'list.csv'), lines.join('\n'));
  return {
    folder: { kind: 'folder', path: path.join(folder, 'folder'), labels: 'auto', brokenLimit: 0 },
    list: { kind: 'list', path: path.join(folder, 'list.csv'), image: null, label: null, split: null, brokenLimit: 0 },
    shards: { kind: 'shards', path: path.join(folder, 'tar'), test: null, brokenLimit: 0 },
    parquet: {
      kind: 'parquet',
      path: path.join(folder, 'parquet'),
      test: null,
      image: null,
      label: null,
      brokenLimit: 0,
    },
  };
}

test('photos train the same network in whatever they lie, also where a run was stopped within an epoch', () =>
  withPhotoFolder(async (folder) => {
    const photos = await makePhotos(40);
    const val = photos.filter((_, i) => i % 5 === 4);
    const kinds = writeKinds(
      folder,
      photos.filter((_, i) => i % 5 !== 4),
      val,
    );
    // Not the whole file: it says of which data it is.
    const weights = (run: string): Map<string, string> => bits(path.join(run, 'encoder.safetensors'));
    let expected: Map<string, string> | null = null;
    let within = 0;
    for (const [name, data] of Object.entries(kinds)) {
      const config = tinyConfig({ data, batchSize: 2, epochs: 2 });
      const run = path.join(folder, `run-${name}`);
      if (expected === null) {
        const { result, events } = await runToEnd(config, { folder: run });
        assert.deepEqual([result.steps, result.knn?.top1 !== undefined], [32, true]);
        const start = events.find(({ type }) => type === 'start');
        assert.ok(start?.type === 'start');
        assert.deepEqual([start.images, start.testImages, start.classes], [32, 8, classNames]);
        expected = weights(run);
        continue;
      }
      // Stopped again and again, each time somewhat later from where the steps begin: mostly within an epoch.
      let ended = false;
      for (let delay = 2, resume = false; !ended; delay *= 1.6, resume = true) {
        const begins = resume ? 'start' : 'untrained';
        const { result } = await runToEnd(config, { folder: run, resume }, ({ type }, stop) => {
          if (type === begins) setTimeout(stop, delay);
        });
        ended = !result.interrupted;
        if (result.steps % 16 !== 0) within += 1;
      }
      const own = weights(run);
      assert.deepEqual([...own.keys()], [...expected.keys()]);
      for (const [tensor, value] of expected)
        assert.ok(own.get(tensor) === value, `${name}: ${tensor} differs from a folder's`);
    }
    assert.ok(within > 0, 'no run was stopped within an epoch');
  }));
