import type { DataConfig } from '../../data/kinds/index.js';

/** The data sets of the paper's tables of encoders (paper Table 10), and what stands for them at scale 'ci'. */

/** Images that take the place of a set's where a table is to be run in minutes. */
export interface StandIn {
  /** In the folder that --data names. */
  readonly folder: string;
  /** Settings over what the folder is taken for. */
  readonly settings?: { readonly limit?: number; readonly batches?: readonly number[] };
  /** Of a pretraining on it: about as many steps as on the others. */
  readonly epochs?: number;
}

export interface TableSet {
  readonly title: string;
  /** Where its images lie at the scales 'card' and 'paper', if nobody says otherwise. */
  readonly path: string;
  /** The first that is there counts. */
  readonly samples?: readonly StandIn[];
  /** Generated images, where no folder is given. */
  readonly generated?: Extract<DataConfig, { kind: 'shapes' }>;
}

/** Of a whole set, as `byol data fetch` puts it there, about as many images as a sample has. */
const fetched = { settings: { limit: 1000 } } as const;

export const tableSets = {
  imagenet: {
    title: 'ImageNet',
    path: 'data/imagenet',
    samples: [
      { folder: 'imagenette2-224' },
      { folder: 'imagenette2-160', ...fetched },
      { folder: 'imagenette2-320', ...fetched },
    ],
    generated: { kind: 'shapes', trainImages: 6_000, testImages: 2_000, size: 32, seed: 0 },
  },
  places365: {
    title: 'Places365',
    path: 'data/places365',
    // Twice as many images as the other sample that encoders are trained on.
    samples: [
      { folder: 'tiny-imagenet-200-subset', epochs: 20 },
      { folder: 'tiny-imagenet-200', ...fetched },
    ],
    generated: { kind: 'shapes', trainImages: 6_000, testImages: 2_000, size: 24, seed: 1 },
  },
  food101: { title: 'Food-101', path: 'data/food101' },
  cifar10: {
    title: 'CIFAR-10',
    path: 'data/cifar-10-batches-bin',
    samples: [{ folder: 'cifar-10-batches-bin', settings: { batches: [1] } }],
    generated: { kind: 'shapes', trainImages: 2_000, testImages: 2_000, size: 32, seed: 2 },
  },
  cifar100: { title: 'CIFAR-100', path: 'data/cifar-100-binary' },
  birdsnap: { title: 'Birdsnap', path: 'data/birdsnap' },
  sun397: { title: 'SUN397', path: 'data/sun397' },
  cars: { title: 'Stanford Cars', path: 'data/cars' },
  aircraft: { title: 'FGVC Aircraft', path: 'data/aircraft' },
  voc2007: { title: 'PASCAL VOC 2007', path: 'data/VOCdevkit', samples: [{ folder: 'VOCdevkit' }] },
  dtd: { title: 'DTD', path: 'data/dtd' },
  pets: { title: 'Oxford-IIIT Pets', path: 'data/pets' },
  caltech101: { title: 'Caltech-101', path: 'data/caltech101' },
  flowers102: {
    title: 'Oxford 102 Flowers',
    path: 'data/flowers102',
    samples: [{ folder: 'flowers17' }, { folder: 'flowers-102', ...fetched }],
    generated: { kind: 'shapes', trainImages: 1_000, testImages: 1_000, size: 48, seed: 3 },
  },
} as const satisfies Readonly<Record<string, TableSet>>;

/** 'imagenet', 'food101', ... */
export type SetName = keyof typeof tableSets;

export const setNames = Object.keys(tableSets) as readonly SetName[];

/** By its name, with what may be left out. */
export function tableSet(name: SetName): TableSet {
  return tableSets[name];
}
