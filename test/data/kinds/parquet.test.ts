import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { loadNative } from '../../../lib/binding/load.js';
import { bytesAt, classLabels, type Dataset, type FilesSource, type ImageSplit } from '../../../lib/data/dataset.js';
import { inferData } from '../../../lib/data/infer.js';
import { readData } from '../../../lib/data/kinds/index.js';
import { PhotoDecoder } from '../../../lib/data/photos/photo-decoder.js';
import { blocks, type ImageRow, writeImageParquet } from '../../support/parquet.js';
import { jpegHeader, withPhotoFolder, writeFiles } from '../../support/photos.js';
import { findPython, runPython } from '../../support/python.js';

const settings = { kind: 'parquet', test: null, image: null, label: null, brokenLimit: 0 } as const;

async function open(file: string, more: object = {}): Promise<Dataset<FilesSource>> {
  return (await readData({ ...settings, path: file, ...more })) as Dataset<FilesSource>;
}

/** A JPEG's header and bytes after it, which differ, pack badly and are as many. */
function photo(number: number, bytes: number): Buffer {
  let state = number * 2_654_435_761 + 1;
  const noise = Uint8Array.from({ length: bytes }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
  return Buffer.concat([jpegHeader(10 + number, 20), noise]);
}

const photos = (count: number, bytes: number): ImageRow[] =>
  Array.from({ length: count }, (_, i) => ({ bytes: photo(i, bytes), path: `é${i}.jpg`, label: i % 3 }));

/** Class and width of each image, once its bytes have been compared with those that were written. */
async function told(split: ImageSplit<FilesSource> | undefined, names: readonly string[]): Promise<string[]> {
  const labels = classLabels(split?.targets ?? null);
  const { source, count } = split as ImageSplit<FilesSource>;
  const images = Array.from({ length: count }, (_, image) => image);
  return Promise.all(
    images.map(async (image) => {
      const bytes = Buffer.from(await source.read(image));
      const width = (source.widths as Int32Array)[image] as number;
      assert.deepEqual(bytes, photo(width - 10, bytes.length - jpegHeader(width, 20).length));
      assert.equal(bytesAt(source.place(image)), bytes.length);
      return `${width - 10} ${names[labels?.[image] ?? -1] ?? '-'}`;
    }),
  );
}

const classNames = ['rose', 'ant', 'lily'];
const expected = (rows: readonly ImageRow[]): string[] =>
  rows.map(({ label }, i) => `${i} ${classNames[label ?? -1] ?? '-'}`);

test('a set as Hugging Face keeps it: splits by the names of files, classes in their order', () =>
  withPhotoFolder(async (folder) => {
    const rows = photos(9, 300);
    writeFiles(folder, { 'README.md': 'words', 'data/x.txt': 'words' });
    const file = (name: string): string => path.join(folder, 'data', name);
    writeImageParquet(file('train-00000-of-00002.parquet'), rows.slice(0, 5), { classNames });
    writeImageParquet(file('train-00001-of-00002.parquet'), rows.slice(5), { classNames });
    writeImageParquet(file('validation-00000-of-00001.parquet'), rows.slice(0, 2), { classNames });
    // Competitions keep the classes of their test images.
    const unknown = rows.slice(0, 3).map((row) => ({ ...row, label: -1 }));
    writeImageParquet(file('test-00000-of-00001.parquet'), unknown, { classNames });
    const { config, title } = await inferData(folder);
    assert.deepEqual(config, { ...settings, path: folder, brokenLimit: 0.05 });
    assert.match(title, /Parquet/);
    const data = await open(folder);
    assert.deepEqual(data.classNames, classNames);
    assert.deepEqual(await told(data.train, classNames), expected(rows));
    assert.deepEqual(await told(data.test, classNames), expected(rows.slice(0, 2)));
    assert.equal(data.val, undefined);
    assert.deepEqual(data.notes, []);
    assert.equal(data.train.source.location(6), `${file('train-00001-of-00002.parquet')}/row 1/é6.jpg`);

    // One file, several by a pattern, and others to measure with.
    const one = file('train-00000-of-00002.parquet');
    assert.equal((await inferData(one)).config.kind, 'parquet');
    const pattern = file('train-{00000..00001}-of-00002.parquet');
    assert.equal((await inferData(pattern)).config.kind, 'parquet');
    const apart = await open(pattern, { test: one });
    assert.deepEqual(await told(apart.train, classNames), expected(rows));
    assert.deepEqual(await told(apart.test, classNames), expected(rows.slice(0, 5)));
  }));

test('images are found in pages of every form, and read from where they lie or unpacked once', () =>
  withPhotoFolder(async (folder, cache) => {
    const file = path.join(folder, 'a.parquet');
    const gzip = { GZIP: (bytes: Uint8Array): Uint8Array => gzipSync(bytes) };
    for (const [form, count, bytes, isUnpacked] of [
      [{ compressors: blocks }, 40, 30_000, false],
      [{ compressors: blocks, rowGroupSize: 7, pageSize: 100_000 }, 40, 30_000, false],
      [{ codec: 'UNCOMPRESSED' }, 40, 3000, false],
      [{ codec: 'UNCOMPRESSED', rowGroupSize: 3 }, 10, 10, false],
      // An image larger than Snappy's blocks of 64 KiB.
      [{ compressors: blocks, pageSize: 1_000_000 }, 5, 200_000, false],
      // This writer's own Snappy refers to what is before a block: its pages are unpacked where they are small.
      [{}, 40, 100, false],
      [{}, 40, 10_000, true],
      [{ codec: 'GZIP', compressors: gzip }, 20, 3000, true],
    ] as const) {
      const rows = photos(count, bytes);
      writeImageParquet(file, rows, { classNames, ...form });
      const { train, notes = [] } = await open(file);
      assert.deepEqual(await told(train, classNames), expected(rows), JSON.stringify(form));
      const { path: place } = train.source.place(0);
      assert.equal(Buffer.from(place).toString() !== file, isUnpacked, JSON.stringify(form));
      assert.equal(notes.length, isUnpacked ? 1 : 0);
      if (isUnpacked) assert.match(notes.join(), /a\.parquet is unpacked in .*shards/);
      assert.ok(train.source.location(0).startsWith(file));
    }

    // What was unpacked is used again, and made again where it is gone.
    const folderOf = path.join(cache, 'shards');
    const kept = path.basename(Buffer.from((await open(file)).train.source.place(0).path).toString());
    assert.match(kept, /\.unpacked$/);
    utimesSync(path.join(folderOf, kept), new Date(), new Date(Date.now() - 5000));
    const { mtimeMs } = statSync(path.join(folderOf, kept));
    await open(file);
    assert.equal(statSync(path.join(folderOf, kept)).mtimeMs, mtimeMs);
    rmSync(path.join(folderOf, kept));
    assert.deepEqual(await told((await open(file)).train, classNames), expected(photos(20, 3000)));
  }));

test('images are decoded from within their pages', () =>
  withPhotoFolder(async (folder) => {
    const { default: sharp } = await import('sharp');
    const rows: ImageRow[] = [];
    for (let i = 0; i < 12; i += 1) {
      const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
      const image = sharp({ create: { width: 90 + i, height: 80, channels: 3, background: 'red', noise } });
      rows.push({ bytes: await (i % 4 === 3 ? image.png() : image.jpeg({ quality: 95 })).toBuffer(), label: null });
    }
    const [packed, plain] = [path.join(folder, 'packed.parquet'), path.join(folder, 'plain.parquet')];
    writeImageParquet(packed, rows, { compressors: blocks });
    writeImageParquet(plain, rows, { codec: 'UNCOMPRESSED' });
    const decoder = new PhotoDecoder(loadNative(), 2);
    try {
      const decoded = await Promise.all(
        [packed, plain].map(async (file) => {
          const { source, targets } = (await open(file)).train;
          assert.equal(targets, null);
          assert.equal(source.place(0).packed !== undefined, file === packed);
          const indices = Int32Array.from([7, 2, 11, 0, 3, 10]);
          const boxes = Int32Array.from([...indices].flatMap(() => [5, 6, 70, 80]));
          const { pixels, broken } = await decoder.decode(source, { indices, boxes: [boxes], shrinkTo: null });
          assert.equal(broken.size, 0);
          return Buffer.from(pixels);
        }),
      );
      assert.equal(decoded[0]?.length, 6 * 70 * 80 * 3);
      assert.deepEqual(decoded[0], decoded[1]);

      // Damage that is found out when an image is needed.
      const { source } = (await open(packed)).train;
      const bytes = readFileSync(packed);
      const { offset, length } = source.place(2);
      writeFileSync(packed, bytes.subarray(0, offset + length - 10));
      const { broken } = await decoder.decode(source, {
        indices: Int32Array.from([0, 2]),
        boxes: [Int32Array.from([0, 0, 9, 9, 0, 0, 9, 9])],
        shrinkTo: null,
      });
      assert.match([...broken.values()].join(), /cut off/);
      await assert.rejects(source.read(2), { code: 'ERR_BYOL_IMAGE', message: /row 2 cannot be read: .*ends within/ });
    } finally {
      decoder.dispose();
    }
  }));

test('columns are found by their usual names, or named; texts are classes too', () =>
  withPhotoFolder(async (folder) => {
    const file = path.join(folder, 'a.parquet');
    const bytes = [photo(0, 100), photo(1, 100), photo(2, 100)];
    const write = (columnData: Parameters<typeof parquetWriteBuffer>[0]['columnData']): void =>
      writeFileSync(file, new Uint8Array(parquetWriteBuffer({ columnData })));
    write([
      { name: 'title', data: ['a', 'b', 'c'], type: 'STRING' },
      { name: 'Species', data: ['dog', 'cat', 'dog'], type: 'STRING' },
      { name: 'jpg', data: bytes, type: 'BYTE_ARRAY' },
    ]);
    const { train, classNames: names } = await open(file);
    assert.deepEqual(await told(train, names), ['0 dog', '1 cat', '2 dog']);
    assert.deepEqual(train.source.location(1), `${file}/row 1`);
    const titled = await open(file, { label: 'title' });
    assert.deepEqual(await told(titled.train, titled.classNames), ['0 a', '1 b', '2 c']);
    await assert.rejects(open(file, { label: 'jpeg' }), {
      message: /its column 'jpeg' \(data\.label\) holds no labels; it has title, Species, jpg/,
    });
    await assert.rejects(open(file, { image: 'none' }), {
      message: /its column 'none' \(data\.image\) is none of images/,
    });

    // Numbers without names are in their order, and two columns of images are told apart.
    write([
      { name: 'mask', data: bytes.toReversed(), type: 'BYTE_ARRAY' },
      { name: 'image', data: bytes, type: 'BYTE_ARRAY' },
      { name: 'label', data: [10, 9, 10], type: 'INT32' },
    ]);
    const numbered = await open(file);
    assert.deepEqual(
      [numbered.classNames, await told(numbered.train, ['9', '10'])],
      [
        ['9', '10'],
        ['0 10', '1 9', '2 10'],
      ],
    );
    assert.deepEqual(await told((await open(file, { image: 'mask' })).train, ['9', '10']), ['2 10', '1 9', '0 10']);
    write([
      { name: 'image', data: bytes, type: 'BYTE_ARRAY' },
      { name: 'label', data: [true, false, true], type: 'BOOLEAN' },
    ]);
    const answers = await open(file);
    assert.deepEqual(await told(answers.train, answers.classNames), ['0 true', '1 false', '2 true']);
    // What is written beside the schema and is none of it counts as if it were not there.
    const known = [{ key: 'huggingface', value: '{not JSON' }];
    const columnData = [
      { name: 'image', data: bytes, type: 'BYTE_ARRAY' as const },
      { name: 'label', data: [1, 0, 1], type: 'INT32' as const },
    ];
    writeFileSync(file, new Uint8Array(parquetWriteBuffer({ columnData, kvMetadata: known })));
    assert.deepEqual(await told((await open(file)).train, ['0', '1']), ['0 1', '1 0', '2 1']);
    write([{ name: 'x', data: [1, 2], type: 'INT32' }]);
    await assert.rejects(open(file), {
      code: 'ERR_BYOL_DATA',
      message: /a\.parquet cannot be read: none of its columns holds images as bytes; it has x/,
    });
  }));

test('rows without an image are broken, and so are damaged files wherever they are cut', () =>
  withPhotoFolder(async (folder) => {
    const file = path.join(folder, 'a.parquet');
    const rows: ImageRow[] = photos(12, 50);
    rows[3] = { bytes: null, path: 'elsewhere.jpg', label: 1 };
    rows[7] = { bytes: Buffer.from('no image'), label: null };
    writeImageParquet(file, rows, { classNames, rowGroupSize: 5 });
    await assert.rejects(open(file, { brokenLimit: 0.1 }), { message: /are broken, more than data\.brokenLimit/ });
    const { train, broken, notes } = await open(file, { brokenLimit: 0.2 });
    assert.equal(train.count, 10);
    assert.deepEqual(
      broken?.map(
        ({ location, reason }) => `${path.basename(path.dirname(location))}/${path.basename(location)} ${reason}`,
      ),
      ['row 3/elsewhere.jpg cannot be read', 'a.parquet/row 7 is no image by its content'],
    );
    assert.match(notes?.join() ?? '', /2 broken images are left out among 12/);

    const whole = readFileSync(file);
    const cut = path.join(folder, 'cut.parquet');
    for (let end = 0; end < whole.length; end += 97) {
      writeFileSync(cut, whole.subarray(0, end));
      await assert.rejects(open(cut), {
        code: 'ERR_BYOL_DATA',
        message: /cut\.parquet cannot be read: it is no Parquet file, or cut off/,
      });
    }
    // The end is there, and says of what is not.
    writeFileSync(cut, whole.subarray(400));
    await assert.rejects(open(cut, { brokenLimit: 1 }), {
      code: 'ERR_BYOL_DATA',
      message: /cut\.parquet cannot be read: /,
    });
  }));

const python = findPython('pyarrow');
test(
  'files that pyarrow writes have the same images in every compression and encoding',
  {
    skip: typeof python === 'string' ? python : false,
  },
  () =>
    withPhotoFolder(async (folder) => {
      if (typeof python === 'string') return;
      const rows = photos(30, 9000);
      const input = path.join(folder, 'input');
      mkdirSync(input);
      for (const [i, { bytes }] of rows.entries())
        writeFileSync(path.join(input, String(i).padStart(2, '0')), bytes ?? '');
      const forms = runPython(python, 'test/python/write_parquet.py', input, folder).trim().split('\n');
      assert.ok(forms.length >= 10, forms.join());
      for (const form of forms) {
        const { train, classNames: names } = await open(path.join(folder, `${form}.parquet`));
        assert.deepEqual(names, classNames, form);
        assert.deepEqual(await told(train, names), expected(rows), form);
      }
    }),
);
