import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { inferData } from '../../lib/data/infer.js';
import { withTempDir } from '../support/paths.js';

test('the kind is told by the files, in the folder itself or in the one that the archive unpacks to', () =>
  withTempDir(async (dir) => {
    const inner = path.join(dir, 'cifar-10-batches-bin');
    mkdirSync(inner);
    for (const name of ['data_batch_2.bin', 'data_batch_5.bin', 'test_batch.bin'])
      writeFileSync(path.join(inner, name), '');
    for (const folder of [inner, dir]) {
      const { config, side } = await inferData(folder);
      assert.deepEqual([config, side], [{ kind: 'cifar10', path: folder, batches: [2, 5] }, 32]);
    }
    const link = path.join(dir, 'link');
    symlinkSync(inner, link);
    assert.equal((await inferData(link)).config.kind, 'cifar10');
  }));

test('a raw store says how large its images are', () =>
  withTempDir(async (dir) => {
    const manifest = { height: 20, width: 30, train: { images: 1 }, test: { images: 1 } };
    writeFileSync(path.join(dir, 'raw.json'), JSON.stringify(manifest));
    assert.deepEqual(await inferData(dir), {
      config: { kind: 'raw', path: dir },
      title: 'equally sized uint8 images: raw.json, train.bin, test.bin',
      side: 30,
    });
    writeFileSync(path.join(dir, 'raw.json'), '{}');
    await assert.rejects(inferData(dir), { code: 'ERR_BYOL_DATA', message: /raw\.json does not describe a raw store/ });
  }));

test('image files, and folders of them, are photos', () =>
  withTempDir(async (parent) => {
    const dir = path.join(parent, 'photos');
    mkdirSync(dir);
    writeFileSync(path.join(dir, 'a.JPG'), '');
    const photos = { kind: 'folder', path: dir, labels: 'auto', brokenLimit: 0.05 } as const;
    assert.deepEqual([(await inferData(dir)).config, (await inferData(dir)).side], [photos, null]);
    assert.deepEqual((await inferData(parent)).config, { ...photos, path: parent });
    // Links that lead in a circle, to nowhere and through a file are no folders, and keep nobody from the photos.
    for (const [name, target] of [
      ['circle', 'circle'],
      ['nowhere', 'gone'],
      ['through', 'a.JPG/b'],
    ] as const)
      symlinkSync(target, path.join(dir, name));
    assert.deepEqual((await inferData(dir)).config, photos);
  }));

test('what is nothing of all that is refused with what is there', () =>
  withTempDir(async (dir) => {
    const file = path.join(dir, 'notes.txt');
    writeFileSync(file, '');
    const refused = (place: string, message: RegExp) =>
      assert.rejects(inferData(place), { code: 'ERR_BYOL_DATA', message });
    await refused(
      dir,
      /holds no images that are known: it has notes\.txt\. Known by their files are cifar10 \(binary version\), cifar100 /,
    );
    await refused(file, /notes\.txt holds no images that are known: it is a file/);
    await refused(path.join(dir, 'nowhere'), /There is nothing at .*nowhere/);
    await assert.rejects(inferData(7 as unknown as string), {
      code: 'ERR_BYOL_USAGE',
      message: /path must be a path, got 7/,
    });
  }));
