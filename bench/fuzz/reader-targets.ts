import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { readerOf } from '../../lib/data/headers/header.js';
import { readHeader } from '../../lib/data/headers/read-header.js';
import { readRawStore } from '../../lib/data/kinds/raw.js';
import { readStl10 } from '../../lib/data/kinds/stl10.js';
import { NeedsUnpacking, readParquet } from '../../lib/data/parquet/read-parquet.js';
import { FileTableBuilder } from '../../lib/data/photos/file-table.js';
import { decodeIndex, encodeIndex } from '../../lib/data/photos/index-file.js';
import { readImageList } from '../../lib/data/photos/list-file.js';
import { readShard } from '../../lib/data/shards/read-shard.js';
import { ByolError } from '../../lib/errors.js';
import { parseCsv } from '../../lib/files/csv.js';
import { type FuzzTarget, outcomeOf } from './targets.js';

/** What reads headers, archives, lists, indices and binaries in TypeScript. `folder`: for files of the one in progress. */
export function readerTargets(folder: string, images: readonly Uint8Array[]): FuzzTarget[] {
  return [
    headers(images),
    tar(folder, images),
    csv(),
    lists(folder),
    index(),
    parquet(folder, images),
    stl10(folder),
    rawStore(folder),
  ];
}

const isSyntax = (error: Error): boolean => error instanceof SyntaxError;
const isData = (error: Error): boolean => error instanceof ByolError && error.code === 'ERR_BYOL_DATA';
const text = (...texts: readonly string[]): Uint8Array[] => texts.map((each) => Uint8Array.from(Buffer.from(each)));

/** Whatever the bytes: nothing is thrown. */
function headers(images: readonly Uint8Array[]): FuzzTarget {
  // Formats that nothing here writes.
  const bmp = Buffer.alloc(60);
  bmp.write('BM');
  bmp.writeUInt32LE(40, 14);
  bmp.writeUInt32LE(20, 18);
  bmp.writeInt32LE(-30, 22);
  bmp.writeUInt16LE(24, 28);
  return {
    name: 'headers',
    seeds: [
      ...images,
      Uint8Array.from(bmp),
      ...text('8BPS\0\x01', '\xff\x0a', '\0\0\0\x0cJXL \r\n\x87\n', 'II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\x01'),
    ],
    attempt: (bytes) => {
      const { header, problem } = readHeader(readerOf(bytes));
      const sides = header === null ? [1] : [header.width, header.height];
      if (!sides.every((side) => Number.isInteger(side) && side >= 1)) throw new Error(`a side of ${sides}`);
      return problem ?? 'read';
    },
  };
}

function tar(folder: string, images: readonly Uint8Array[]): FuzzTarget {
  const entry = (name: string, content: Uint8Array, type = '0'): Uint8Array => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write('0000644\0', 100);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    header.write('ustar\x0000', 257);
    header.fill(32, 148, 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
  };
  const sample = [entry('a/1.jpg', images[0] as Uint8Array), entry('a/1.cls', Buffer.from('3'))];
  const pax = entry('x', Buffer.from('30 path=some/other/name/1.png\n20 size=100000000\n'), 'x');
  const long = entry('././@LongLink', Buffer.from(`${'b/'.repeat(80)}1.json\0`), 'L');
  const json = entry('c', Buffer.from('{"label": 7}'));
  const file = join(folder, 'fuzz.tar');
  const read = (bytes: Uint8Array): Promise<string> => {
    writeFileSync(file, bytes);
    return outcomeOf(() => readShard(file), isSyntax);
  };
  return {
    name: 'tar',
    seeds: [
      [...sample, Buffer.alloc(1024)],
      [pax, ...sample],
      [...sample, long, json, Buffer.alloc(1024)],
    ].map((parts) => Uint8Array.from(Buffer.concat(parts))),
    attempt: (bytes, random) => {
      // A header with a wrong sum is not looked at further: mostly it is made right.
      for (let at = 0; at + 512 <= bytes.length && random.below(8) > 0; at += 512) {
        const header = bytes.subarray(at, at + 512);
        if (Buffer.from(header.subarray(257, 262)).toString('latin1') !== 'ustar') continue;
        header.fill(32, 148, 156);
        const sum = header.reduce((total, byte) => total + byte, 0);
        header.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
      }
      return read(bytes);
    },
  };
}

function csv(): FuzzTarget {
  return {
    name: 'csv',
    seeds: text('file,label\na.jpg,1\n"b ""c"".jpg",2\r\n', 'a;b;c\n;;\n"x;\ny";2;3', '\ufeffa\tb\n1\t2'),
    attempt: (bytes) => outcomeOf(() => parseCsv(Buffer.from(bytes).toString('utf8')), isSyntax),
  };
}

