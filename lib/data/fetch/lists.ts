import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../../files/atomic-file.js';

/** Lists of images as the kind 'list' reads them, of the files in which public sets keep their classes and splits. */

/** Writes `file` in the folder of a set. */
export type ListWriter = (folder: string, file: string) => Promise<void>;

type Row = readonly [path: string, label: string, split: 'train' | 'val' | 'test'];

const splits = ['train', 'val', 'test'] as const;

async function lines(...path: string[]): Promise<string[]> {
  const text = await readFile(join(...path), 'utf8');
  return text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

async function writeCsv(folder: string, file: string, rows: readonly Row[]): Promise<void> {
  const field = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const text = rows.map((row) => `${row.map(field).join(',')}\n`);
  await writeAtomically(join(folder, file), `path,label,split\n${text.join('')}`);
}

/** meta/train.txt: "apple_pie/1005649" */
export const food101: ListWriter = async (folder, file) => {
  const rows: Row[] = [];
  for (const split of ['train', 'test'] as const) {
    for (const line of await lines(folder, 'meta', `${split}.txt`)) {
      rows.push([`images/${line}.jpg`, line.slice(0, line.indexOf('/')), split]);
    }
  }
  await writeCsv(folder, file, rows);
};

/** labels/train1.txt: "banded/banded_0002.jpg" */
export const dtd: ListWriter = async (folder, file) => {
  const rows: Row[] = [];
  for (const split of splits) {
    for (const line of await lines(folder, 'labels', `${split}1.txt`)) {
      rows.push([`images/${line}`, line.slice(0, line.indexOf('/')), split]);
    }
  }
  await writeCsv(folder, file, rows);
};

/** annotations/trainval.txt: "american_bulldog_10 2 2 1", of which the first is the image, named after its breed. */
export const pets: ListWriter = async (folder, file) => {
  const rows: Row[] = [];
  for (const [name, split] of [
    ['trainval', 'train'],
    ['test', 'test'],
  ] as const) {
    for (const line of await lines(folder, 'annotations', `${name}.txt`)) {
      const image = line.slice(0, line.indexOf(' '));
      rows.push([`images/${image}.jpg`, image.slice(0, image.lastIndexOf('_')), split]);
    }
  }
  await writeCsv(folder, file, rows);
};

/** data/images_variant_train.txt: "1025794 707-320" */
export const aircraft: ListWriter = async (folder, file) => {
  const rows: Row[] = [];
  for (const split of splits) {
    for (const line of await lines(folder, 'data', `images_variant_${split}.txt`)) {
      const space = line.indexOf(' ');
      rows.push([`data/images/${line.slice(0, space)}.jpg`, line.slice(space + 1).trim(), split]);
    }
  }
  await writeCsv(folder, file, rows);
};

/** "a/abbey/sun_aakb.jpg", "c/church/indoor/sun_adba.jpg": the class is what is between the letter and the name. */
export const sun397: ListWriter = async (folder, file) => {
  const entries = await readdir(folder, { recursive: true });
  const images = entries.map((entry) => entry.replaceAll('\\', '/')).filter((entry) => /^[a-z]\/.*\.jpg$/.test(entry));
  const label = (path: string): string => path.slice(2, path.lastIndexOf('/'));
  await writeCsv(
    folder,
    file,
    images.sort().map((path) => [path, label(path), 'train'] as const),
  );
};

/** categories_places365.txt: "/a/airfield 0"; places365_train_standard.txt: "/a/airfield/00000001.jpg 0", places365_val.txt without folders. */
export const places365: ListWriter = async (folder, file) => {
  const pair = (line: string): readonly [string, string] => line.trim().split(/\s+/) as [string, string];
  const names = new Map(
    (await lines(folder, 'categories_places365.txt')).map((line) => [pair(line)[1], pair(line)[0].slice(3)]),
  );
  const rows: Row[] = [];
  for (const [list, images, split] of [
    ['places365_train_standard.txt', 'data_256', 'train'],
    ['places365_val.txt', 'val_256/', 'val'],
  ] as const) {
    for (const line of await lines(folder, list)) {
      const [path, number] = pair(line);
      rows.push([`${images}${path}`, names.get(number) ?? number, split]);
    }
  }
  await writeCsv(folder, file, rows);
};

/** VOC2007/ImageSets/Main/cat_trainval.txt: "000005 -1"; 1: there is one, 0: it is hard to see, -1: there is none. */
export const voc2007: ListWriter = async (folder, file) => {
  const main = join(folder, 'VOC2007', 'ImageSets', 'Main');
  const classes = (await readdir(main)).flatMap((name) => /^(\w+)_trainval\.txt$/.exec(name)?.[1] ?? []).sort();
  const rows: string[] = [];
  for (const [name, split] of [
    ['trainval', 'train'],
    ['test', 'test'],
  ] as const) {
    const labels = new Map((await lines(main, `${name}.txt`)).map((line) => [line.trim(), [] as string[]]));
    for (const label of classes) {
      for (const line of await lines(main, `${label}_${name}.txt`)) {
        const [image = '', present] = line.trim().split(/\s+/);
        if (present === '1') labels.get(image)?.push(label);
      }
    }
    for (const [image, found] of labels) {
      rows.push(JSON.stringify({ path: `VOC2007/JPEGImages/${image}.jpg`, labels: found, split }));
    }
  }
  await writeAtomically(join(folder, file), `${rows.join('\n')}\n`);
};
