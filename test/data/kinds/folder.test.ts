import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { classLabels, type Dataset, type FilesSource, type SplitName, splitNames } from '../../../lib/data/dataset.js';
import { readData } from '../../../lib/data/kinds/index.js';
import type { LabelSource } from '../../../lib/data/photos/layout.js';
import { sharedData } from '../../support/paths.js';
import { jpegHeader, withPhotoFolder, writeFiles } from '../../support/photos.js';

const jpeg = jpegHeader(30, 20);

async function open(folder: string, labels: LabelSource = 'auto', brokenLimit = 0.05): Promise<Dataset<FilesSource>> {
  return (await readData({ kind: 'folder', path: folder, labels, brokenLimit })) as Dataset<FilesSource>;
}

/** Of each split the images' paths with the names of their classes. */
function told(folder: string, data: Dataset<FilesSource>): Partial<Record<SplitName, string[]>> {
  const images = (name: SplitName): string[] | undefined => {
    const split = data[name];
    const labels = split && classLabels(split.targets);
    return (
      split &&
      Array.from({ length: split.count }, (_, image) => {
        const label = labels?.[image] ?? -1;
        const file = path.relative(folder, split.source.location(image));
        return label < 0 ? file : `${file} ${data.classNames[label]}`;
      })
    );
  };
  return Object.fromEntries(splitNames.flatMap((name) => (data[name] === undefined ? [] : [[name, images(name)]])));
}

const files = (...names: string[]): Record<string, Buffer> => Object.fromEntries(names.map((name) => [name, jpeg]));