function lists(folder: string): FuzzTarget {
  const endings = ['csv', 'tsv', 'json', 'jsonl'];
  return {
    name: 'lists',
    seeds: text(
      'path,label,split\na.jpg,x,train\nb/c.jpg,y,val\n',
      '[{"image": "a.jpg", "label": [1, "b"]}, {"image": "c.jpg", "label": null}]',
      '{"a.jpg": 3, "b.jpg": "x"}',
      '{"file": "a.jpg", "class": 1}\n{"file": "b.jpg", "class": {}}\n',
    ),
    attempt: (bytes, random) => {
      const file = join(folder, `fuzz.${random.of(endings)}`);
      writeFileSync(file, bytes);
      return outcomeOf(() => readImageList(file, { image: null, label: null, split: null }), isData);
    },
  };
}

function index(): FuzzTarget {
  const builder = new FileTableBuilder();
  const stamp = { size: 10, mtimeMs: 5, ctimeMs: 6, ino: 7 };
  for (const name of ['a.jpg', 'b/c.png', 'd']) {
    const header = {
      format: 'jpeg',
      width: 3,
      height: 4,
      orientation: 6,
      traits: new Set(['rotated' as const]),
    } as const;
    builder.add(name, stamp, { header, problem: null });
  }
  return {
    name: 'index',
    seeds: [Uint8Array.from(encodeIndex('/x', builder.finish()))],
    attempt: (bytes, random) => {
      // With a hash that fits, as only a fault of ours or somebody who means harm would leave it.
      if (bytes.length > 32 && random.below(4) > 0) {
        bytes.set(createHash('sha256').update(bytes.subarray(0, -32)).digest(), bytes.length - 32);
      }
      return decodeIndex(Buffer.from(bytes), '/x') === null ? 'refused' : 'read';
    },
  };
}

function parquet(folder: string, images: readonly Uint8Array[]): FuzzTarget {
  const file = join(folder, 'fuzz.parquet');
  const bytes = images.slice(0, 8);
  const write = (options: object): Uint8Array =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'image', data: [...bytes, ...bytes], type: 'BYTE_ARRAY' },
          { name: 'label', data: [...bytes.keys(), ...bytes.keys()], type: 'INT32' },
        ],
        ...options,
      }),
    );
  return {
    name: 'parquet',
    seeds: [write({}), write({ codec: 'UNCOMPRESSED' }), write({ rowGroupSize: 3, pageSize: 2000 })],
    attempt: (damaged) => {
      writeFileSync(file, damaged);
      const options = { columns: { image: null, label: null }, unpackTo: null };
      return outcomeOf(
        () => readParquet(file, options),
        (error) => isSyntax(error) || error instanceof NeedsUnpacking,
      );
    },
  };
}

function stl10(folder: string): FuzzTarget {
  const place = join(folder, 'stl10');
  mkdirSync(place, { recursive: true });
  const pixels = Buffer.alloc(2 * 3 * 96 * 96, 7);
  const files = {
    'train_X.bin': pixels,
    'train_y.bin': Buffer.from([1, 10]),
    'test_X.bin': pixels,
    'test_y.bin': Buffer.from([3, 2]),
    'class_names.txt': Buffer.from(Array.from({ length: 10 }, (_, i) => `class${i}\n`).join('')),
    'fold_indices.txt': Buffer.from(Array.from({ length: 10 }, () => '0 1\n').join('')),
  };
  const names = Object.keys(files) as ReadonlyArray<keyof typeof files>;
  return {
    name: 'stl10',
    seeds: names.filter((name) => !name.endsWith('X.bin')).map((name) => Uint8Array.from(files[name])),
    attempt: (bytes, random) => {
      for (const name of names) writeFileSync(join(place, name), files[name]);
      writeFileSync(join(place, random.of(names)), bytes);
      return outcomeOf(
        () => readStl10({ kind: 'stl10', path: place, train: 'train', fold: random.below(2) === 0 ? null : 3 }),
        isData,
      );
    },
  };
}

function rawStore(folder: string): FuzzTarget {
  const place = join(folder, 'raw');
  mkdirSync(place, { recursive: true });
  const record = { height: 3, width: 4, train: { images: 2 } };
  return {
    name: 'raw store',
    seeds: text(JSON.stringify(record), JSON.stringify({ ...record, classes: ['a', 'b'], test: { images: 2 } })),
    attempt: (bytes) => {
      for (const name of ['train', 'test']) writeFileSync(join(place, `${name}.bin`), Buffer.alloc(2 * 36));
      writeFileSync(join(place, 'raw.json'), bytes);
      return outcomeOf(() => readRawStore(place), isData);
    },
  };
}
