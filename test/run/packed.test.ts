/** Runs on a packed store see the images that runs on the photos see. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { loadNative } from '../../lib/binding/load.js';
import { inferData } from '../../lib/data/infer.js';
import { readData } from '../../lib/data/kinds/index.js';
import { packImages } from '../../lib/data/packed/pack.js';
import { embedDataset } from '../../lib/encoder/embed-dataset.js';
import { Encoder } from '../../lib/encoder/encoder.js';
import type { Embeddings } from '../../lib/export/embeddings.js';
import { embedRun } from '../../lib/run/run-embedding.js';
import { writePaintedPhotos } from '../support/painted-photos.js';
import { withPhotoFolder } from '../support/photos.js';
import { readRaw } from '../support/safetensors.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const { default: sharp } = await import('sharp');

async function packed(folder: string, out: string, size: number): Promise<void> {
  const data = await readData((await inferData(folder)).config);
  await packImages(loadNative(), data, { place: folder, out, size, brokenLimit: 0, overwrite: false, threads: 2 });
}

const embedded = async (encoder: Encoder, place: string): Promise<Embeddings> =>
  embedDataset(encoder, await readData((await inferData(place)).config), 'test');

const weights = (dir: string) => readRaw(path.join(dir, 'encoder.safetensors'));

test('photos that are packed as they are train to the same bits, resumed and moved too', () =>
  withPhotoFolder(async (folder) => {
    await writePaintedPhotos(folder, 32, 40);
    const at = (name: string): string => path.join(folder, '..', name);
    await packed(folder, at('p.byol'), 256);
    const photos = tinyConfig({ data: (await inferData(folder)).config, epochs: 2 });
    const store = tinyConfig({ data: (await inferData(at('p.byol'))).config, epochs: 2 });
    const whole = await runToEnd(photos, { folder: at('photos-run') });
    const same = await runToEnd(store, { folder: at('packed-run') });
    assert.deepEqual(same.result.knn, whole.result.knn);
    assert.deepEqual(weights(at('packed-run')), weights(at('photos-run')));

    await runToEnd(store, { folder: at('stopped') }, (event, stop) => {
      if (event.type === 'epoch' && event.epoch === 1) stop();
    });
    cpSync(at('p.byol'), at('moved.byol'));
    const moved = { ...store, data: { kind: 'packed', path: at('moved.byol') } } as typeof store;
    await runToEnd(moved, { folder: at('stopped'), resume: true });
    assert.deepEqual(weights(at('stopped')), weights(at('packed-run')));

    // What is embedded are these images too.
    const [mine, theirs] = [await embedRun({ folder: at('packed-run') }), await embedRun({ folder: at('photos-run') })];
    assert.deepEqual([mine.features, mine.labels], [theirs.features, theirs.labels]);
    await using encoder = await Encoder.load(path.join(at('packed-run'), 'encoder.safetensors'));
    const [fromStore, fromPhotos] = [await embedded(encoder, at('p.byol')), await embedded(encoder, folder)];
    assert.deepEqual(fromStore.features, fromPhotos.features);
  }));

test('a run does not go on with a store of other images', () =>
  withPhotoFolder(async (folder) => {
    await writePaintedPhotos(folder, 32, 40);
    const at = (name: string): string => path.join(folder, '..', name);
    await packed(folder, at('a.byol'), 256);
    const config = tinyConfig({ data: { kind: 'packed', path: at('a.byol') } as never, epochs: 2 });
    await runToEnd(config, { folder: at('run') }, (event, stop) => {
      if (event.type === 'epoch' && event.epoch === 1) stop();
    });
    // Equally many of the same sizes, of which one has other pixels.
    const file = path.join(folder, 'train/even/000.jpeg');
    const negative = sharp(readFileSync(file)).negate().withMetadata({ orientation: 6 }).jpeg();
    writeFileSync(file, await negative.toBuffer());
    await packed(folder, at('b.byol'), 256);
    const moved = { ...config, data: { kind: 'packed', path: at('b.byol') } } as typeof config;
    await assert.rejects(runToEnd(moved, { folder: at('run'), resume: true }), {
      code: 'ERR_BYOL_DATA',
      message: /training images: as many of the same size, but others/,
    });
  }));
