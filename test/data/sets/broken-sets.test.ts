/** Published sets that are not whole, or whose lists cannot be right; other layouts of the same sets; and samples of real ones. */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { classLabels, type Dataset, type FilesSource } from '../../../lib/data/dataset.js';
import { inferData } from '../../../lib/data/infer.js';
import { readData } from '../../../lib/data/kinds/index.js';
import type { SetName } from '../../../lib/data/sets/index.js';
import { matFile } from '../../support/mat.js';
import { sharedData } from '../../support/paths.js';
import { jpegHeader, withPhotoFolder, writeFiles } from '../../support/photos.js';
import { standIns } from '../../support/set-stand-ins.js';

const jpeg = jpegHeader(40, 30);

function withStandIn(name: SetName, body: (folder: string) => Promise<void>): Promise<void> {
  return withPhotoFolder(async (folder) => {
    const { images, files } = standIns[name]();
    writeFiles(folder, { ...files, ...Object.fromEntries(images.map((image) => [image.path, jpeg])) });
    await body(folder);
  });
}

async function open(set: SetName, folder: string, brokenLimit = 0): Promise<Dataset<FilesSource>> {
  return (await readData({ kind: 'set', set, path: folder, val: 'official', brokenLimit })) as Dataset<FilesSource>;
}

function counts({ train, val, test: held }: Dataset<FilesSource>): ReadonlyArray<number | undefined> {
  return [train.count, val?.count, held?.count];
}

describe('a set that is not whole', () => {
  test('says which images are not there', () =>
    withStandIn('food101', async (folder) => {
      const { images } = standIns.food101();
      const train = images.filter(({ split }) => split === 'train');
      for (const { path: file } of train.slice(0, 5)) rmSync(path.join(folder, file));
      const { notes, broken, ...data } = await open('food101', folder);
      assert.deepEqual([counts(data as Dataset<FilesSource>), broken], [[55, undefined, 12], []]);
      assert.match(
        notes?.[0] ?? '',
        /^On the lists of Food-101 and not in .*images: 5 images to train \(apple_pie\/11\.jpg, apple_pie\/14\.jpg, baby_back_ribs\/12\.jpg and 2 more\)\.$/,
      );
      assert.match(
        notes?.[1] ?? '',
        /^Food-101 has 75,750 images to train, 0 to validate and 25,250 to test with, of 101 classes; here are 55 images to train, 0 to validate and 12 to test with, of 3 classes: results are not those of the whole set\.$/,
      );
      assert.equal(notes?.length, 2);
      rmSync(path.join(folder, 'images'), { recursive: true });
      mkdirSync(path.join(folder, 'images'));
      await assert.rejects(open('food101', folder), {
        code: 'ERR_BYOL_DATA',
        message: /None of the 72 images that the lists of Food-101 have is in .*images: apple_pie\/11\.jpg, /,
      });
    }));

  test('holds out the same images whichever photos are there', () =>
    withStandIn('pets', async (folder) => {
      const paper = { kind: 'set', set: 'pets', path: folder, val: 'paper', brokenLimit: 0 } as const;
      const names = async (): Promise<string[]> => {
        const { val } = (await readData(paper)) as Dataset<FilesSource>;
        return Array.from({ length: val?.count ?? 0 }, (_, image) => val?.source.location(image) ?? '');
      };
      const whole = await names();
      const [first = '', ...others] = whole;
      rmSync(first);
      assert.deepEqual([whole.length, await names()], [60, others]);
    }));

  test('leaves out photos that are broken, up to the limit, whatever else lies there', () =>
    withStandIn('dtd', async (folder) => {
      writeFiles(folder, {
        'images/banded/banded_train1.jpg': 'no photo',
        'images/banded/not listed.jpg': 'no photo either',
        'images/.DS_Store': 'x',
      });
      await assert.rejects(open('dtd', folder), {
        code: 'ERR_BYOL_DATA',
        message: /^1 of .*images are broken.*banded_train1\.jpg/,
      });
      const { broken, notes, train } = await open('dtd', folder, 0.05);
      assert.deepEqual([train.count, broken?.length, notes?.length], [11, 1, 2]);
    }));

  test('of which the test images are missing is measured with others, and says so', async () => {
    await withStandIn('voc2007', async (folder) => {
      rmSync(path.join(folder, 'VOC2007/ImageSets/Main/test.txt'));
      const data = await open('voc2007', folder);
      assert.deepEqual(counts(data), [12, undefined, 12]);
      assert.equal(data.notes?.at(-1), 'Without test images, the validation images are what is measured with.');
    });
    await withStandIn('cars', async (folder) => {
      renameSync(
        path.join(folder, 'cars_test_annos_withlabels.mat'),
        path.join(folder, 'devkit/cars_test_annos_withlabels.mat'),
      );
      assert.deepEqual(counts(await open('cars', folder)), [36, undefined, 30]);
      rmSync(path.join(folder, 'devkit/cars_test_annos_withlabels.mat'));
      const data = await open('cars', folder);
      assert.deepEqual(counts(data), [36, undefined, undefined]);
      assert.match(
        data.notes?.[0] ?? '',
        /no classes of the test images \(cars_test_annos_withlabels\.mat\), so they are left out/,
      );
    });
  });

  test('or not there at all is told', () =>
    withPhotoFolder(async (folder) => {
      await assert.rejects(open('sun397', folder), {
        code: 'ERR_BYOL_DATA',
        message: /SUN397, first partition is not in .*: there should be a, c/,
      });
    }));
});

