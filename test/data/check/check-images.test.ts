import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { checkImages } from '../../../lib/data/check/check-images.js';
import { GalleryKeeper } from '../../../lib/data/check/gallery.js';
import { CheckKeeper, type CheckSummary } from '../../../lib/data/check/summary.js';
import type { Dataset, ImageSource } from '../../../lib/data/dataset.js';
import { datasetFromArrays } from '../../../lib/data/from-arrays.js';
import { readData } from '../../../lib/data/kinds/index.js';
import { runCli } from '../../support/cli.js';
import { withPhotoFolder, writeFiles } from '../../support/photos.js';

const loaded = await import('sharp').catch(() => null);
const sharp = loaded?.default as typeof import('sharp').default;

function photo(width: number, height: number, red: number) {
  return sharp({ create: { width, height, channels: 3, background: { r: red, g: 0, b: 0 } } });
}

async function check(data: Dataset<ImageSource>): Promise<CheckSummary> {
  const keeper = new CheckKeeper(data);
  for await (const image of checkImages(data)) keeper.add(image);
  return keeper.finish();
}

/** Two classes with one of everything. */
async function writeOdd(folder: string): Promise<void> {
  const same = await photo(40, 50, 10).jpeg().toBuffer();
  const cut = await photo(64, 64, 60).jpeg().toBuffer();
  writeFiles(folder, {
    'train/a/1.jpg': same,
    'train/a/2.png': await photo(40, 40, 20).png().toBuffer(),
    'train/a/3.jpg': await photo(40, 40, 30).png().toBuffer(),
    'train/b/1.jpg': same,
    'train/b/2.webp': await photo(300, 40, 40).webp().toBuffer(),
    'train/b/3.jpg': cut.subarray(0, cut.length - 60),
    'train/b/4.jpg': await photo(40, 40, 50).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    'val/a/1.jpg': same,
    'val/b/1.jpg': await photo(20, 40, 70).jpeg().toBuffer(),
    'val/b/2.jpg': 'no image',
  });
}