describe('a folder of photos', () => {
  test('with a folder for each class has labels', () =>
    withPhotoFolder(async (folder) => {
      writeFiles(folder, files('cat/1.jpg', 'cat/2.jpg', 'Dog/1.jpg', 'Dog/b.jpg', 'empty/notes.txt.jpg'));
      writeFiles(folder, { 'empty/notes.txt.jpg': 'no image', none: null, README: 'words' });
      const data = await open(folder, 'auto', 0.5);
      assert.deepEqual(data.classNames, ['Dog', 'cat']);
      assert.deepEqual(told(folder, data), {
        train: ['Dog/1.jpg Dog', 'Dog/b.jpg Dog', 'cat/1.jpg cat', 'cat/2.jpg cat'],
      });
      assert.deepEqual(data.notes, [
        `1 broken image is left out among 5 in ${folder}: empty/notes.txt.jpg (it is no image by its content).`,
        'Not images, and left out: README.',
        'Folders without any image: empty/, none/.',
      ]);
    }));

  test('that is flat, nested, of one class or a folder for each has none, and it is said why', () =>
    withPhotoFolder(async (folder) => {
      const cases: ReadonlyArray<readonly [string[], RegExp | null]> = [
        [['a.jpg', 'b.jpg'], null],
        [['only/a.jpg', 'only/b.jpg'], null],
        [['2019/01/a.jpg', '2019/02/b.jpg', '2020/c.jpg'], /folders within folders, so they have no labels\. If/],
        [['a.jpg', 'x/b.jpg', 'x/c.jpg'], /Some images lie in folders and some do not/],
        [['x/a.jpg', 'y/b.jpg', 'z/c.jpg'], /There are 3 folders for 3 images, so they are no classes/],
      ];
      for (const [i, [names, note]] of cases.entries()) {
        const place = path.join(folder, String(i));
        writeFiles(place, files(...names));
        const { train, classNames, notes = [] } = await open(place);
        assert.deepEqual([train.count, train.targets, classNames], [names.length, null, []], names.join());
        assert.equal(notes.length, note === null ? 0 : 1);
        if (note !== null) assert.match(notes[0] as string, note);
      }
      const nested = await open(path.join(folder, '2'), 'folders');
      assert.deepEqual(told(path.join(folder, '2'), nested).train, [
        '2019/01/a.jpg 2019',
        '2019/02/b.jpg 2019',
        '2020/c.jpg 2020',
      ]);
      assert.deepEqual((await open(path.join(folder, '1'), 'folders')).classNames, ['only']);
      assert.deepEqual(told(path.join(folder, '3'), await open(path.join(folder, '3'), 'folders')).train, [
        'a.jpg',
        'x/b.jpg x',
        'x/c.jpg x',
      ]);
      writeFiles(path.join(folder, 'c'), files('a/1.jpg', 'a/2.jpg', 'b/1.jpg', 'b/2.jpg'));
      assert.equal((await open(path.join(folder, 'c'), 'none')).train.targets, null);
    }));

  test('with train and val is measured with val, with test where that has labels', () =>
    withPhotoFolder(async (folder) => {
      const train = files('train/a/1.jpg', 'train/a/2.jpg', 'train/b/1.jpg', 'train/b/2.jpg');
      const place = (name: string, more: Record<string, Buffer>): string => {
        writeFiles(path.join(folder, name), { ...train, ...more });
        return path.join(folder, name);
      };
      const imagenet = place('imagenet', files('val/a/1.jpg', 'val/b/1.jpg', 'test/x.jpg'));
      const { train: learnt, ...measured } = told(imagenet, await open(imagenet));
      assert.deepEqual(learnt, ['train/a/1.jpg a', 'train/a/2.jpg a', 'train/b/1.jpg b', 'train/b/2.jpg b']);
      assert.deepEqual(measured, { test: ['val/a/1.jpg a', 'val/b/1.jpg b'] });
      const three = place('three', files('Validation/a/1.jpg', 'TEST/b/1.jpg', 'extra/x.jpg', 'y.jpg'));
      const data = await open(three);
      const { train: _, ...others } = told(three, data);
      assert.deepEqual(others, { val: ['Validation/a/1.jpg a'], test: ['TEST/b/1.jpg b'] });
      assert.deepEqual(data.notes, [
        'Images beside the folders train, val and test are left out: extra/x.jpg, y.jpg.',
        'The test images have none of a.',
        'The val images have none of b.',
      ]);
    }));

  test('has the same classes in its splits, however accents are spelt', () =>
    withPhotoFolder(async (folder) => {
      writeFiles(
        folder,
        files(
          'train/caf\u00e9/1.jpg',
          'train/caf\u00e9/2.jpg',
          'train/th\u00e9/1.jpg',
          'train/th\u00e9/2.jpg',
          'val/cafe\u0301/1.jpg',
        ),
      );
      const data = await open(folder);
      assert.deepEqual(data.classNames, ['caf\u00e9', 'th\u00e9']);
      assert.deepEqual([...(classLabels(data.test?.targets ?? null) ?? [])], [0]);
    }));

  test('may have thousands of classes', () =>
    withPhotoFolder(async (folder) => {
      for (let i = 0; i < 2000; i += 1) {
        mkdirSync(path.join(folder, `c${i}`));
        for (const name of ['a', 'b']) writeFileSync(path.join(folder, `c${i}`, name), jpeg);
      }
      const data = await open(folder);
      assert.equal(data.classNames.length, 2000);
      assert.deepEqual(Array.from((classLabels(data.train.targets) ?? []).slice(0, 6)), [0, 0, 1, 1, 2, 2]);
    }));

  test('stops where more is broken than the limit, and where there is no image', () =>
    withPhotoFolder(async (folder) => {
      writeFiles(folder, { ...files('1.jpg', '2.jpg', '3.jpg'), 'cut.jpg': jpeg.subarray(0, 10), 'empty.png': '' });
      await assert.rejects(open(folder, 'auto', 0.3), {
        code: 'ERR_BYOL_DATA',
        message:
          /^2 of 5 images in .* are broken, more than data\.brokenLimit \(0\.3 of all\) allows: cut\.jpg \(it begins as an image, but has no readable header\), empty\.png \(it is empty\)\.$/,
        hint: /byol data check PATH.*--set data\.brokenLimit=0\.8, of byol data pack --broken-limit 0\.8$/,
      });
      assert.equal((await open(folder, 'auto', 0.4)).train.count, 3);
      writeFiles(path.join(folder, 'other'), { 'a.txt': 'x', 'b.pdf': '%PDF' });
      await assert.rejects(open(path.join(folder, 'other')), {
        code: 'ERR_BYOL_DATA',
        message:
          /There are no images in .*other: there are 2 files, and none is an image that can be read\. Not images/,
      });
    }));

  test('gives each file with what its header says', () =>
    withPhotoFolder(async (folder) => {
      writeFiles(folder, { 'a.jpg': jpegHeader(30, 20, 6), b: jpeg });
      const { source } = (await open(folder)).train;
      assert.deepEqual([...(source.widths as Int32Array)], [20, 30]);
      assert.deepEqual([source.format(0), source.orientation(0), source.orientation(1)], ['jpeg', 6, 1]);
      assert.deepEqual(Buffer.from(await source.read(1)), jpeg);
      const { path: place, offset, length } = source.place(1);
      assert.deepEqual([Buffer.from(place).toString(), offset, length], [path.join(folder, 'b'), 0, jpeg.length]);
    }));

  const imagenette = sharedData('imagenette2-224');
  test(
    'such as Imagenette is read whole',
    { skip: imagenette === undefined ? 'needs ../shared/data/imagenette2-224' : false },
    () =>
      withPhotoFolder(async () => {
        const data = await readData({ kind: 'folder', path: imagenette as string, labels: 'auto', brokenLimit: 0 });
        assert.equal(data.classNames[0], 'n01440764');
        assert.equal(data.classNames.length, 10);
        assert.deepEqual(
          [data.notes, data.test?.source.kind],
          [['Not images, and left out: PROVENANCE.md, SHA256SUMS.'], 'files'],
        );
      }),
  );
});
