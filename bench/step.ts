/**
 * A whole BYOL step (four forwards, backward, optimiser, EMA) beside a PyTorch eager step of the same network and, where
 * BYOL_BENCH_BEFORE names another built checkout, beside that one's step.
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { loadNative } from '../lib/binding/load.js';
import { packageRoot } from '../lib/binding/package-root.js';
import { type OperationTimes, type StepProfile, summarizeProfile } from './step-profile.js';

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
  /** The same of ours / the other checkout's. */
  readonly before?: {
    readonly commit: string;
    readonly min: number;
    readonly median: number;
    readonly ratioOfMinima: number;
    readonly medianRatio: number;
  };
  /** One more step of ours, profiled. */
  readonly profile: StepProfile;
}

/**
 * What a step would take if nothing but its convolutions cost time, and each ran at the best rate of any convolution of
 * ours in this run: nobody gets below it without other kernels.
 */
export interface Floor {
  readonly convolutionGflop: number;
  readonly bestGflopPerSecond: number;
  readonly seconds: number;
  /** Of our median. */
  readonly ratio: number;
}

/** BYOL_BENCH_PYTHON names a Python with torch; else python3. */
export async function benchStep(): Promise<
  | { readonly torch: string; readonly results: (StepResult & { readonly floor: Floor })[] }
  | { readonly skipped: string }
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
    console.log(
      `  ${network.name}, ${precision}: ${result.result.medianRatio.toFixed(2)} of eager's time${beforeText(result.result)}`,
    );
  }
  const bestRate = Math.max(...results.map(({ profile }) => profile.convolutions.bestRate));
  const withFloors = results.map((result) => ({ ...result, floor: floorOf(result, bestRate) }));
  for (const { network, floor } of withFloors) {
    console.log(
      `  ${network}: ${floor.ratio.toFixed(1)} times the floor of ${(floor.seconds * 1e3).toFixed(0)} ms ` +
        `(${floor.convolutionGflop.toFixed(0)} GFLOP of convolutions at ${bestRate.toFixed(0)} GFLOP/s)`,
    );
  }
  return { torch, results: withFloors };
}

function floorOf({ ours, profile }: StepResult, bestRate: number): Floor {
  const { gflop } = profile.convolutions;
  const seconds = gflop / bestRate;
  return { convolutionGflop: gflop, bestGflopPerSecond: bestRate, seconds, ratio: ours.median / seconds };
}

function beforeText({ before }: StepResult): string {
  return before === undefined ? '' : `, ${before.medianRatio.toFixed(2)} of that of ${before.commit.slice(0, 7)}`;
}

async function compare(python: string, network: Network, precision: 'bfloat16' | 'float32') {
  const { block, blocks, width, stem, size, batch, steps } = network;
  const threads = os.availableParallelism();
  const spec = {
    encoder: { block, blocks, width, stem },
    hidden: HIDDEN,
    output: OUTPUT,
    size,
    batch,
    precision,
    threads,
  };
  const older = process.env.BYOL_BENCH_BEFORE;
  const eager = new Side(python, [path.join(packageRoot(), 'bench', 'python', 'byol_step.py')], spec);
  const ours = ownSide(packageRoot(), spec);
  const before = older === undefined ? null : ownSide(path.resolve(older), spec);
  const sides = { eager, ours, ...(before && { before }) };
  try {
    const { torch } = (await eager.line()) as { torch: string };
    for (const one of Object.values(sides)) await one.run(2);
    const rounds: Record<string, number[]>[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const times: Record<string, number[]> = {};
      for (const [name, one] of Object.entries(sides)) times[name] = await one.run(steps);
      rounds.push(times);
    }
    const all = (name: string) => rounds.flatMap((round) => round[name] as number[]);
    const summary = (name: string) => ({ min: Math.min(...all(name)), median: median(all(name)) });
    const against = (name: string) => ({
      ratioOfMinima: Math.min(...all('ours')) / Math.min(...all(name)),
      medianRatio: median(rounds.map((round) => median(round['ours'] as number[]) / median(round[name] as number[]))),
    });
    const result: StepResult = {
      network: network.name,
      precision,
      batch,
      threads,
      ours: summary('ours'),
      eager: summary('eager'),
      ...against('eager'),
      ...(older !== undefined && {
        before: { commit: commitOf(older), ...summary('before'), ...against('before') },
      }),
      profile: summarizeProfile((await ours.ask('profile')) as OperationTimes),
    };
    return { torch, result };
  } finally {
    for (const one of Object.values(sides)) one.close();
  }
}

/** Each checkout has its own, since the addon's surface differs between versions. */
function ownSide(checkout: string, spec: object): Side {
  return new Side(process.execPath, [path.join(checkout, 'dist', 'bench', 'step-side.js'), checkout], spec);
}

function commitOf(checkout: string): string {
  return spawnSync('git', ['-C', checkout, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** A process that takes a specification, then commands, a line each, and answers each with a line of JSON. */
class Side {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(command: string, args: readonly string[], spec: object) {
    this.#child = spawn(command, args);
    this.#child.stderr.pipe(process.stderr);
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
    this.#child.stdin.write(`${JSON.stringify(spec)}\n`);
  }

  async line(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#child.spawnargs.join(' ')} ended`);
    return JSON.parse(value as string);
  }

  async ask(command: string): Promise<unknown> {
    this.#child.stdin.write(`${command}\n`);
    return this.line();
  }

  async run(steps: number): Promise<number[]> {
    return (await this.ask(`run ${steps}`)) as number[];
  }

  close(): void {
    this.#reader.close();
    this.#child.kill();
  }
}
