/** A whole BYOL step (four forwards, backward, optimiser, EMA) beside a PyTorch eager step of the same network. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { evaluationPlan } from '../lib/augment/plan.js';
import { viewSpec } from '../lib/augment/view-spec.js';
import { loadNative } from '../lib/binding/load.js';
import { packageRoot } from '../lib/binding/package-root.js';
import { presets } from '../lib/config/presets/index.js';
import type { Config } from '../lib/config/schema.js';
import { learnerSpec } from '../lib/methods/learner-spec.js';

interface Network {
  readonly name: string;
  readonly block: 'basic' | 'bottleneck';
  readonly blocks: readonly number[];
  readonly width: number;
  readonly stem: 'small' | 'imagenet';
  readonly size: number;
  readonly batch: number;
  /** Steps timed in a row on either side. */
  readonly steps: number;
}

const networks: readonly Network[] = [
  {
    name: 'width 16, one block per group, 32 px',
    block: 'basic',
    blocks: [1, 1, 1, 1],
    width: 16,
    stem: 'small',
    size: 32,
    batch: 256,
    steps: 6,
  },
  {
    name: 'width 32, one block per group, 32 px',
    block: 'basic',
    blocks: [1, 1, 1, 1],
    width: 32,
    stem: 'small',
    size: 32,
    batch: 256,
    steps: 3,
  },
  {
    name: 'ResNet-18, 32 px',
    block: 'basic',
    blocks: [2, 2, 2, 2],
    width: 64,
    stem: 'small',
    size: 32,
    batch: 64,
    steps: 2,
  },
  {
    name: 'ResNet-50, 96 px',
    block: 'bottleneck',
    blocks: [3, 4, 6, 3],
    width: 64,
    stem: 'imagenet',
    size: 96,
    batch: 32,
    steps: 2,
  },
];
const HIDDEN = 512;
const OUTPUT = 128;
/** The two sides take turns this often, so that a change of the machine's speed meets both. */
const ROUNDS = 4;

export interface StepResult {
  readonly network: string;
  readonly precision: 'bfloat16' | 'float32';
  readonly batch: number;
  readonly threads: number;
  /** Seconds a step; minimum and median over all rounds. */
  readonly ours: { readonly min: number; readonly median: number };
  readonly eager: { readonly min: number; readonly median: number };
  /** ours / eager: of the minima, and the median of the rounds' ratios. */
  readonly ratioOfMinima: number;
  readonly medianRatio: number;
  /** One more step of ours, profiled. */
  readonly profile: StepProfile;
}

/** Shares of the profiled seconds. */
export interface StepProfile {
  readonly seconds: number;
  readonly shares: Readonly<Record<Part, number>>;
  /** The operations that take most. */
  readonly largest: ReadonlyArray<{ readonly name: string; readonly calls: number; readonly share: number }>;
}

/** Convolutions and matrix products are LibTorch's; norm (with residual and ReLU), optimiser and EMA are ours. */
const parts = {
  convolution: /conv/i,
  'matrix products': /mm$|linear|AddmmBackward|MmBackward/,
  'ours: norm, residual, ReLU': /^byol::norm/,
  'ours: optimiser and EMA': /^byol::update/,
  rest: /./,
} as const;
type Part = keyof typeof parts;
const LARGEST = 8;

function summarizeProfile(
  times: Readonly<Record<string, { readonly calls: number; readonly seconds: number }>>,
): StepProfile {
  const all = Object.entries(times).map(([name, time]) => ({ name, ...time }));
  const seconds = all.reduce((sum, time) => sum + time.seconds, 0);
  const shares = Object.fromEntries(Object.keys(parts).map((part) => [part, 0])) as Record<Part, number>;
  for (const { name, seconds: spent } of all) {
    const part = (Object.keys(parts) as Part[]).find((key) => parts[key].test(name)) as Part;
    shares[part] += spent / seconds;
  }
  const largest = all
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, LARGEST)
    .map(({ name, calls, seconds: spent }) => ({ name, calls, share: spent / seconds }));
  return { seconds, shares, largest };
}

/** BYOL_BENCH_PYTHON names a Python with torch; else python3. */
export async function benchStep(): Promise<
  { readonly torch: string; readonly results: StepResult[] } | { readonly skipped: string }
