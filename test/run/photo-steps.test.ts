/** A run on a folder of photos, which are decoded as its steps need them. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import type { TrainEvent } from '../../lib/run/events.js';
import { embedRun } from '../../lib/run/run-embedding.js';
import { withPhotoFolder, writeFiles } from '../support/photos.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const { default: sharp } = await import('sharp');

/** Two classes of pictures of all sizes and of the formats that people have: stripes along, and stripes across. */
async function writePhotos(folder: string): Promise<void> {
  for (let i = 0; i < 40; i += 1) {
    const [width, height] = [24 + (i % 7), 20 + (i % 5)];
    const pixels = new Uint8Array(width * height * 3).map((_, at) => {
      const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
      return ((i % 2 === 0 ? x : y) >> 2) % 2 === 0 ? 40 + 5 * i : 250 - 3 * i;
    });
    const image = sharp(pixels, { raw: { width, height, channels: 3 } });
    const format = i % 10 === 9 ? 'png' : i % 10 === 8 ? 'webp' : 'jpeg';
    const turned = format === 'jpeg' && i % 4 === 0 ? image.withMetadata({ orientation: 6 }) : image;
    const split = i < 32 ? 'train' : 'val';
    const bytes = await turned.toFormat(format).toBuffer();
    writeFiles(folder, {
      [`${split}/${i % 2 === 0 ? 'along' : 'across'}/${String(i).padStart(2, '0')}.${format}`]: bytes,
    });
  }
}

function photoConfig(folder: string, changes: Partial<Config> = {}): Config {
  return tinyConfig({
    data: { kind: 'folder', path: folder, labels: 'auto', brokenLimit: 0.2 },
    epochs: 2,
    ...changes,
  });
}

const weights = (dir: string): Buffer => readFileSync(path.join(dir, 'encoder.safetensors'));
/** What was said of photos. */
const warnings = (events: readonly TrainEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'warning' && event.message.includes('photos') ? [event.message] : []));

test('trains, measures and ends in the same bits with any number of decoding threads, and after it was stopped', () =>
  withPhotoFolder(async (folder) => {
    await writePhotos(folder);
    const [whole, stopped] = [path.join(folder, '../whole'), path.join(folder, '../stopped')];
    const config = photoConfig(folder);
    const { result, events } = await runToEnd(config, { folder: whole });
    assert.deepEqual([result.interrupted, result.steps, result.knn?.top1 !== undefined], [false, 4, true]);
    assert.deepEqual(warnings(events), []);

    await runToEnd(config, { folder: stopped }, (event, stop) => {
      if (event.type === 'epoch' && event.epoch === 1) stop();
    });
    await runToEnd(config, { folder: stopped, resume: true });
    assert.deepEqual(weights(stopped), weights(whole));
  }));

test('another image takes the place of one that turns out to be broken, the same one after it was stopped', () =>
  withPhotoFolder(async (folder) => {
    await writePhotos(folder);
    // Their headers are whole, so that it is found out when they are needed.
    for (const [name, kept] of [
      ['03.jpeg', 0.9],
      ['09.png', 0.6],
    ] as const) {
      const file = path.join(folder, 'train/across', name);
      truncateSync(file, Math.floor(statSync(file).size * kept));
    }
    const config = photoConfig(folder);
    const [whole, stopped] = [path.join(folder, '../whole'), path.join(folder, '../stopped')];
    const { result, events } = await runToEnd(config, { folder: whole });
    assert.equal(result.steps, 4);
    const told = warnings(events);
    assert.equal(told.length, 2, told.join('\n'));
    assert.match(told.join('\n'), /03\.jpeg (?!it )(is|has|was|cannot be) .*\. Another image takes its place\./);
    assert.match(told.join('\n'), /09\.png .*cannot be decoded: it is damaged/);

    await runToEnd(config, { folder: stopped }, (event, stop) => {
      if (event.type === 'epoch' && event.epoch === 1) stop();
    });
    await runToEnd(config, { folder: stopped, resume: true });
    assert.deepEqual(weights(stopped), weights(whole));

    // Rows of embeddings are of the images that they are said to be of.
    await assert.rejects(embedRun({ folder: whole, split: 'train' }), {
      code: 'ERR_BYOL_IMAGE',
      message: /0[39]\.(jpeg|png) /,
    });

    const strict = photoConfig(folder, { data: { ...config.data, brokenLimit: 0.03 } as Config['data'] });
    await assert.rejects(runToEnd(strict, { folder: path.join(folder, '../strict') }), {
      code: 'ERR_BYOL_DATA',
      message: /are broken, more than data\.brokenLimit \(0\.03 of all\) allows/,
    });
  }));

test('a photo that was replaced by one of another size counts as broken', () =>
  withPhotoFolder(async (folder) => {
    await writePhotos(folder);
    const file = path.join(folder, 'train/along/02.jpeg');
    const other = await sharp(file).resize(10, 10).toBuffer();
    let done = false;
    const { events } = await runToEnd(photoConfig(folder), { folder: path.join(folder, '../run') }, (event) => {
      if (event.type !== 'start' || done) return;
      done = true;
      // At once: somebody may be reading it.
      writeFileSync(`${file}.new`, other);
      renameSync(`${file}.new`, file);
    });
    assert.match(warnings(events).join('\n'), /02\.jpeg was .*10 x 10/);
  }));
