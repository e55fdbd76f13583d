/** Runs on folders of photos. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import { withPhotoFolder, writeFiles } from '../support/photos.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const loaded = await import('sharp').catch(() => null);
const sharp = loaded?.default as typeof import('sharp').default;

/** Two classes of 12 images in different sizes, and 3 of each to measure with. */
async function writePhotos(folder: string): Promise<void> {
  for (const [split, each] of [
    ['train', 12],
    ['val', 3],
  ] as const) {
    for (const [name, hue] of [
      ['red', 220],
      ['dark', 40],
    ] as const) {
      for (let i = 0; i < each; i += 1) {
        const background = { r: hue, g: 10 * i, b: 30 };
        const image = sharp({ create: { width: 20 + i, height: 30 - i, channels: 3, background } });
        writeFiles(folder, { [`${split}/${name}/${i}.jpg`]: await image.jpeg().toBuffer() });
      }
    }
  }
}

const settings = (folder: string): Config =>
  tinyConfig({
    data: { kind: 'folder', path: folder, labels: 'auto', brokenLimit: 0.2 },
    batchSize: 8,
    epochs: 2,
  });

describe('photos', { skip: loaded === null ? 'needs the package sharp' : false }, () => {
  test('are trained on and measured with, and what was left out is told', () =>
    withPhotoFolder(async (folder) => {
      await writePhotos(folder);
      writeFiles(folder, { 'train/red/broken.jpg': 'no image', 'train/notes.txt': 'words' });
      const run = path.join(path.dirname(folder), 'run');
      const { events, result } = await runToEnd(settings(folder), { folder: run });
      const start = events.find((event) => event.type === 'start');
      assert.ok(start?.type === 'start');
      assert.deepEqual([start.images, start.testImages, start.classes], [24, 6, ['dark', 'red']]);
      const told = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
      assert.ok(
        told.some((message) => /^1 broken image is left out among 31 in .*: train\/red\/broken\.jpg/.test(message)),
        told.join('\n'),
      );
      assert.ok(told.includes('Not images, and left out: train/notes.txt.'));
      assert.ok(result.knn !== null && !result.interrupted);
    }));

  test('are the same wherever they lie, and a run goes on with no others', () =>
    withPhotoFolder(async (folder) => {
      await writePhotos(folder);
      const run = path.join(path.dirname(folder), 'run');
      const first = await runToEnd(
        settings(folder),
        { folder: run },
        (event, stop) => event.type === 'epoch' && stop(),
      );
      assert.ok(first.result.interrupted);
      const moved = path.join(path.dirname(folder), 'moved');
      renameSync(folder, moved);
      writeFiles(moved, { 'train/dark/0.jpg': readFileSync(path.join(moved, 'train/red/11.jpg')) });
      const again = () => runToEnd(settings(moved), { folder: run, resume: true });
      await assert.rejects(again(), {
        code: 'ERR_BYOL_DATA',
        message: /these are not its images:\n {2}training images: as many/,
      });
      writeFiles(moved, {
        'train/dark/0.jpg': await sharp({
          create: { width: 20, height: 30, channels: 3, background: { r: 40, g: 0, b: 30 } },
        })
          .jpeg()
          .toBuffer(),
      });
      assert.equal((await again()).result.steps, 6);
    }));
});