describe('a check', { skip: loaded === null ? 'needs the package sharp' : false }, () => {
  test('counts what is there, what is odd, broken, and there twice', () =>
    withPhotoFolder(async (folder) => {
      await writeOdd(folder);
      const data = await readData({ kind: 'folder', path: folder, labels: 'auto', brokenLimit: 1 });
      const found = await check(data);
      const at = (name: string): string => path.join(folder, name);
      assert.deepEqual(found.splits, [
        { split: 'train', images: 6, labelled: 6 },
        { split: 'test', images: 2, labelled: 2 },
      ]);
      assert.deepEqual(found.classes, [
        { name: 'a', images: { train: 3, test: 1 } },
        { name: 'b', images: { train: 3, test: 1 } },
      ]);
      assert.deepEqual(found.formats, { jpeg: 5, png: 2, webp: 1 });
      assert.deepEqual(found.shorterSide, { least: 20, median: 40, most: 40 });
      assert.deepEqual(found.longerSide, { least: 40, median: 40, most: 300 });
      assert.equal(found.pixelBytes, 3 * (3 * 40 * 50 + 3 * 40 * 40 + 300 * 40 + 20 * 40));
      const odd = Object.fromEntries(found.odd.map(({ oddity, images }) => [oddity, images]));
      assert.deepEqual(odd.ending, { count: 1, first: [at('train/a/3.jpg')] });
      assert.deepEqual(odd.long, { count: 1, first: [at('train/b/2.webp')] });
      assert.deepEqual(odd.tiny, { count: 1, first: [at('val/b/1.jpg')] });
      assert.deepEqual(odd.rotated, { count: 1, first: [at('train/b/4.jpg')] });
      assert.deepEqual(
        found.broken.map(({ location }) => location),
        [at('val/b/2.jpg'), at('train/b/3.jpg')],
      );
      assert.deepEqual(found.duplicates, [
        {
          locations: [at('train/a/1.jpg'), at('train/b/1.jpg'), at('val/a/1.jpg')],
          acrossSplits: true,
          acrossClasses: true,
        },
      ]);
    }));

  test('counts an image in each of its classes, where it has many', () =>
    withPhotoFolder(async (folder) => {
      const [one, other] = [await photo(40, 40, 1).jpeg().toBuffer(), await photo(40, 40, 2).jpeg().toBuffer()];
      writeFiles(folder, { '1.jpg': one, '2.jpg': other, '3.jpg': one, '4.jpg': other });
      const lists = { '1.jpg': ['cat', 'dog'], '2.jpg': ['dog'], '3.jpg': ['dog', 'cat'], '4.jpg': [] };
      const file = path.join(folder, 'labels.json');
      writeFiles(folder, { 'labels.json': JSON.stringify(lists) });
      const data = await readData({ kind: 'list', path: file, image: null, label: null, split: null, brokenLimit: 0 });
      const found = await check(data);
      assert.deepEqual(found.splits, [{ split: 'train', images: 4, labelled: 3 }]);
      assert.deepEqual(found.classes, [
        { name: 'cat', images: { train: 2 } },
        { name: 'dog', images: { train: 3 } },
      ]);
      const across = found.duplicates.map(({ acrossClasses }) => acrossClasses);
      assert.deepEqual(across, [false, true], 'the order of labels says nothing');
      const gallery = new GalleryKeeper();
      for await (const image of checkImages(data)) await gallery.add(image);
      const shown = [...gallery.finish().classes].map(([name, pictures]) => [name, pictures.length]);
      assert.deepEqual(Object.fromEntries(shown), { cat: 2, dog: 3, '': 1 });
    }));

  test('takes images in memory too, by their pixels', async () => {
    const pixels = new Uint8Array(3 * 40 * 40 * 3).fill(7);
    pixels[40 * 40 * 3] = 8;
    const found = await check(datasetFromArrays({ pixels, height: 40, width: 40, labels: [0, 1, -1] }));
    assert.deepEqual(found.splits, [{ split: 'train', images: 3, labelled: 2 }]);
    assert.deepEqual(found.duplicates, [
      { locations: ['training images, image 0', 'training images, image 2'], acrossSplits: false, acrossClasses: true },
    ]);
    assert.deepEqual([found.formats, found.odd, found.broken], [{ pixels: 3 }, [], []]);
  });

  test('keeps some pictures of each class and of what is odd', () =>
    withPhotoFolder(async (folder) => {
      for (let i = 0; i < 20; i += 1)
        writeFiles(folder, {
          [`${i % 2}/${i}.jpg`]: await photo(200, 100, i * 9)
            .jpeg()
            .toBuffer(),
        });
      const keeper = new GalleryKeeper();
      const data = await readData({ kind: 'folder', path: folder, labels: 'auto', brokenLimit: 0 });
      for await (const image of checkImages(data)) await keeper.add({ ...image, oddities: ['grey'] });
      const { classes, odd } = keeper.finish();
      assert.deepEqual(
        [...classes].map(([name, { length }]) => [name, length]),
        [
          ['0', 6],
          ['1', 6],
        ],
      );
      assert.equal(odd.get('grey')?.length, 8);
      const { width, height, format } = await sharp(classes.get('1')?.[0]?.jpeg).metadata();
      assert.deepEqual([width, height, format], [96, 48, 'jpeg']);
    }));

  test('stops when asked', () =>
    withPhotoFolder(async (folder) => {
      for (let i = 0; i < 9; i += 1) writeFiles(folder, { [`${i}.jpg`]: await photo(20, 20, i).jpeg().toBuffer() });
      const controller = new AbortController();
      const data = await readData({ kind: 'folder', path: folder, labels: 'auto', brokenLimit: 0 });
      let seen = 0;
      const stopped = (async () => {
        for await (const _ of checkImages(data, { signal: controller.signal })) {
          seen += 1;
          if (seen === 3) controller.abort(new Error('enough'));
        }
      })();
      await assert.rejects(stopped, /enough/);
      assert.equal(seen, 3);
    }));

  test('is a command, in words, as JSON and as a page', () =>
    withPhotoFolder(async (folder) => {
      await writeOdd(folder);
      writeFiles(folder, { 'train/a/<b>&.jpg': await photo(33, 33, 99).jpeg().toBuffer() });
      const cwd = path.dirname(folder);
      const text = runCli(['data', 'check', 'photos', '--out', 'page.html'], { cwd });
      assert.equal(text.code, 0, text.stderr);
      assert.match(text.stdout, /^photos: a folder of photos \(data\.kind 'folder'\)\ntraining images {3}7\n/);
      assert.match(text.stdout, /\nbroken +2\n/);
      assert.match(text.stdout, /\nduplicates +2, 1 of them in several splits, 1 with different classes\n/);
      assert.match(text.stdout, /3\.jpg: it cannot be decoded/);
      assert.match(
        text.stdout,
        /\n9 images can be used; 2 broken files are left out; so many are refused without --set data\.brokenLimit=0\.4 \(now 0\.05\); some images are in several splits, so results will be too good\.\nSaved as page\.html\n$/,
      );
      const { readFileSync } = await import('node:fs');
      const page = readFileSync(path.join(cwd, 'page.html'), 'utf8');
      assert.ok(page.includes('train/a/&lt;b&gt;&amp;.jpg 33 x 33') && !page.includes('<b>&'));
      const json = runCli(['data', 'check', 'photos', '--json', '--quiet'], { cwd });
      assert.equal((JSON.parse(json.stdout) as CheckSummary).broken.length, 2);
      assert.equal(runCli(['data'], { cwd }).code, 2);
      writeFiles(path.join(cwd, 'none'), { 'a.jpg': 'no image', 'b.jpg': '' });
      const none = runCli(['data', 'check', path.join('none', 'a.jpg')], { cwd });
      assert.match(none.stderr, /none\/a\.jpg is a single image: give the folder that it lies in/);
    }));
});
