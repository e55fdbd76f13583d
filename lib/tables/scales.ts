import { presets } from '../config/presets/index.js';
import { resolveConfig } from '../config/resolve.js';
import type { Config } from '../config/schema.js';

/** How large a table is run: the configuration that its rows change. */

export const scaleNames = ['ci', 'card', 'paper'] as const;
export type ScaleName = (typeof scaleNames)[number];

export const scaleSummaries: Readonly<Record<ScaleName, string>> = {
  ci: 'about 20 minutes a table on two cores: generated images, or the first batch of CIFAR-10 with --data',
  card: 'preset cifar10 as it is for every row and seed, for a graphics card',
  paper: "preset imagenet-300, the setting of the paper's ablations",
};

export interface Base {
  readonly config: Config;
  /** Names the folder beside those of other scales: records of other images are other records. */
  readonly folder: string;
  /** What was chosen and why, for the report. */
  readonly used: string;
}

/** Seeds that a claim needs, and that the time of scale 'ci' is divided by. */
export const DEFAULT_SEEDS = 3;

/** For all rows and seeds of a table together; about what two cores do with the width-16 network of 'ci'. */
export const CI_BUDGET = { minutes: 20, imagesPerSecond: 900 } as const;

/** Images that are only embedded take this part of a training step's time: one of three passes, and no second view. */
const EMBEDDING_COST = 1 / 3;

/**
 * The scale's configuration for a table of which `rows` rows run.
 *
 * @param data where the images lie, if not where the scale's preset has them; at 'ci' it is a folder with CIFAR-10.
 */
export function scaleBase(scale: ScaleName, rows: number, data?: string): Base {
  const path = data === undefined ? {} : { data: { path: data } };
  switch (scale) {
    case 'ci':
      return ciBase(rows, data);
    case 'card':
      return presetBase(scale, resolveConfig({ preset: 'cifar10', patch: path }));
    case 'paper':
      return presetBase(scale, resolveConfig({ preset: 'imagenet-300', patch: path }));
  }
}

function presetBase(scale: ScaleName, config: Config): Base {
  return { config, folder: scale, used: `preset ${config.preset} as it is, ${config.epochs} epochs` };
}

/** The epochs that fit into the time. More seeds than the default take longer, so that the finished ones stay valid. */
function ciBase(rows: number, data: string | undefined): Base {
  const start = presets[data === undefined ? 'shapes' : 'cifar10-small'];
  const { train, test } = imagesOf(start.data);
  const budget = CI_BUDGET.minutes * 60 * CI_BUDGET.imagesPerSecond;
  const perRun = Math.floor(budget / (rows * DEFAULT_SEEDS));
  // Before and after the run.
  const evaluating = Math.round(2 * (train + test) * EMBEDDING_COST);
  const epochs = Math.max(1, Math.floor((perRun - evaluating) / train));
  const config = resolveConfig({
    base: start,
    patch: {
      ...(data !== undefined && { data: { path: data } }),
      epochs,
      onlineProbe: false,
      evaluation: { knn: { everyEpochs: 0 }, linear: { atEnd: false } },
    },
  });
  const used =
    `preset ${start.preset}, ${epochs} epochs of ${group(train)} images: ${CI_BUDGET.minutes} minutes at ` +
    `${CI_BUDGET.imagesPerSecond} images/s, divided by ${rows} rows and ${DEFAULT_SEEDS} seeds, are ${group(perRun)} images a run, ` +
    `of which evaluating takes the time of ${group(evaluating)}`;
  return { config, folder: data === undefined ? 'ci' : 'ci-cifar10', used };
}

function imagesOf(data: Config['data']): { readonly train: number; readonly test: number } {
  switch (data.kind) {
    case 'shapes':
      return { train: data.trainImages, test: data.testImages };
    case 'cifar10':
      return { train: 10_000 * data.batches.length, test: 10_000 };
    case 'raw':
    case 'folder':
      throw new Error(`no scale chooses its epochs for data.kind '${data.kind}'`);
  }
}

function group(value: number): string {
  return value.toLocaleString('en-US');
}
