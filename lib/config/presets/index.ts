import { ByolError } from '../../errors.js';
import { nearest } from '../../text/nearest.js';
import { copySettings } from '../layers.js';
import type { Config } from '../schema.js';
import { cifar10 } from './cifar10.js';
import { cifar10Small } from './cifar10-small.js';
import { imagenet40, imagenet100, imagenet300, imagenet1000 } from './imagenet.js';
import { imagenette } from './imagenette.js';
import { photosSmall } from './photos-small.js';
import { shapes } from './shapes.js';
import { textures } from './textures.js';

/** Keyed by what people know: the data, and for ImageNet the number of epochs. */
const all = {
  textures,
  shapes,
  'cifar10-small': cifar10Small,
  'photos-small': photosSmall,
  cifar10,
  imagenette,
  'imagenet-40': imagenet40,
  'imagenet-100': imagenet100,
  'imagenet-300': imagenet300,
  'imagenet-1000': imagenet1000,
};

/** 'shapes', 'cifar10-small', 'imagenet-300', ... */
export type PresetName = keyof typeof all;

/** A configuration whose kinds of data, optimiser and predictor are known to the compiler. */
type Preset<Name extends PresetName> = Config & {
  readonly [Group in 'data' | 'optimizer' | 'predictor']: Extract<
    Config[Group],
    { readonly kind: (typeof all)[Name][Group]['kind'] }
  >;
};

/** Complete configurations to train with or to start one's own from. They are frozen, and each owns all of its parts. */
export const presets: { readonly [Name in PresetName]: Preset<Name> } = deepFreeze(copySettings(all));

/** Those that need least first. */
export const presetNames = Object.keys(all) as PresetName[];

export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(all, name);
}

/** One line each for people who choose. */
export const presetSummaries: Readonly<Record<PresetName, string>> = {
  textures: 'generated patterns of 16 pixels, a minute on one core; what tables train at scale ci',
  shapes: 'generated images, minutes on two cores; needs no files',
  'cifar10-small': '10,000 images of CIFAR-10 and a small network, about 10 minutes on two cores',
  'photos-small': 'a folder of photos and a small network, 64 pixels; 1,000 photos take about 5 minutes on two cores',
  cifar10: 'CIFAR-10 with a ResNet-18, 200 epochs; wants a GPU',
  imagenette: "the authors' recipe for Imagenette, ResNet-18, 1000 epochs",
  'imagenet-40': "the authors' 40-epoch setting on ImageNet, ResNet-50",
  'imagenet-100': "the authors' 100-epoch setting on ImageNet, ResNet-50",
  'imagenet-300': 'the setting of all ablations in the paper, ResNet-50, 300 epochs',
  'imagenet-1000': 'the main result of the paper, ResNet-50, 1000 epochs',
};

/** A preset by its name. Throws ERR_BYOL_CONFIG naming the nearest one and all there are. `from`: where the name was given. */
export function findPreset(name: string, from?: string): Config {
  if (isPresetName(name)) return presets[name];
  const near = nearest(name, presetNames);
  const meant = near === undefined ? '' : ` Did you mean '${near}'?`;
  const where = from === undefined ? '' : ` (${from})`;
  throw new ByolError(
    'ERR_BYOL_CONFIG',
    `There is no preset '${name}'${where}.${meant} There are: ${presetNames.join(', ')}.`,
  );
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    for (const item of Object.values(value)) deepFreeze(item);
    Object.freeze(value);
  }
  return value;
}
