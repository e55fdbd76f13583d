import assert from 'node:assert/strict';
import { realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { classLabels, type Dataset, type FilesSource, type ImageSplit } from '../../../lib/data/dataset.js';
import { inferData } from '../../../lib/data/infer.js';
import { readData } from '../../../lib/data/kinds/index.js';
import { jpegHeader, withPhotoFolder, writeFiles } from '../../support/photos.js';

const jpeg = jpegHeader(30, 20);
const settings = { kind: 'list', image: null, label: null, split: null, brokenLimit: 0 } as const;

async function open(
  file: string,
  more: Partial<Omit<typeof settings, 'kind'>> | object = {},
): Promise<Dataset<FilesSource>> {
  return (await readData({ ...settings, path: file, ...more })) as Dataset<FilesSource>;
}

function told(folder: string, split: ImageSplit<FilesSource> | undefined, names: readonly string[]): string[] {
  const labels = classLabels(split?.targets ?? null);
  return Array.from({ length: split?.count ?? 0 }, (_, image) => {
    const label = labels?.[image] ?? -1;
    return `${path.relative(folder, split?.source.location(image) ?? '')}${label < 0 ? '' : ` ${names[label]}`}`;
  });
}

describe('a list of images', () => {
  const withList = (name: string, text: string, body: (file: string, folder: string) => Promise<void>): Promise<void> =>
    withPhotoFolder(async (folder) => {
      writeFiles(folder, {
        'b/2.jpg': jpeg,
        'a 1.jpg': jpeg,
        'c.jpg': jpeg,
        'd.jpg': jpeg,
        'not listed.jpg': jpeg,
        [name]: text,
      });
      await body(path.join(folder, name), folder);
    });

  test('is CSV, JSON or JSON lines, with columns of the usual names', async () => {
    const forms: Record<string, string> = {
      'a.csv': 'file_name,class\nb/2.jpg,dog\n"a 1.jpg",cat\n./c.jpg,dog\n',
      'a.tsv': 'Path\tLabel\nb/2.jpg\tdog\na 1.jpg\tcat\nc.jpg\tdog\n',
      'a.json':
        '[{"image": "b/2.jpg", "label": "dog"}, {"image": "a 1.jpg", "label": "cat"}, {"image": "c.jpg", "label": "dog"}]',
      'b.json': '{"b/2.jpg": "dog", "a 1.jpg": "cat", "c.jpg": "dog"}',
      'a.jsonl':
        '{"filename": "b/2.jpg", "category": "dog"}\n{"filename": "a 1.jpg", "category": "cat"}\n{"filename": "b/../c.jpg", "category": "dog"}\n',
    };
    for (const [name, text] of Object.entries(forms)) {
      await withList(name, text, async (file, folder) => {
        const { config, title } = await inferData(file);
        assert.deepEqual(
          [config, title],
          [{ ...settings, path: file, brokenLimit: 0.05 }, 'a list of image files: CSV, JSON or JSON lines'],
        );
        const { train, classNames, notes } = await open(file);
        assert.deepEqual(classNames, ['cat', 'dog']);
        assert.deepEqual(told(folder, train, classNames), ['a 1.jpg cat', 'b/2.jpg dog', 'c.jpg dog'], name);
        assert.deepEqual([notes, [...(train.source.widths as Int32Array)]], [[], [30, 30, 30]]);
      });
    }
  });

  test('may have splits, numbers, several classes each, columns of other names, and absolute paths', async () => {
    const csv = (folder: string) =>
      `who,n,set\n${path.join(folder, 'b/2.jpg')},10,train\na 1.jpg,9,validation\nc.jpg,-1,train\nd.jpg,9,extra\n`;
    await withList('x.csv', '', async (file, folder) => {
      writeFileSync(file, csv(folder));
      const { train, test: held, classNames, notes } = await open(file, { image: 'who', label: 'n' });
      assert.deepEqual(classNames, ['9', '10']);
      assert.deepEqual(
        [told(folder, train, classNames), told(folder, held, classNames)],
        [['b/2.jpg 10', 'c.jpg'], ['a 1.jpg 9']],
      );
      assert.deepEqual(notes, [`Images of ${file} in no split called train, val or test are left out: 1.`]);
    });
    await withList(
      'x.json',
      '[{"file": "c.jpg", "labels": ["x", "y"]}, {"file": "d.jpg", "labels": []}, {"file": "a 1.jpg", "labels": ["y"]}]',
      async (file) => {
        const { train } = await open(file);
        assert.deepEqual(train.targets, {
          kind: 'labels',
          offsets: Int32Array.of(0, 1, 3, 3),
          labels: Int32Array.of(1, 0, 1),
        });
      },
    );
    await withList('x.json', '["c.jpg", "d.jpg", "c.jpg"]', async (file) => {
      const { train, notes } = await open(file);
      assert.deepEqual(
        [train.count, train.targets, notes],
        [2, null, [`Lines of ${file} that name a file once more: 1.`]],
      );
    });
  });

  test('is read as spreadsheets and scripts save it: marked, in UTF-16, with spaces, with classes in some rows only', async () => {
    const csv = 'path,label,split\r\nb/2.jpg,dog,train \r\n  \r\nd.jpg,cat,TEST\r\n\r\n';
    const few = (count: number) =>
      `${'{"path": "b/2.jpg", "split": "train"}\n'.repeat(count)}{"path": "d.jpg", "label": "cat", "split": "test"}`;
    for (const [name, text] of [
      ['a.csv', `\ufeff${csv}`],
      ['a.jsonl', `\ufeff${few(1)}`],
      ['b.jsonl', few(150)],
      ['a.json', '\ufeff[{"path": "b/2.jpg", "split": "train"}, {"path": "d.jpg", "label": "cat", "split": "test"}]'],
    ] as const) {
      for (const encoding of ['utf8', 'utf16le'] as const) {
        await withList(name, '', async (file, folder) => {
          writeFileSync(file, text.startsWith('\ufeff') ? text : `\ufeff${text}`, encoding);
          const { train, test: held, classNames } = await open(file);
          const of = (split: ImageSplit<FilesSource> | undefined) =>
            told(folder, split, classNames).map((line) => line.replace(' dog', ''));
          assert.deepEqual([of(train), of(held)], [['b/2.jpg'], ['d.jpg cat']], `${name} ${encoding}`);
        });
      }
    }
  });

  test('in a folder behind a link names files elsewhere by whole paths, and by the way from where it lies', () =>
    withPhotoFolder(async (folder) => {
      writeFiles(folder, { 'lists/deep/c.jpg': jpeg, 'images/d.jpg': jpeg, 'lists/e.jpg': jpeg });
      const link = path.join(folder, 'link');
      symlinkSync(path.join('lists', 'deep'), link);
      const whole = path.join(folder, 'images', 'd.jpg');
      writeFileSync(path.join(link, 'a.csv'), `path\n${whole}\n../e.jpg\nc.jpg\n${path.join(link, 'c.jpg')}\n`);
      const { train, notes } = await open(path.join(link, 'a.csv'), { brokenLimit: 0 });
      const real = realpathSync(folder);
      assert.deepEqual(told(real, train, []), ['images/d.jpg', 'lists/e.jpg', 'lists/deep/c.jpg']);
      assert.deepEqual(notes, [`Lines of ${path.join(link, 'a.csv')} that name a file once more: 1.`]);
      for (let image = 0; image < 3; image += 1) assert.deepEqual(Buffer.from(await train.source.read(image)), jpeg);
    }));

  test('none of whose files can be read says why', () =>
    withList('a.csv', 'path\nx.jpg\n', (file) =>
      assert.rejects(open(file, { brokenLimit: 1 }), {
        code: 'ERR_BYOL_DATA',
        message:
          /lists no training images that can be read\. 1 broken image is left out .*x\.jpg \(it does not exist\)\.$/,
      }),
    ));

  test('that cannot be used says which row is wrong', async () => {
    const cases: ReadonlyArray<readonly [string, string, RegExp]> = [
      ['a.csv', 'file,class\nc.jpg\n', /row 1 has 1 fields, and the first line names 2/],
      [
        'a.csv',
        'photo,class\nc.jpg,x\n',
        /none of its columns is called like one of paths \(photo, class\)\. Its first line has to name the columns, .* data\.image\.$/,
      ],
      ['a.csv', 'file,class\n', /it is empty/],
      ['a.csv', 'file,class\n,x\n', /row 1 has no path in 'file'/],
      ['a.csv', 'file\nhttps://x.y/c.jpg\n', /row 1 has an address, https/],
      ['a.csv', 'file,class\nc.jpg,x\nc.jpg,y\n', /lists c\.jpg twice, with different classes/],
      ['a.csv', 'file,class\nc.jpg,"x\n', /a quote in row 2 is not closed/],
      ['a.json', '{"a": ', /no list of images: .*JSON/],
      ['a.json', '7', /neither an array nor an object/],
      ['a.jsonl', '{"file": "c.jpg"}\n{\n', /line 2: /],
      ['a.csv', 'file\nc.jpg\nmissing.jpg\n', /^1 of 2 images in .* are broken.*missing\.jpg \(it cannot be read\)/],
      ['a.csv', 'file,split\nc.jpg,test\n', /lists no training images that can be read\.$/],
      ['a.csv', 'file,class, file\nc.jpg,x,d.jpg\n', /two of its columns are called 'file'/],
      ['a.jsonl', '{"file": "c.jpg", "label": {"name": "x"}}\n', /the class in row 1 is neither a word nor a number/],
      ['a.json', '{"images": [{"file_name": "c.jpg"}]}', /the class in row 1 is neither a word nor a number/],
    ];
    for (const [name, text, message] of cases) {
      await withList(name, text, (file) => assert.rejects(open(file), { code: 'ERR_BYOL_DATA', message }));
    }
    await withList('a.csv', 'file\nc.jpg\n', (file) =>
      assert.rejects(open(file, { label: 'klass' }), {
        code: 'ERR_BYOL_DATA',
        message: /it has no column 'klass' \(data\.label\) but file/,
      }),
    );
  });

  test('names files that are looked at again only where they have changed', () =>
    withList('a.csv', 'file\nc.jpg\nmissing.jpg\n', async (file, folder) => {
      const { train, broken } = await open(file, { brokenLimit: 0.5 });
      assert.deepEqual(
        [train.count, broken],
        [1, [{ location: path.join(folder, 'missing.jpg'), reason: 'cannot be read' }]],
      );
      writeFiles(folder, { 'missing.jpg': jpegHeader(7, 8), 'c.jpg': jpegHeader(9, 9) });
      const again = await open(file);
      assert.deepEqual([...(again.train.source.widths as Int32Array)], [9, 7]);
    }));

  test('finds files whose names are spelled with other bytes', () =>
    withPhotoFolder(async (folder) => {
      const [one, apart] = ['caf\u00e9.jpg', 'cafe\u0301 2.jpg'];
      writeFiles(folder, { [one]: jpeg, [apart]: jpegHeader(40, 20), 'n\u0303/x.jpg': jpegHeader(50, 20) });
      const file = path.join(folder, 'a.csv');
      writeFileSync(
        file,
        `path,label\n${one.normalize('NFD')},a\n${apart.normalize('NFC')},b\n${'n\u0303/x.jpg'.normalize('NFC')},c\n`,
      );
      const { train, classNames } = await open(file);
      const labels = classLabels(train.targets) ?? [];
      const found = Array.from(
        train.source.widths as Int32Array,
        (width, i) => `${width} ${classNames[labels[i] ?? -1]}`,
      );
      assert.deepEqual(found.sort(), ['30 a', '40 b', '50 c']);
      assert.equal((await train.source.read(0)).length, jpeg.length);
    }));
});
