import { presets } from '../config/presets/index.js';
import type { Config } from '../config/schema.js';
import { resolveConfig } from '../methods/resolve.js';
import { count } from '../text/format.js';
import type { Table } from './table.js';

/** How large a table is run: the configuration that its rows change. */

export const scaleNames = ['ci', 'card', 'paper'] as const;
export type ScaleName = (typeof scaleNames)[number];

export const scaleSummaries: Readonly<Record<ScaleName, string>> = {
  ci: 'half an hour a table on two cores, more with many rows or large batches: generated images, or the first batch of CIFAR-10 with --data',
  card: 'ResNet-18 on CIFAR-10, an hour a table on one graphics card, by estimate',
  paper: "preset imagenet-300, the setting of the paper's ablations",
};

export interface Base {
  readonly config: Config;
  /** Names the folder beside those of other scales: records of other images are other records. */
  readonly folder: string;
  /** What was chosen and why, for the report. */
  readonly used: string;
}

/** As many as a claim on collapse needs: fewer cannot tell a coin from a rule (judging/looks.ts). */
export const DEFAULT_SEEDS = 5;

/** Of scale 'ci' on CIFAR-10: many steps of small batches, and a target that follows fast, so that a run of minutes learns. */
const cifar10Run = {
  batchSize: 64,
  epochs: 4,
  target: { tauBase: 0.9 },
  optimizer: { predictorLearningRateScale: 1 },
} as const;

/**
 * Of scale 'card', so that eight rows with five seeds take about an hour on an H100: 8 x 5 x 15 x 50,000 images at 8,000 a second are
 * an hour, and what is measured of each run comes on top. The rate is expected, not measured. A ResNet-18 at 32 pixels takes
 * 0.56 billion multiply-adds, BYOL eight times that for an image (two views; forward, backward and the target's forward): 9 GFLOP.
 * NVIDIA's ResNet-50 v1.5 trains 2,470 images of 24.6 GFLOP a second on an A100 in mixed precision (DeepLearningExamples), a fifth of
 * its rate for such products; with that part of an H100's it would be 20,000, which small images do not fill.
 */
const cardRun = {
  epochs: 15,
  onlineProbe: false,
  evaluation: { knn: { everyEpochs: 0 } },
} as const;

/** Over what a scale has. */
export interface ScaleChanges {
  /** Where the images lie, if not where the scale's preset has them; at 'ci' it is a folder with CIFAR-10. */
  readonly data?: string | undefined;
  /** Of every run: to try a scale short. Its records lie beside those of the full length. */
  readonly epochs?: number | undefined;
  /** data.limit of every run, the most images of each split; as with `epochs`, records lie beside those of all images. */
  readonly limit?: number | undefined;
}

/** The scale's configuration, whose settings a table's rows change. */
export function scaleBase(
  scale: ScaleName,
  table: Pick<Table, 'ciSettings'>,
  { data, epochs, limit }: ScaleChanges = {},
): Base {
  return limitImages(shorten(fullBase(scale, table, data), epochs), limit);
}

function shorten(base: Base, epochs: number | undefined): Base {
  if (epochs === undefined || epochs === base.config.epochs) return base;
  const { warmupEpochs } = base.config.optimizer;
  // The schedule keeps its form.
  const optimizer = { warmupEpochs: (warmupEpochs * epochs) / base.config.epochs };
  const config = resolveConfig({ base: base.config, patch: { epochs, optimizer } });
  const words = epochs === 1 ? '1 epoch' : `${epochs} epochs`;
  return { config, folder: `${base.folder}-${words.replace(' ', '')}`, used: `${base.used}, cut short to ${words}` };
}

function limitImages({ config, folder, used }: Base, limit: number | undefined): Base {
  if (limit === undefined) return { config, folder, used };
  return {
    config: resolveConfig({ base: config, patch: { data: { limit } } }),
    folder: `${folder}-${limit}images`,
    used: `${used}, on at most ${count(limit)} images of each split`,
  };
}

function fullBase(scale: ScaleName, table: Pick<Table, 'ciSettings'>, data: string | undefined): Base {
  const path = data === undefined ? {} : { data: { path: data } };
  switch (scale) {
    case 'ci':
      return ciBase(table, data);
    case 'card':
      return presetBase(scale, resolveConfig({ preset: 'cifar10', patch: { ...path, ...cardRun } }));
    case 'paper':
      return presetBase(scale, resolveConfig({ preset: 'imagenet-300', patch: path }));
  }
}

function presetBase(scale: ScaleName, config: Config): Base {
  return { config, folder: scale, used: `preset ${config.preset}, ${config.epochs} epochs` };
}

function ciBase({ ciSettings = {} }: Pick<Table, 'ciSettings'>, data: string | undefined): Base {
  const start = presets[data === undefined ? 'textures' : 'cifar10-small'];
  const short = resolveConfig({
    base: start,
    patch: {
      ...(data !== undefined && { data: { path: data }, ...cifar10Run }),
      onlineProbe: false,
      evaluation: { knn: { everyEpochs: 0 }, linear: { atEnd: false } },
    },
  });
  const config = resolveConfig({ base: short, patch: ciSettings });
  const used = `preset ${start.preset}, ${config.epochs} epochs in batches of ${config.batchSize * config.accumulate}, tau from ${config.target.tauBase}`;
  return { config, folder: data === undefined ? 'ci' : 'ci-cifar10', used };
}