> {
  const python = process.env.BYOL_BENCH_PYTHON ?? 'python3';
  if (spawnSync(python, ['-c', 'import torch']).status !== 0) return { skipped: `${python} cannot import torch` };
  const info = loadNative().info();
  const precision = info.cpuBfloat16 ? 'bfloat16' : 'float32';
  const results: StepResult[] = [];
  let torch = '';
  for (const network of networks) {
    const result = await compare(python, network, precision);
    torch = result.torch;
    results.push(result.result);
    console.log(`  ${network.name}, ${precision}: ${result.result.medianRatio.toFixed(2)} of eager's time`);
  }
  return { torch, results };
}

async function compare(python: string, network: Network, precision: 'bfloat16' | 'float32') {
  const { block, blocks, width, stem, size, batch, steps } = network;
  const threads = os.availableParallelism();
  const peer = new Peer(python, {
    encoder: { block, blocks, width, stem },
    hidden: HIDDEN,
    output: OUTPUT,
    size,
    batch,
    precision,
    threads,
  });
  const ours = new Ours(network, precision, threads);
  try {
    const { torch } = (await peer.line()) as { torch: string };
    await peer.run(2);
    await ours.run(2);
    const rounds: { readonly ours: number[]; readonly eager: number[] }[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      rounds.push({ eager: await peer.run(steps), ours: await ours.run(steps) });
    const all = (side: 'ours' | 'eager') => rounds.flatMap((round) => round[side]);
    const summary = (values: number[]) => ({ min: Math.min(...values), median: median(values) });
    const result: StepResult = {
      network: network.name,
      precision,
      batch,
      threads,
      ours: summary(all('ours')),
      eager: summary(all('eager')),
      ratioOfMinima: Math.min(...all('ours')) / Math.min(...all('eager')),
      medianRatio: median(rounds.map((round) => median(round.ours) / median(round.eager))),
      profile: await ours.profile(),
    };
    return { torch, result };
  } finally {
    peer.close();
    ours.close();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

class Peer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(python: string, spec: object) {
    this.#child = spawn(python, [path.join(packageRoot(), 'bench', 'python', 'byol_step.py')]);
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
    this.#child.stdin.write(`${JSON.stringify(spec)}\n`);
  }

  async line(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the Python side ended');
    return JSON.parse(value as string);
  }

  async run(steps: number): Promise<number[]> {
    this.#child.stdin.write(`run ${steps}\n`);
    return (await this.line()) as number[];
  }

  close(): void {
    this.#reader.close();
    this.#child.kill();
  }
}

/** The compute part of our steps; what augmentation adds is benched apart. */
class Ours {
  readonly #native = loadNative();
  readonly #learner;
  readonly #images;
  readonly #input;

  constructor(
    { block, blocks, width, stem, size, batch }: Network,
    precision: 'bfloat16' | 'float32',
    threads: number,
  ) {
    this.#native.setThreads(threads);
    const head = { hidden: [HIDDEN], output: OUTPUT, hiddenBias: true, outputBias: false, outputNorm: false };
    const base = presets.cifar10;
    const config: Config = {
      ...base,
      encoder: { ...base.encoder, block, blocks: [...blocks], width, stem },
      projector: head,
      predictor: { kind: 'mlp', ...head },
      views: { ...base.views, size },
    };
    const spec = learnerSpec(config, { device: 'cpu', precision }, 10);
    this.#learner = new this.#native.Learner(spec);
    const pixels = Uint8Array.from({ length: batch * size * size * 3 }, (_, i) => (i * 2654435761) >>> 24);
    const labels = Int32Array.from({ length: batch }, (_, i) => i % 10);
    this.#images = new this.#native.ImageStore(pixels, batch, size, size, labels);
    const view = viewSpec(config.views);
    const plan = evaluationPlan(batch, size, size);
    this.#input = {
      images: this.#images,
      indices: Int32Array.from({ length: batch }, (_, i) => i),
      microBatches: 1,
      plans: [plan, plan] as const,
      views: [view, view] as const,
      learningRate: 0.05,
      tau: 0.99,
      projectorRate: 1,
      predictorRate: 1,
      objectiveWeight: 1,
      supervisedLabels: null,
    };
  }

  async run(steps: number): Promise<number[]> {
    const seconds: number[] = [];
    for (let i = 0; i < steps; i += 1) seconds.push((await this.#learner.step(this.#input)).computeSeconds);
    return seconds;
  }

  async profile(): Promise<StepProfile> {
    return summarizeProfile(await this.#learner.profileStep(this.#input));
  }

  close(): void {
    this.#learner.dispose();
    this.#images.dispose();
  }
}