describe('lists that cannot be right are refused', () => {
  const cases: ReadonlyArray<readonly [SetName, file: string, content: string | Buffer, message: RegExp]> = [
    [
      'food101',
      'meta/test.txt',
      'apple_pie/11\n',
      /lists of Food-101 have apple_pie\/11\.jpg twice: to test, of class 0 and to train, of class 0|to train, of class 0 and to test, of class 0/,
    ],
    ['food101', 'meta/test.txt', 'apple_pie\n', /meta\/test\.txt has a line without a folder, .*'apple_pie'/],
    ['dtd', 'labels/val1.txt', '/x.jpg\n', /labels\/val1\.txt has a line without a folder/],
    [
      'pets',
      'annotations/test.txt',
      'pug_1\n',
      /annotations\/test\.txt should have an image and more in each line, and has 'pug_1'/,
    ],
    ['aircraft', 'data/images_variant_val.txt', '1000001\n', /images_variant_val\.txt should have an image and more/],
    [
      'sun397',
      'Partitions/ClassName.txt',
      '/a/abbey\n',
      /Training_01\.txt has an image of 'cathedral\/outdoor', which is none of the 1 classes/,
    ],
    [
      'places365',
      'places365_val.txt',
      'Places365_val_00000001.jpg 7\n',
      /places365_val\.txt has an image of class 7, which categories_places365\.txt does not name/,
    ],
    [
      'places365',
      'places365_val.txt',
      'Places365_val_00000001.jpg x\n',
      /should have the number of a class in each line, 0 to 364, and has 'x'/,
    ],
    [
      'voc2007',
      'VOC2007/ImageSets/Main/cat_val.txt',
      '2008_1  1\n',
      /cat_val\.txt has an image that val\.txt does not have: '2008_1 {2}1'/,
    ],
    [
      'voc2007',
      'VOC2007/ImageSets/Main/cat_val.txt',
      '2007_val001  2\n',
      /cat_val\.txt has neither 1, 0 nor -1: '2007_val001 {2}2'/,
    ],
    [
      'flowers102',
      'setid.mat',
      matFile({ trnid: [1], valid: [2], tstid: [999] }),
      /setid\.mat names image 999, and .*imagelabels\.mat has 33 classes of images/,
    ],
    [
      'flowers102',
      'setid.mat',
      matFile({ trnid: [0], valid: [2], tstid: [3] }),
      /setid\.mat should have in 'trnid' whole numbers from 1 on, and has 0/,
    ],
    [
      'flowers102',
      'imagelabels.mat',
      matFile({ labels: 'abc' }),
      /imagelabels\.mat should have in 'labels' numbers, and is text/,
    ],
    [
      'flowers102',
      'imagelabels.mat',
      matFile({ label: [1] }),
      /imagelabels\.mat \(the classes of Flowers-102\) cannot be used: it has no variable 'labels' \(it has: label\)/,
    ],
    [
      'cars',
      'devkit/cars_meta.mat',
      matFile({ class_names: { cells: ['one'] } }),
      /cars_train_annos\.mat has 00002\.jpg of class 2, and there are 1/,
    ],
    [
      'cars',
      'devkit/cars_meta.mat',
      matFile({ class_names: { cells: [[1]] } }),
      /cars_meta\.mat should have in 'class_names' one line of text in each place/,
    ],
    [
      'cars',
      'devkit/cars_train_annos.mat',
      matFile({ annotations: { structs: [{ fname: 'a' }] } }),
      /should have in 'annotations' a field 'class', and has fname/,
    ],
    [
      'birdsnap',
      'test_images.txt',
      'path\nBlue_Jay/x.jpg\n',
      /test_images\.txt has Blue_Jay\/x\.jpg, which images\.txt does not have/,
    ],
    [
      'birdsnap',
      'species.txt',
      'id\tcommon\n17\tA\n',
      /images\.txt has Blue_Jay\/train2\.jpg of a species that species\.txt does not have/,
    ],
    ['birdsnap', 'species.txt', 'id\tname\n17\tA\n', /species\.txt has no column 'common' but id, name/],
    ['birdsnap', 'species.txt', 'id\tcommon\n17\n', /species\.txt has nothing in column 'common' of row 1/],
  ];
  for (const [name, file, content, message] of cases) {
    test(`${name}: ${message.source.replaceAll('\\', '')}`, () =>
      withStandIn(name, async (folder) => {
        writeFileSync(path.join(folder, file), content);
        await assert.rejects(open(name, folder), { code: 'ERR_BYOL_DATA', message });
      }));
  }
});

