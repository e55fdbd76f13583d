import path from 'node:path';
import type { StepInput } from '../../lib/binding/native.js';
import { availableCores } from '../../lib/train/available-cores.js';
import { openResources, type TrainingResources } from '../../lib/train/resources.js';
import { stepInput } from '../../lib/train/step-input.js';
import { type Spread, spreadOf } from '../spread.js';
import { linkPhotos, photoConfig } from './folder.js';
import { type LoaderWay, loaderWays, missingFor, PythonLoader } from './loaders.js';

const SIZE = 224;
const BATCH = 64;
const TURNS = 5;
/** Ours takes too little time for one pass over the photos to be timed well. */
const OUR_PASSES = 4;

export interface PairsRow {
  /** Threads of ours, processes of the others. */
  readonly workers: number;
  readonly pairsPerSecond: Spread;
  readonly others: Readonly<
    Record<LoaderWay, { readonly skipped: string } | { readonly pairsPerSecond: Spread; readonly ratio: number }>
  >;
}

export interface PairsBench {
  readonly what: string;
  readonly size: number;
  readonly batch: number;
  readonly photos: number;
  readonly turns: number;
  readonly versions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly rows: readonly PairsRow[];
}

/** JPEG files to augmented pairs in memory, side by side, a turn of each after the other. */
export async function benchPairs(files: readonly string[], dir: string): Promise<PairsBench> {
  const python = process.env.BYOL_BENCH_PYTHON ?? 'python3';
  const missing = Object.fromEntries(loaderWays.map((way) => [way, missingFor(way, python)])) as Record<
    LoaderWay,
    string
  >;
  const folder = path.join(dir, 'pairs');
  linkPhotos(files, folder, OUR_PASSES);
  const versions: Record<string, Readonly<Record<string, string>>> = {};
  const rows: PairsRow[] = [];
  for (const workers of new Set([1, availableCores()])) {
    const resources = await openResources(ourConfig(folder, workers));
    const loaders = new Map<LoaderWay, PythonLoader>();
    try {
      for (const way of loaderWays) {
        if (missing[way] !== '') continue;
        const loader = await PythonLoader.start(python, { way, files, size: SIZE, batch: BATCH, workers });
        versions[way] = loader.versions;
        loaders.set(way, loader);
      }
      const ours: number[] = [];
      const others = new Map<LoaderWay, number[]>(loaderWays.map((way) => [way, []]));
      // Turn by turn, so that a machine that slows down does so for all. The first one warms up.
      for (let turn = 0; turn <= TURNS; turn += 1) {
        const speed = await ourPairsPerSecond(resources, turn);
        if (turn > 0) ours.push(speed);
        for (const [way, loader] of loaders) {
          const seconds = await loader.pass();
          if (turn > 0) others.get(way)?.push(files.length / seconds);
        }
      }
      const pairsPerSecond = spreadOf(ours);
      const compared = loaderWays.map((way) => {
        if (missing[way] !== '') return [way, { skipped: missing[way] }] as const;
        const theirs = spreadOf(others.get(way) as number[]);
        return [way, { pairsPerSecond: theirs, ratio: pairsPerSecond.median / theirs.median }] as const;
      });
      rows.push({ workers, pairsPerSecond, others: Object.fromEntries(compared) as PairsRow['others'] });
    } finally {
      for (const loader of loaders.values()) loader.stop();
      resources.dispose();
    }
  }
  const what = 'JPEG files to both official BYOL views in memory, float32 and normalised, in random order';
  return { what, size: SIZE, batch: BATCH, photos: files.length, turns: TURNS, versions, rows };
}

function ourConfig(folder: string, threads: number): ReturnType<typeof photoConfig> {
  const config = photoConfig(folder, { batchSize: BATCH, threads, epochs: 100 });
  return { ...config, views: { ...config.views, size: SIZE } };
}

/** An epoch as training has it, up to where the network would take the views. */
async function ourPairsPerSecond(resources: TrainingResources, epoch: number): Promise<number> {
  const { epochs } = resources.sampler;
  const steps = Math.floor(epochs.perEpoch);
  const start = performance.now();
  for (let step = epoch * steps; step < (epoch + 1) * steps; step += 1) {
    const { input, release } = await stepInput(resources, step);
    await views(resources, input);
    release();
  }
  return (steps * resources.sampler.rows) / ((performance.now() - start) / 1000);
}

async function views({ native, config }: TrainingResources, { images, indices, views }: StepInput): Promise<void> {
  const how = { images, indices, executor: 'fused', dtype: 'float32', threads: config.threads, device: 'cpu' } as const;
  for (const { plan, spec } of views) await native.timePlan({ ...how, plan, view: spec });
}
