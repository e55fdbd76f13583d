import type { SplitName } from '../../lib/data/dataset.js';
import type { SetName } from '../../lib/data/sets/index.js';
import { matFile } from './mat.js';

/** Published sets in small: their layouts as their homes describe them, with a few images and classes. */

export interface StandInImage {
  /** Below the folder of the set. */
  readonly path: string;
  readonly classes: readonly string[];
  /** As the set itself divides them; 'test' is what is measured with. */
  readonly split: SplitName;
}

export interface StandIn {
  readonly classNames: readonly string[];
  readonly images: readonly StandInImage[];
  /** Its lists, and files that are no images of it. */
  readonly files: Readonly<Record<string, Uint8Array | string>>;
}

type Sizes = Partial<Record<SplitName, number>>;

interface Numbered extends StandInImage {
  readonly label: number;
  /** From 1, over all images of the split. */
  readonly number: number;
}

/** Images of each class in turn, as in no set: lists and folders have other orders. */
function imagesOf(
  classNames: readonly string[],
  sizes: Sizes,
  pathOf: (name: string, split: SplitName, number: number) => string,
): Numbered[] {
  return (['train', 'val', 'test'] as const).flatMap((split) =>
    Array.from({ length: (sizes[split] ?? 0) * classNames.length }, (_, i) => {
      const label = i % classNames.length;
      const name = classNames[label] as string;
      return { path: pathOf(name, split, i + 1), classes: [name], split, label, number: i + 1 };
    }),
  );
}

function lines(images: readonly Numbered[], split: SplitName, line: (image: Numbered) => string): string {
  const own = images.filter((image) => image.split === split);
  return own.map((image) => `${line(image)}\n`).join('');
}

/** "images/a/b.jpg" without the first folder, and without its ending. */
const below = (path: string): string => path.slice(path.indexOf('/') + 1);
const bare = (path: string): string => path.replace(/\.\w+$/, '');
const last = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const wnids = ['n01440764', 'n01443537', 'n02102040'];

function imagenet(classNames: readonly string[], flat: boolean): Numbered[] {
  return imagesOf(classNames, { train: 12, test: 4 }, (wnid, split, number) => {
    if (split === 'train') return `train/${wnid}/${wnid}_${number}.JPEG`;
    return `val/${flat ? '' : `${wnid}/`}ILSVRC2012_val_${String(number).padStart(8, '0')}.JPEG`;
  });
}

