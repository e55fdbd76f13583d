/**
 * The search for the base of the tables' scale 'ci': which images, network and schedule let a run of less than a minute end where
 * the curve is flat. Asked of a base: five seeds of BYOL whose standard deviation is at most 2.5 points of kNN, an untrained encoder at
 * least 20 points below the lowest of them, and 24 runs in 20 minutes.
 * Candidates differ from preset textures, which is the one that was taken, in what is named.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../lib/binding/package-root.js';
import type { ConfigPatch } from '../lib/config/layers.js';
import { type PresetName, presets } from '../lib/config/presets/index.js';
import type { Config } from '../lib/config/schema.js';
import { resolveConfig } from '../lib/methods/resolve.js';
import { trainInChild } from '../lib/run/child/train-in-child.js';
import { summarize } from '../lib/tables/statistics.js';

const CIFAR10 = path.join(packageRoot(), '..', 'shared', 'data', 'cifar-10-batches-bin');

interface Candidate {
  readonly preset: PresetName;
  readonly patch: ConfigPatch;
}

const of = (preset: PresetName, patch: ConfigPatch = {}): Candidate => ({ preset, patch });

const candidates: Readonly<Record<string, Candidate>> = {
  textures: of('textures'),
  'twice the rate': of('textures', { optimizer: { baseLearningRate: 0.4 } }),
  'half the rate': of('textures', { optimizer: { baseLearningRate: 0.1 } }),
  '8 epochs': of('textures', { epochs: 8 }),
  '14 epochs': of('textures', { epochs: 14 }),
  'with solarising': of('textures', { views: { pipelines: presets.shapes.views.pipelines } }),
  'batches of 128': of('textures', { batchSize: 128 }),
  'three groups of blocks': of('textures', { encoder: { blocks: [1, 1, 1] } }),
  'width 8': of('textures', { encoder: { width: 8 } }),
  'heads of 256 and 64': of('textures', {
    projector: { hidden: [256], output: 64 },
    predictor: { hidden: [256], output: 64 },
  }),
  'views of 12 pixels': of('textures', { views: { size: 12 } }),
  'tau from 0.9': of('textures', { target: { tauBase: 0.9 } }),
  'tau from 0.98': of('textures', { target: { tauBase: 0.98 } }),
  'shapes of 16 pixels': of('shapes', {
    data: { size: 16 },
    views: { size: 16 },
    encoder: { blocks: [1, 1, 1] },
    epochs: 20,
  }),
  'shapes of 24 pixels': of('shapes', {
    data: { size: 24 },
    views: { size: 24 },
    encoder: { blocks: [1, 1, 1] },
    epochs: 12,
  }),
  ...(existsSync(CIFAR10) && {
    'CIFAR-10, views of 16 pixels': of('cifar10-small', {
      data: { path: CIFAR10 },
      views: { size: 16 },
      encoder: { blocks: [1, 1, 1] },
      batchSize: 64,
      epochs: 10,
      target: { tauBase: 0.95 },
    }),
  }),
};

/** Screened with the first ones; those that may do get all. */
const SCREEN = 2;
const SEEDS = 5;
const LARGEST_DEVIATION = 0.025;
const LEAST_GAIN = 0.2;
const RUNS = 24;
const RUNS_SECONDS = 20 * 60;

interface Outcome {
  readonly seed: number;
  /** kNN top-1, fractions. */
  readonly untrained: number;
  readonly trained: number;
  readonly collapseStd: number;
  /** Of the whole run with its evaluations, while as many run at once as there are cores. */
  readonly seconds: number;
}

export interface CiBaseBench {
  readonly cores: number;
  readonly candidates: Readonly<
    Record<
      string,
      {
        readonly mean: number;
        /** Unbiased, over the seeds; of the two that a candidate is screened with it says little. */
        readonly deviation: number;
        /** Lowest trained minus highest untrained. */
        readonly leastGain: number;
        /** That RUNS runs take with all cores. */
        readonly minutes: number;
        readonly fits: boolean;
        readonly runs: readonly Outcome[];
      }
    >
  >;
}

/** One thread each, as many at once as there are cores. */
export async function benchCiBase(): Promise<CiBaseBench> {
  const outcomes = new Map<string, Outcome[]>(Object.keys(candidates).map((name) => [name, []]));
  await runAll(Object.keys(candidates).flatMap((name) => seedsOf(name, 0, SCREEN)));
  // Not by the minutes, which differ twofold between processors: `fits` says whether they are few enough on this one.
  const promising = Object.keys(candidates).filter(
    (name) => judge(outcomes.get(name) as Outcome[]).leastGain >= LEAST_GAIN,
  );
  await runAll(promising.flatMap((name) => seedsOf(name, SCREEN, SEEDS)));
  return {
    cores: availableParallelism(),
    candidates: Object.fromEntries(
      [...outcomes].map(([name, runs]) => {
        const { deviation, leastGain, minutes, mean } = judge(runs);
        const fits =
          runs.length >= SEEDS &&
          deviation <= LARGEST_DEVIATION &&
          leastGain >= LEAST_GAIN &&
          minutes <= RUNS_SECONDS / 60;
        return [name, { mean, deviation, leastGain, minutes, fits, runs: [...runs].sort((a, b) => a.seed - b.seed) }];
      }),
    ),
  };

  async function runAll(jobs: Array<readonly [name: string, seed: number]>): Promise<void> {
    const lane = async (): Promise<void> => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
        const [name, seed] = job;
        const outcome = await measure(candidates[name] as Candidate, seed);
        outcomes.get(name)?.push(outcome);
        console.log(name, JSON.stringify(outcome));
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, lane));
  }
}

function seedsOf(name: string, from: number, to: number): Array<readonly [string, number]> {
  return Array.from({ length: to - from }, (_, index) => [name, from + index] as const);
}

function judge(runs: readonly Outcome[]): Record<'mean' | 'deviation' | 'leastGain' | 'minutes', number> {
  const trained = summarize(runs.map((run) => run.trained));
  const seconds = summarize(runs.map((run) => run.seconds));
  if (trained === null || seconds === null) throw new Error('A candidate was not run.');
  return {
    mean: trained.mean,
    deviation: Math.sqrt(trained.variance),
    leastGain: trained.min - Math.max(...runs.map(({ untrained }) => untrained)),
    minutes: (RUNS * seconds.mean) / availableParallelism() / 60,
  };
}

function configOf({ preset, patch }: Candidate): Config {
  const base = resolveConfig({
    base: presets[preset],
    patch: {
      threads: 1,
      onlineProbe: false,
      optimizer: { predictorLearningRateScale: 1 },
      evaluation: { knn: { everyEpochs: 0 }, linear: { atEnd: false } },
    },
  });
  return resolveConfig({ base, patch });
}

async function measure(candidate: Candidate, seed: number): Promise<Outcome> {
  const folder = mkdtempSync(path.join(tmpdir(), 'byol-ci-base-'));
  try {
    const { knn, untrained, metrics, seconds } = await trainInChild({ ...configOf(candidate), seed }, { folder })
      .result;
    return {
      seed,
      untrained: untrained.knn?.top1 ?? Number.NaN,
      trained: knn?.top1 ?? Number.NaN,
      collapseStd: metrics?.['collapse/std'] ?? Number.NaN,
      seconds,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