describe('the same set in other layouts', () => {
  test('VOC and Caltech-101 below the folder that they are unpacked to', async () => {
    for (const [name, inside] of [
      ['voc2007', 'VOCdevkit'],
      ['caltech101', '101_ObjectCategories'],
      ['caltech101', 'caltech-101/101_ObjectCategories'],
    ] as const) {
      await withPhotoFolder(async (folder) => {
        const { images, files } = standIns[name]();
        writeFiles(path.join(folder, inside), {
          ...files,
          ...Object.fromEntries(images.map((image) => [image.path, jpeg])),
        });
        const { config } = await inferData(folder);
        assert.deepEqual(config.kind === 'set' && config.set, name);
        assert.ok((await readData(config)).train.count > 10);
      });
    }
  });

  test("ImageNet's validation images in folders, by Kaggle's list, by Caffe's, and without any", async () => {
    const { images } = standIns.imagenet();
    const train = images.filter(({ split }) => split === 'train');
    const val = images.filter(({ split }) => split === 'test');
    const write = (folder: string, of: ReadonlyArray<{ readonly path: string }>): void =>
      writeFiles(folder, Object.fromEntries(of.map((image) => [image.path, jpeg])));
    const labels = [0, 1, 2].flatMap((label) => new Array<number>(4).fill(label));
    const read = async (folder: string): Promise<Dataset<FilesSource>> => {
      const data = await open('imagenet', folder);
      assert.deepEqual([data.train.count, data.classNames], [36, ['n01440764', 'n01443537', 'n02102040']]);
      return data;
    };
    const sorted = (data: Dataset<FilesSource>): number[] =>
      [...(classLabels(data.test?.targets ?? null) ?? [])].sort();
    await withPhotoFolder(async (folder) => {
      write(folder, train);
      write(
        folder,
        val.map(({ path: file, classes }) => ({ path: file.replace('val/', `val/${classes[0]}/`) })),
      );
      assert.deepEqual(sorted(await read(folder)), labels);
      // A smaller set in such folders is one of photos.
      assert.equal((await inferData(folder)).config.kind, 'folder');
    });
    await withPhotoFolder(async (folder) => {
      const inner = path.join(folder, 'ILSVRC/Data/CLS-LOC');
      write(inner, images);
      const rows = val.map(
        ({ path: file, classes }) => `${path.parse(file).name},${classes[0]} 1 2 3 4 ${classes[0]} 5 6 7 8\n`,
      );
      writeFileSync(path.join(folder, 'LOC_val_solution.csv'), `ImageId,PredictionString\n${rows.reverse().join('')}`);
      const { config } = await inferData(folder);
      assert.deepEqual([config.kind, config.kind === 'set' && config.set], ['set', 'imagenet']);
      const data = await read(folder);
      assert.deepEqual(
        [...(classLabels(data.test?.targets ?? null) ?? [])],
        val.map((_, i) => i % 3),
      );
    });
    await withPhotoFolder(async (folder) => {
      write(folder, images);
      const data = await read(folder);
      assert.equal(data.test, undefined);
      assert.match(
        data.notes?.[0] ?? '',
        /images in .*val are of classes that nothing tells, so they are left out: put ILSVRC2012_devkit_t12\/data, LOC_val_solution\.csv or val\.txt into /,
      );
      const file = path.join(folder, 'val.txt');
      writeFileSync(file, val.map((image, i) => `${path.basename(image.path)} ${i % 3}\n`).join(''));
      assert.deepEqual(
        [...(classLabels((await read(folder)).test?.targets ?? null) ?? [])],
        val.map((_, i) => i % 3),
      );
      writeFileSync(file, 'ILSVRC2012_val_00000001.JPEG 5\n');
      await assert.rejects(open('imagenet', folder), {
        message: /val\.txt has a line that does not name a class of ImageNet: 'ILSVRC2012_val_00000001\.JPEG 5'/,
      });
      writeFileSync(file, 'ILSVRC2012_val_00000001.JPEG 1\n');
      await assert.rejects(open('imagenet', folder), {
        message: /val\.txt does not say of which class val\/ILSVRC2012_val_00000002\.JPEG is/,
      });
    });
  });
});