export const standIns: Readonly<Record<SetName, () => StandIn>> = {
  imagenet() {
    const images = imagenet(wnids, true);
    // The challenge's own numbers are in no order of the names.
    const numbers = [3, 1, 2];
    const structs = [2, 0, 1].map((number, i) => ({
      ILSVRC2012_ID: [i + 1],
      WNID: wnids[[1, 2, 0][i] as number] as string,
      num_children: [number],
    }));
    return {
      classNames: wnids,
      images,
      files: {
        'ILSVRC2012_devkit_t12/data/meta.mat': matFile({ synsets: { structs } }),
        'ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt': lines(images, 'test', ({ label }) =>
          String(numbers[label]),
        ),
      },
    };
  },
  food101() {
    const classNames = ['apple_pie', 'baby_back_ribs', 'waffles'];
    const images = imagesOf(
      classNames,
      { train: 20, test: 4 },
      (name, split, number) => `images/${name}/${split === 'test' ? 9 : 1}${number}.jpg`,
    );
    const list = (split: SplitName): string => lines(images, split, ({ path }) => bare(below(path)));
    return {
      classNames,
      images,
      files: { 'meta/train.txt': list('train'), 'meta/test.txt': list('test'), 'meta/labels.txt': 'Apple pie\n' },
    };
  },
  birdsnap() {
    const classNames = ['Acadian Flycatcher', 'Blue Jay', "Cassin's Finch"];
    const folder = (name: string): string => name.replaceAll(' ', '_').replace("'", '');
    const images = imagesOf(
      classNames,
      { train: 10, test: 2 },
      (name, split, number) => `download/images/${folder(name)}/${split}${number}.jpg`,
    );
    const path = (image: StandInImage): string => image.path.slice('download/images/'.length);
    const ids = ['17', '2', '301'];
    return {
      classNames,
      images,
      files: {
        'species.txt': `id\tcommon\tscientific\n${classNames.map((name, i) => `${ids[i]}\t${name}\tAvis\n`).join('')}`,
        'images.txt': `url\tmd5\tpath\tspecies_id\tbb_x1\n${images.map((image) => `http://x\t0\t${path(image)}\t${ids[image.label]}\t1\n`).join('')}`,
        'test_images.txt': `path\n${lines(images, 'test', path)}`,
      },
    };
  },
  sun397() {
    const classNames = ['abbey', 'cathedral/outdoor', 'youth_hostel'];
    const images = imagesOf(
      classNames,
      { train: 50, test: 3 },
      (name, split, number) => `${name[0]}/${name}/sun_${split}${number}.jpg`,
    );
    const list = (split: SplitName): string => lines(images, split, ({ path }) => `/${path}`);
    return {
      classNames,
      images,
      files: {
        'Partitions/ClassName.txt': classNames.map((name) => `/${name[0]}/${name}\n`).join(''),
        'Partitions/Training_01.txt': list('train').replaceAll('\n', '\r\n'),
        'Partitions/Testing_01.txt': list('test'),
        'Partitions/Training_02.txt': '/a/abbey/other.jpg\n',
      },
    };
  },
  cars() {
    const classNames = ['AM General Hummer SUV 2000', 'Audi S4 Sedan 2012', 'smart fortwo Convertible 2012'];
    const images = imagesOf(
      classNames,
      { train: 12, test: 10 },
      (_, split, number) => `cars_${split}/${String(number).padStart(5, '0')}.jpg`,
    );
    const annotations = (split: SplitName, labelled: boolean): Buffer => {
      const own = images.filter((image) => image.split === split);
      const structs = own.map(({ path, label }) => ({
        bbox_x1: [39],
        bbox_y1: [116],
        ...(labelled && { class: [label + 1] }),
        fname: last(path),
      }));
      return matFile({ annotations: { structs } });
    };
    return {
      classNames,
      images,
      files: {
        'devkit/cars_meta.mat': matFile({ class_names: { cells: classNames } }),
        'devkit/cars_train_annos.mat': annotations('train', true),
        'devkit/cars_test_annos.mat': annotations('test', false),
        'cars_test_annos_withlabels.mat': annotations('test', true),
      },
    };
  },
  aircraft() {
    const classNames = ['707-320', 'Boeing 717', 'Yak-42'];
    const images = imagesOf(
      classNames,
      { train: 4, val: 4, test: 3 },
      (_, split, number) => `data/images/${{ train: 1, val: 2, test: 3 }[split]}${String(number).padStart(6, '0')}.jpg`,
    );
    const list = (split: SplitName): string =>
      lines(images, split, ({ path, classes }) => `${bare(last(path))} ${classes[0]}`);
    return {
      classNames,
      images,
      files: {
        'data/variants.txt': classNames.join('\n'),
        'data/images_variant_train.txt': list('train'),
        'data/images_variant_val.txt': list('val'),
        'data/images_variant_test.txt': list('test'),
        'data/images_family_train.txt': '1000001 Boeing\n',
      },
    };
  },
  voc2007: () => voc('VOC2007', { train: 4, val: 4, test: 5 }),
  voc2012: () => voc('VOC2012', { train: 4, val: 4 }),
  dtd() {
    const classNames = ['banded', 'woven', 'zigzagged'];
    const images = imagesOf(
      classNames,
      { train: 4, val: 4, test: 4 },
      (name, split, number) => `images/${name}/${name}_${split}${number}.jpg`,
    );
    const list = (split: SplitName): string => lines(images, split, ({ path }) => below(path));
    return {
      classNames,
      images,
      files: {
        'labels/train1.txt': list('train'),
        'labels/val1.txt': list('val'),
        'labels/test1.txt': list('test'),
        'labels/train2.txt': 'banded/banded_val1.jpg\n',
        'imdb/imdb.mat': 'x',
      },
    };
  },
  pets() {
    const classNames = ['Abyssinian', 'american_bulldog', 'yorkshire_terrier'];
    const images = imagesOf(
      classNames,
      { train: 50, test: 6 },
      (name, split, number) => `images/${name}_${split === 'test' ? 9 : 1}${number}.jpg`,
    );
    const list = (split: SplitName): string =>
      lines(images, split, ({ path, label }) => `${bare(last(path))} ${label + 1} 1 ${label + 1}`);
    return {
      classNames,
      images,
      files: {
        'annotations/trainval.txt': list('train'),
        'annotations/test.txt': list('test'),
        'annotations/list.txt': `#Image CLASS-ID SPECIES BREED ID\n${list('train')}`,
        'images/Abyssinian_100.mat': 'x',
      },
    };
  },
  caltech101: () => caltech(['Faces_easy', 'Leopards', 'accordion', 'yin_yang']),
  'caltech101-background': () => caltech(['BACKGROUND_Google', 'Faces_easy', 'Leopards', 'accordion', 'yin_yang']),
  flowers102() {
    const classNames = ['1', '2', '3'];
    const splits = imagesOf(classNames, { train: 3, val: 3, test: 5 }, () => '');
    // The numbers of images go through the classes, whatever their split.
    const images = [...splits]
      .sort((a, b) => a.label - b.label)
      .map((image, i) => ({ ...image, number: i + 1, path: `jpg/image_${String(i + 1).padStart(5, '0')}.jpg` }));
    const ids = (split: SplitName): number[] =>
      images.filter((image) => image.split === split).map(({ number }) => number);
    return {
      classNames,
      images,
      files: {
        'imagelabels.mat': matFile({ labels: images.map(({ label }) => label + 1) }),
        'setid.mat': matFile({ trnid: ids('train'), valid: ids('val'), tstid: ids('test').reverse() }, false),
      },
    };
  },
  places365() {
    const classNames = ['airfield', 'apartment_building/outdoor', 'zen_garden'];
    const images = imagesOf(classNames, { train: 6, test: 3 }, (name, split, number) => {
      const file = `${String(number).padStart(8, '0')}.jpg`;
      return split === 'train' ? `data_256/${name[0]}/${name}/${file}` : `val_256/Places365_val_${file}`;
    });
    return {
      classNames,
      images,
      files: {
        'categories_places365.txt': classNames.map((name, i) => `/${name[0]}/${name} ${i}\n`).join(''),
        'places365_train_standard.txt': lines(images, 'train', ({ path, label }) => `/${below(path)} ${label}`),
        'places365_val.txt': lines(images, 'test', ({ path, label }) => `${below(path)} ${label}`),
      },
    };
  },
};

