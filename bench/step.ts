/**
 * Whole BYOL steps (four forwards, backward, optimiser, EMA) of some networks beside the same in eager PyTorch (lib/bench) and,
 * where BYOL_BENCH_BEFORE names another built checkout, beside that one's step.
 */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { benchStep as benchOne, type StepBench } from '../lib/bench/step-bench.js';
import { loadNative } from '../lib/binding/load.js';
import { presets } from '../lib/config/presets/index.js';
import type { Config } from '../lib/config/schema.js';
import { resolvePrecision } from '../lib/methods/learner-spec.js';
import { type OperationTimes, type StepProfile, summarizeProfile } from './step-profile.js';

interface Network {
  readonly name: string;
  readonly encoder: Partial<Config['encoder']>;
  readonly size: number;
  readonly batch: number;
  /** Steps measured on each side. */
  readonly steps: number;
}

const resnet50 = { block: 'bottleneck', blocks: [3, 4, 6, 3], stem: 'imagenet' } as const;

const networks: readonly Network[] = [
  {
    name: 'width 16, one block per group, 32 px',
    encoder: { blocks: [1, 1, 1, 1], width: 16 },
    size: 32,
    batch: 256,
    steps: 25,
  },
  {
    name: 'width 32, one block per group, 32 px',
    encoder: { blocks: [1, 1, 1, 1], width: 32 },
    size: 32,
    batch: 256,
    steps: 15,
  },
  { name: 'ResNet-18, 32 px', encoder: {}, size: 32, batch: 64, steps: 10 },
  { name: 'ResNet-50, 96 px', encoder: resnet50, size: 96, batch: 32, steps: 10 },
];

export interface StepResult extends StepBench {
  readonly network: string;
  /** Of the other checkout. */
  readonly beforeCommit?: string;
  /** One more step of ours, profiled. */
  readonly profile: StepProfile;
}

/**
 * What a step would take if nothing but its convolutions cost time, and each ran at the best rate of any convolution of
 * ours in this run: nobody gets below it without other kernels.
 */
export interface ConvolutionFloor {
  readonly convolutionGflop: number;
  readonly bestGflopPerSecond: number;
  readonly seconds: number;
  /** Of our median. */
  readonly ratio: number;
}

export async function benchStep(): Promise<readonly (StepResult & { readonly convolutionFloor: ConvolutionFloor })[]> {
  const results: StepResult[] = [];
  for (const network of networks) {
    const result = await measure(network);
    results.push(result);
    console.log(`  ${network.name}, ${result.precision}: ${comparedText(result)}`);
  }
  const bestRate = Math.max(...results.map(({ profile }) => profile.convolutions.bestRate));
  const withFloors = results.map((result) => ({ ...result, convolutionFloor: floorOf(result, bestRate) }));
  for (const { network, convolutionFloor: floor } of withFloors) {
    console.log(
      `  ${network}: ${floor.ratio.toFixed(1)} times the floor of ${(floor.seconds * 1e3).toFixed(0)} ms ` +
        `(${floor.convolutionGflop.toFixed(0)} GFLOP of convolutions at ${bestRate.toFixed(0)} GFLOP/s)`,
    );
  }
  return withFloors;
}

async function measure({ name, encoder, size, batch, steps }: Network): Promise<StepResult> {
  const base = presets.cifar10;
  const head = { hidden: [512], output: 128, hiddenBias: true, outputBias: false, outputNorm: false };
  const config: Config = {
    ...base,
    encoder: { ...base.encoder, ...encoder },
    projector: head,
    predictor: { kind: 'mlp', ...head },
    views: { ...base.views, size },
    batchSize: batch,
  };
  const precision = resolvePrecision('auto', 'cpu', loadNative().info());
  const older = process.env.BYOL_BENCH_BEFORE;
  let profile: OperationTimes = {};
  const bench = await benchOne({
    config,
    device: 'cpu',
    precision,
    threads: os.availableParallelism(),
    steps,
    before: older && path.resolve(older),
    last: async (ours) => {
      profile = (await ours.ask('profile')) as OperationTimes;
    },
  });
  return {
    network: name,
    ...bench,
    ...(older !== undefined && { beforeCommit: commitOf(older) }),
    profile: summarizeProfile(profile),
  };
}

function floorOf({ ours, profile }: StepResult, bestRate: number): ConvolutionFloor {
  const { gflop } = profile.convolutions;
  const seconds = gflop / bestRate;
  return { convolutionGflop: gflop, bestGflopPerSecond: bestRate, seconds, ratio: ours.network.median / seconds };
}

function comparedText({ python, before, beforeCommit }: StepResult): string {
  const eager = 'modes' in python ? python.modes.eager : { failed: python.skipped };
  const parts = [eager, before].map((side, i) => {
    const whose = i === 0 ? "eager's" : `that of ${beforeCommit?.slice(0, 7)}`;
    if (side === undefined) return '';
    return 'failed' in side ? `not beside ${whose}: ${side.failed}` : `${side.ratio.toFixed(2)} of ${whose} time`;
  });
  return parts.filter((part) => part !== '').join(', ');
}

function commitOf(checkout: string): string {
  return spawnSync('git', ['-C', checkout, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
}