describe('samples of real sets', () => {
  const voc = sharedData('VOCdevkit');
  test('PASCAL VOC 2012', { skip: voc === undefined ? 'needs ../shared/data/VOCdevkit' : false }, () =>
    withPhotoFolder(async () => {
      const { config, title } = await inferData(voc as string);
      assert.deepEqual([config.kind === 'set' && config.set, title], ['voc2012', 'PASCAL VOC 2012, classification']);
      const data = (await readData(config)) as Dataset<FilesSource>;
      assert.deepEqual([counts(data), data.metric, data.classNames.length], [[98, undefined, 79], 'map11', 20]);
      // As grep counts in its lists.
      const of = (name: string) =>
        [data.train, data.test].map(
          (split) => [...(split?.targets?.labels ?? [])].filter((label) => data.classNames[label] === name).length,
        );
      assert.deepEqual(
        [of('dog'), of('person')],
        [
          [28, 20],
          [24, 22],
        ],
      );
    }),
  );

  const imagenette = sharedData('imagenette2-224');
  test(
    'ImageNet, ten of its classes',
    { skip: imagenette === undefined ? 'needs ../shared/data/imagenette2-224' : false },
    () =>
      withPhotoFolder(async () => {
        const data = (await readData({
          kind: 'set',
          set: 'imagenet',
          path: imagenette as string,
          val: 'paper',
          brokenLimit: 0,
        })) as Dataset<FilesSource>;
        // 10,009 of 1,281,167 of 1,000 images are 7.8.
        assert.deepEqual([counts(data), data.classNames.length], [[992, 8, 300], 10]);
      }),
  );
});
