import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { classLabels, type Dataset, type FilesSource, type ImageSplit } from '../../../lib/data/dataset.js';
import { readerOf } from '../../../lib/data/headers/header.js';
import { inferData } from '../../../lib/data/infer.js';
import { readData } from '../../../lib/data/kinds/index.js';
import { expandPattern } from '../../../lib/data/shards/shard-names.js';
import { readTar } from '../../../lib/data/shards/tar.js';
import { jpegHeader, withPhotoFolder, writeFiles } from '../../support/photos.js';

const isGnu = spawnSync('tar', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU tar') === true;
const skip = isGnu ? false : 'needs GNU tar, which writes all formats';

/** Packs files, in this order, with an independent writer. */
function pack(archive: string, folder: string, names: readonly string[], format = 'ustar'): void {
  execFileSync('tar', [`--format=${format}`, '-cf', archive, '-C', folder, '--', ...names]);
}

async function open(place: string, more: object = {}): Promise<Dataset<FilesSource>> {
  return (await readData({ kind: 'shards', path: place, test: null, brokenLimit: 0, ...more })) as Dataset<FilesSource>;
}

/** Name, width and class of each image, by the bytes that are read of it. */
async function told(split: ImageSplit<FilesSource> | undefined, names: readonly string[]): Promise<string[]> {
  const labels = classLabels(split?.targets ?? null);
  const images = Array.from({ length: split?.count ?? 0 }, async (_, image) => {
    const source = (split as ImageSplit<FilesSource>).source;
    const bytes = Buffer.from(await source.read(image));
    const { width } = { width: (source.widths as Int32Array)[image] as number };
    assert.deepEqual(bytes, jpegHeader(width, 20));
    const { path: file, offset, length } = source.place(image);
    assert.deepEqual(readFileSync(Buffer.from(file)).subarray(offset, offset + length), bytes);
    return `${source.location(image).split(/\.(?:tar|tar\.gz)\//)[1]} ${width} ${names[labels?.[image] ?? -1] ?? '-'}`;
  });
  return Promise.all(images);
}

describe('tar archives', { skip }, () => {
  test('of every format are read, with long names and any sizes', () =>
    withPhotoFolder(async (folder) => {
      const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(120)}.jpg`;
      const files = {
        'a.jpg': Buffer.alloc(0),
        'b/c.jpg': Buffer.alloc(512, 1),
        'd.jpg': Buffer.alloc(513, 2),
        '\u65e5.jpg': Buffer.alloc(5, 4),
      };
      writeFiles(folder, { ...files, [long]: Buffer.alloc(2000, 3) });
      for (const format of ['ustar', 'gnu', 'pax', 'v7', 'posix']) {
        const archive = path.join(path.dirname(folder), `${format}.tar`);
        const names = format === 'v7' || format === 'ustar' ? Object.keys(files) : [...Object.keys(files), long];
        pack(archive, folder, names, format);
        const bytes = readFileSync(archive);
        const found = [...readTar(readerOf(bytes), bytes.length)];
        assert.deepEqual(
          found.map(({ name }) => name),
          names,
          format,
        );
        for (const { name, offset, size } of found) {
          assert.deepEqual(bytes.subarray(offset, offset + size), readFileSync(path.join(folder, name)));
        }
        // Wherever it ends, it is whole, refused, or the padding after its end is missing.
        for (let end = 0; end < bytes.length; end += 100) {
          try {
            const some = [...readTar(readerOf(bytes.subarray(0, end)), end)];
            assert.ok(end % 512 === 0 || some.length === found.length, `${format} cut at ${end}`);
          } catch (error) {
            assert.match((error as Error).message, /it ends within|there is no tar header/);
          }
        }
      }
      assert.throws(() => [...readTar(readerOf(Buffer.alloc(1024, 7)), 1024)], /there is no tar header at byte 0/);
    }));
});

describe('shards', { skip }, () => {
  /** Two training shards and one of val. */
  async function withShards(body: (shards: string, folder: string) => Promise<void>): Promise<void> {
    await withPhotoFolder(async (folder) => {
      const shards = path.join(path.dirname(folder), 'shards');
      mkdirSync(shards);
      for (let i = 0; i < 6; i += 1) {
        writeFiles(folder, {
          [`s/${i}.jpg`]: jpegHeader(10 + i, 20),
          [`s/${i}.cls`]: `${(i * 7) % 12}\n`,
          [`s/${i}.json`]: '{"caption": "x"}',
        });
      }
      writeFiles(folder, {
        'x.y.seg.png': 'no image',
        'x.y.jpg': jpegHeader(50, 20),
        'x.json': '{"label": 7}',
        'x.txt': 'words',
      });
      pack(path.join(shards, 'set-train-000.tar'), folder, [
        's/0.cls',
        's/0.json',
        's/0.jpg',
        's/1.jpg',
        's/1.json',
        's/1.cls',
        's/2.jpg',
      ]);
      pack(
        path.join(shards, 'set-train-001.tar'),
        folder,
        ['s/3.jpg', 's/3.cls', 's/5.cls', 's/4.jpg', 's/4.cls'],
        'pax',
      );
      pack(path.join(shards, 'set-val-000.tar'), folder, ['s/5.jpg', 's/5.cls']);
      await body(shards, folder);
    });
  }

  test('of a folder are split by their names, with the classes beside the images', () =>
    withShards(async (shards) => {
      const { config, title } = await inferData(shards);
      assert.deepEqual(
        [config, title],
        [
          { kind: 'shards', path: shards, test: null, brokenLimit: 0.05 },
          'shards of images: .tar files as WebDataset has them',
        ],
      );
      for (const _ of ['read', 'from the index']) {
        const data = await open(shards);
        assert.deepEqual(data.classNames, ['0', '4', '7', '9', '11']);
        assert.deepEqual(await told(data.train, data.classNames), [
          's/0.jpg 10 0',
          's/1.jpg 11 7',
          's/2.jpg 12 -',
          's/3.jpg 13 9',
          's/4.jpg 14 4',
        ]);
        assert.deepEqual(await told(data.test, data.classNames), ['s/5.jpg 15 11']);
      }
    }));

  test('may be one file, a pattern, or compressed, and a part of a folder to measure with', () =>
    withShards(async (shards, folder) => {
      const one = path.join(shards, 'set-val-000.tar');
      assert.equal((await inferData(one)).config.kind, 'shards');
      assert.equal((await open(one)).train.count, 1);
      const pattern = path.join(shards, 'set-train-{000..001}.tar');
      assert.equal((await inferData(pattern)).config.kind, 'shards');
      const both = await open(pattern, { test: one });
      assert.deepEqual([both.train.count, both.test?.count], [5, 1]);
      await assert.rejects(open(path.join(shards, 'set-train-{001..002}.tar')), {
        code: 'ERR_BYOL_DATA',
        message: /The shard .*set-train-002\.tar cannot be read: it does not exist/,
      });
      writeFileSync(path.join(folder, 'z.tar.gz'), gzipSync(readFileSync(one)));
      const data = await open(path.join(folder, 'z.tar.gz'));
      assert.deepEqual(await told(data.train, data.classNames), ['s/5.jpg 15 11']);
      pack(path.join(folder, 'dots.tar'), folder, ['x.y.jpg', 'x.json', 'x.txt']);
      const dots = await open(path.join(folder, 'dots.tar'));
      assert.deepEqual(await told(dots.train, dots.classNames), ['x.y.jpg 50 7']);
    }));

  test('that are damaged, empty or have changed are told', () =>
    withShards(async (shards, folder) => {
      const [first, second] = ['set-train-000.tar', 'set-train-001.tar'].map((name) => path.join(shards, name)) as [
        string,
        string,
      ];
      const { train } = await open(shards);
      rmSync(first);
      await assert.rejects(train.source.read(0), {
        code: 'ERR_BYOL_IMAGE',
        message: /set-train-000\.tar\/s\/0\.jpg cannot be read: it does not exist/,
      });
      pack(first, folder, ['s/5.jpg', 'x.txt']);
      const again = await open(shards);
      assert.equal(again.train.count, 3, 'the index of the old one is not used');
      truncateSync(second, 1100);
      await assert.rejects(open(shards), {
        code: 'ERR_BYOL_DATA',
        message: /The shard .*001\.tar cannot be read: it ends within/,
      });
      writeFileSync(second, gzipSync(Buffer.from('x')));
      await assert.rejects(open(shards), {
        code: 'ERR_BYOL_DATA',
        message: /001\.tar cannot be read: (it ends within|there is no tar header)/,
      });
      const gz = path.join(folder, 'cut.tar.gz');
      writeFileSync(gz, gzipSync(readFileSync(first)).subarray(0, 60));
      await assert.rejects(open(gz), {
        code: 'ERR_BYOL_DATA',
        message: /cut\.tar\.gz cannot be read: unexpected end of file/,
      });
      const cache = path.join(path.dirname(folder), 'cache', 'shards');
      assert.ok(existsSync(cache) && !readdirSync(cache).some((name) => name.endsWith('.tmp')));
      for (const name of readdirSync(cache)) appendFileSync(path.join(cache, name), 'x');
      rmSync(second);
      assert.equal((await open(shards)).train.count, 1, 'a damaged index is made again');
      writeFiles(folder, { 'bad.jpg': 'no image', 'good.jpg': jpegHeader(9, 20) });
      pack(path.join(folder, 'bad.tar'), folder, ['bad.jpg', 'good.jpg']);
      await assert.rejects(open(path.join(folder, 'bad.tar')), {
        code: 'ERR_BYOL_DATA',
        message: /^1 of 2 images in .*bad\.tar\/bad\.jpg \(it is no image by its content\)/,
      });
      assert.equal((await open(path.join(folder, 'bad.tar'), { brokenLimit: 0.5 })).train.count, 1);
    }));
});

test('patterns are expanded as a shell does', () => {
  assert.deepEqual(expandPattern('a-{08..11}.tar'), ['a-08.tar', 'a-09.tar', 'a-10.tar', 'a-11.tar']);
  assert.deepEqual(expandPattern('{x,y}/{0..1}'), ['x/0', 'x/1', 'y/0', 'y/1']);
  assert.deepEqual(expandPattern('plain'), ['plain']);
  assert.throws(() => expandPattern('{5..2}'), { code: 'ERR_BYOL_DATA', message: /\{5\.\.2\} is no ascending range/ });
});