/** Of every third image two classes, of the fourth none: hard to see. */
function voc(year: string, sizes: Sizes): StandIn {
  const classNames = ['aeroplane', 'cat', 'train'];
  const images = imagesOf(
    classNames,
    sizes,
    (_, split, number) => `${year}/JPEGImages/2007_${split}${String(number).padStart(3, '0')}.jpg`,
  ).map((image) => {
    const other = classNames[(image.label + 1) % 3] as string;
    const classes = image.number % 4 === 3 ? [] : image.number % 3 === 1 ? [...image.classes, other] : image.classes;
    return { ...image, classes: classNames.filter((name) => classes.includes(name)) };
  });
  const main = `${year}/ImageSets/Main/`;
  const files: Record<string, string> = {};
  for (const split of ['train', 'val', 'test'] as const) {
    if (sizes[split] === undefined) continue;
    files[`${main}${split}.txt`] = lines(images, split, ({ path }) => bare(last(path)));
    for (const [label, name] of classNames.entries()) {
      const presence = (image: Numbered): string => {
        if (image.classes.includes(name)) return ' 1';
        return image.label === label ? ' 0' : '-1';
      };
      files[`${main}${name}_${split}.txt`] = lines(
        images,
        split,
        (image) => `${bare(last(image.path))} ${presence(image)}`,
      );
    }
  }
  const measured = images.map((image) =>
    sizes.test === undefined && image.split === 'val' ? ({ ...image, split: 'test' } as const) : image,
  );
  return { classNames, images: measured, files: { ...files, [`${year}/Annotations/x.xml`]: '<a/>' } };
}

/** 31 images and more: what is learned from is drawn. */
function caltech(classNames: readonly string[]): StandIn {
  const all = imagesOf(
    classNames,
    { test: 34 },
    (name, _, number) => `${name}/image_${String(number).padStart(4, '0')}.jpg`,
  );
  const images = all.filter(({ classes: [name], number }) => name !== 'Leopards' || number <= 31 * classNames.length);
  const without = classNames.includes('BACKGROUND_Google') ? {} : { 'BACKGROUND_Google/tmp': 'x' };
  return { classNames, images, files: without };
}
