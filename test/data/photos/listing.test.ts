import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { formatOf, hasTrait, problemOf, rawPath, readablePath } from '../../../lib/data/photos/file-table.js';
import { type Listing, listPhotos } from '../../../lib/data/photos/listing.js';
import { tallyNames } from '../../../lib/data/photos/tally.js';
import { root } from '../../support/paths.js';
import { jpegHeader, withPhotoFolder, writeFiles } from '../../support/photos.js';

const jpeg = jpegHeader(30, 20);

const namesOf = ({ table }: Listing): string[] =>
  Array.from({ length: table.count }, (_, row) => readablePath(rawPath(table, row)));

const passedBy = ({ passed }: Listing): Record<string, string> =>
  Object.fromEntries([...passed].map(([kind, tally]) => [kind, tallyNames(tally)]));

describe('a listing', () => {
  test('has every file by the bytes of its path, with what its content says', () =>
    withPhotoFolder(async (folder) => {
      writeFiles(folder, {
        'b.JPEG': jpeg,
        'a/z.jpg': jpegHeader(30, 20, 6),
        'a.txt': 'words',
        'a-b/x': jpeg,
        'photo.jpg': '<html>',
        'cut.jpg': jpeg.subarray(0, 20),
        'none.png': '',
        'Z.jpg': jpeg,
      });
      const listing = await listPhotos(folder);
      const { table } = listing;
      // '-' and '.' come before '/', upper case before lower.
      const names = ['Z.jpg', 'a-b/x', 'a.txt', 'a/z.jpg', 'b.JPEG', 'cut.jpg', 'none.png', 'photo.jpg'];
      assert.deepEqual(namesOf(listing), names);
      const said = names.map((_, row) => problemOf(table, row) ?? formatOf(table, row));
      assert.deepEqual(said, ['jpeg', 'jpeg', 'foreign', 'jpeg', 'jpeg', 'damaged', 'empty', 'foreign']);
      assert.deepEqual([table.widths[3], table.heights[3], table.orientations[3]], [20, 30, 6], 'upright');
      assert.ok(hasTrait(table, 3, 'rotated') && !hasTrait(table, 0, 'rotated'));
      assert.equal(table.sizes[0], jpeg.length);
    }));

  test('reads what lies far from where it began', () =>
    withPhotoFolder(async (folder) => {
      // A TIFF whose directory names the place of its depths before its orientation: tag, type, count, value.
      const entries = [
        [256, 3, 1, 30],
        [257, 3, 1, 20],
        [258, 3, 3, 20_000],
        [262, 3, 1, 1],
        [274, 3, 1, 6],
      ] as const;
      const file = Buffer.alloc(30_000);
      file.write('II*\0');
      file.writeUInt32LE(8, 4);
      file.writeUInt16LE(entries.length, 8);
      for (const [i, [tag, type, number, value]] of entries.entries()) {
        file.writeUInt16LE(tag, 10 + 12 * i);
        file.writeUInt16LE(type, 12 + 12 * i);
        file.writeUInt32LE(number, 14 + 12 * i);
        file.writeUInt32LE(value, 18 + 12 * i);
      }
      for (let i = 0; i < 3; i += 1) file.writeUInt16LE(16, 20_000 + 2 * i);
      writeFiles(folder, { 'a.tif': file });
      const { table } = await listPhotos(folder);
      assert.deepEqual([table.widths[0], table.heights[0], table.orientations[0]], [20, 30, 6]);
      assert.ok(hasTrait(table, 0, 'deep') && hasTrait(table, 0, 'grey'));
    }));

  test('follows links but not in circles, and passes by what is hidden or no file', () =>
    withPhotoFolder(async (folder) => {
      writeFiles(folder, {
        'real/a.jpg': jpeg,
        '.hidden.jpg': jpeg,
        '.git/b.jpg': jpeg,
        '__MACOSX/c.jpg': jpeg,
        'real/._a.jpg': 'x',
      });
      symlinkSync(path.join(folder, 'real'), path.join(folder, 'linked'));
      symlinkSync(path.join(folder, 'real', 'a.jpg'), path.join(folder, 'file.jpg'));
      symlinkSync(folder, path.join(folder, 'real', 'up'));
      symlinkSync('nowhere', path.join(folder, 'dangling.jpg'));
      symlinkSync('self', path.join(folder, 'self'));
      execFileSync('mkfifo', [path.join(folder, 'pipe.jpg')]);
      const listing = await listPhotos(folder);
      assert.deepEqual(namesOf(listing), ['file.jpg', 'linked/a.jpg', 'real/a.jpg']);
      assert.deepEqual(passedBy(listing), {
        hidden: passedBy(listing).hidden,
        loops: 'linked/up/, real/up/',
        special: 'pipe.jpg',
        files: passedBy(listing).files,
      });
      assert.equal(listing.passed.get('hidden')?.count, 5);
      assert.deepEqual([...(listing.passed.get('files')?.first ?? [])].sort(), [
        'dangling.jpg (it does not exist)',
        'self (it is a link that leads in a circle)',
      ]);
    }));

  test('takes names of any bytes', () =>
    withPhotoFolder(async (folder) => {
      const raw = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x63, 0xe9, 0x2e, 0x6a, 0x70, 0x67])]);
      writeFileSync(raw, jpeg);
      writeFiles(folder, { 'e\u0301te\u0301.jpg': jpeg, '日本.jpg': jpeg });
      const listing = await listPhotos(folder);
      assert.deepEqual(namesOf(listing), ['c\\xe9.jpg', '\u00e9t\u00e9.jpg', '日本.jpg']);
      assert.deepEqual(Array.from(listing.table.widths), [30, 30, 30], 'all were opened');
    }));

  test('of the same folder reads only what is new or has changed', () =>
    withPhotoFolder(async (folder, cache) => {
      const at = (name: string): string => path.join(folder, name);
      for (let i = 0; i < 40; i += 1) writeFiles(folder, { [`${i}.jpg`]: jpegHeader(10 + i, 20) });
      utimesSync(at('7.jpg'), 1e9, 1e9);
      assert.equal((await listPhotos(folder)).read, 40);
      assert.equal((await listPhotos(folder)).read, 0);
      writeFileSync(at('7.jpg'), jpegHeader(99, 20));
      // As many bytes, and a time that was put back: what the system notes of itself stays.
      utimesSync(at('7.jpg'), 1e9, 1e9);
      rmSync(at('3.jpg'));
      writeFiles(folder, { '00.jpg': jpeg, 'zz.jpg': jpeg });
      renameSync(at('5.jpg'), at('5b.jpg'));
      const changed = await listPhotos(folder);
      assert.equal(changed.read, 4);
      const names = namesOf(changed);
      assert.deepEqual(names, readdirSync(folder).sort());
      const width = (name: string): number | undefined => changed.table.widths[names.indexOf(name)];
      assert.deepEqual([width('7.jpg'), width('8.jpg'), width('5b.jpg'), width('39.jpg')], [99, 18, 15, 49]);
      assert.equal((await listPhotos(folder)).read, 0, 'and that is kept');

      const [index] = readdirSync(path.join(cache, 'photos'), { encoding: 'utf8' });
      const file = path.join(cache, 'photos', index as string);
      const bytes = readFileSync(file);
      bytes[bytes.length - 100] = (bytes[bytes.length - 100] as number) ^ 1;
      for (const damaged of [bytes, bytes.subarray(0, 50), Buffer.from('')]) {
        writeFileSync(file, damaged);
        assert.equal((await listPhotos(folder)).read, 41, 'a damaged index is made again');
        assert.equal((await listPhotos(folder)).read, 0);
      }
    }));

  test('works without a cache, stops when asked, and says why a folder cannot be read', () =>
    withPhotoFolder(async (folder, cache) => {
      writeFileSync(cache, 'a file where the cache should be');
      writeFiles(folder, { 'a.jpg': jpeg });
      assert.equal((await listPhotos(folder)).read, 1);
      const missing = path.join(folder, 'nowhere');
      await assert.rejects(listPhotos(missing), { code: 'ERR_BYOL_DATA', message: /nowhere .*it does not exist/ });
      await assert.rejects(listPhotos(path.join(folder, 'a.jpg')), {
        code: 'ERR_BYOL_DATA',
        message: /a part of the path is a file/,
      });
      const controller = new AbortController();
      const stopped = listPhotos('/usr', {
        signal: controller.signal,
        onProgress: () => controller.abort(new Error('enough')),
      });
      await assert.rejects(stopped, /enough/);
    }));

  test(
    'goes on where a folder or file may not be read',
    { skip: process.getuid?.() === 0 ? false : 'needs to be root, to be somebody else' },
    (t) =>
      withPhotoFolder(async (folder) => {
        writeFiles(folder, { 'open/a.jpg': jpeg, 'closed/b.jpg': jpeg, 'secret.jpg': jpeg });
        chmodSync(path.join(folder, 'closed'), 0);
        chmodSync(path.join(folder, 'secret.jpg'), 0);
        chmodSync(path.dirname(folder), 0o755);
        const script = `
        import { readdirSync } from 'node:fs';
        const { listPhotos } = await import(${JSON.stringify(path.join(root, 'dist/lib/data/photos/listing.js'))});
        process.env.BYOL_CACHE = '/nowhere';
        process.setuid(65534);
        const unreadable = [${JSON.stringify(root)}, ${JSON.stringify(path.dirname(folder))}].filter((place) => {
          try { readdirSync(place); } catch { return true; }
        });
        if (unreadable.length > 0) { console.log(JSON.stringify(unreadable[0])); process.exit(); }
        const { table, passed } = await listPhotos(${JSON.stringify(folder)});
        console.log(JSON.stringify([table.count, [...table.problems], [...passed]]));`;
        const told = JSON.parse(
          execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
        );
        if (typeof told === 'string') return t.skip(`others than root cannot read ${told}`);
        assert.deepEqual(told, [
          2,
          [255, 5],
          [
            ['folders', { count: 1, first: ['closed/ (there is no permission to read it)'] }],
            ['files', { count: 1, first: ['secret.jpg (there is no permission to read it)'] }],
          ],
        ]);
      }),
  );

  test('that grew beyond the first rows is as it was read', () =>
    withPhotoFolder(async (folder) => {
      for (let i = 0; i < 2500; i += 1) appendFileSync(path.join(folder, `${i}`.padStart(60, '0')), `${i}`);
      const { table } = await listPhotos(folder);
      assert.equal(table.count, 2500);
      for (const row of [0, 1023, 1024, 2499]) assert.equal(rawPath(table, row), `${row}`.padStart(60, '0'));
      assert.deepEqual([table.sizes[9], table.sizes[10], table.sizes[2499]], [1, 2, 4]);
    }));
});
