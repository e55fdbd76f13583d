/** Augmented views per second: the fused executor beside torchvision's per-image pipeline on the same cores. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { officialViews } from '../lib/augment/pipeline.js';
import { drawPlan, PLAN_WIDTH } from '../lib/augment/plan.js';
import { blurRadius } from '../lib/augment/view-spec.js';
import { loadNative } from '../lib/binding/load.js';
import type { NativeImageStore, NativeModule, ViewSpec } from '../lib/binding/native.js';
import { packageRoot } from '../lib/binding/package-root.js';
import { generateShapes } from '../lib/data/kinds/shapes/generate.js';
import { type Spread, spreadOf } from './spread.js';

const SIZE = 32;
const IMAGES = 512;
const ROUNDS = 9;
/** Ours is so much faster that one pass would be too short to time. */
const OUR_PASSES = 20;

export interface AugmentBench {
  readonly what: string;
  readonly size: number;
  readonly images: number;
  readonly rounds: number;
  /** Views per second by number of threads; drawing the plan and the copy to JavaScript included. */
  readonly fused: readonly { readonly threads: number; readonly viewsPerSecond: Spread }[];
  /** Seconds to draw the plans of both views of 256 images. */
  readonly drawSecondsPer256: Spread;
  /** The same number of processes as threads above; or why it was not measured. */
  readonly torchvision:
    | { readonly skipped: string }
    | {
        readonly versions: Readonly<Record<string, string>>;
        readonly results: readonly {
          readonly processes: number;
          readonly viewsPerSecond: Spread;
          readonly ratio: number;
        }[];
      };
}

export async function benchAugment(): Promise<AugmentBench> {
  const native = loadNative();
  const { train } = await generateShapes({ trainImages: IMAGES, testImages: 1, size: SIZE, seed: 1 });
  const sides = new Int32Array(train.count).fill(SIZE);
  const images = new native.ImageStore(train.source.pixels, sides, sides, null);
  const workers = [...new Set([1, os.availableParallelism()])];
  const dir = mkdtempSync(path.join(os.tmpdir(), 'byol-bench-'));
  const python = process.env.BYOL_BENCH_PYTHON ?? 'python3';
  const missing = missingTorchvision(python);
  const peers: Torchvision[] = [];
  try {
    const file = path.join(dir, 'pixels.bin');
    writeFileSync(file, train.source.pixels);
    if (!missing) for (const processes of workers) peers.push(await Torchvision.start(python, file, processes));

    const ours = workers.map((): number[] => []);
    const theirs = workers.map((): number[] => []);
    const draws: number[] = [];
    // Round by round, so that a machine that slows down does so for all. The first round warms up.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [i, threads] of workers.entries()) {
        const seconds = await fusedSeconds(native, images, threads, draws);
        const peer = await peers[i]?.seconds();
        if (round === 0) continue;
        ours[i]?.push((2 * IMAGES) / seconds);
        if (peer !== undefined) theirs[i]?.push((2 * IMAGES) / peer);
      }
      if (round === 0) draws.length = 0;
    }
    const fused = workers.map((threads, i) => ({ threads, viewsPerSecond: spreadOf(ours[i] as number[]) }));
    const results = workers.map((processes, i) => {
      const viewsPerSecond = spreadOf(theirs[i] as number[]);
      return { processes, viewsPerSecond, ratio: (fused[i]?.viewsPerSecond.median as number) / viewsPerSecond.median };
    });
    return {
      what: 'both official BYOL views of 32-pixel images',
      size: SIZE,
      images: IMAGES,
      rounds: ROUNDS,
      fused,
      drawSecondsPer256: spreadOf(draws.map((seconds) => (seconds * 256) / IMAGES)),
      torchvision: missing ? { skipped: missing } : { versions: peers[0]?.versions ?? {}, results },
    };
  } finally {
    for (const peer of peers) peer.stop();
    images.dispose();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Seconds for both views of all images, the mean of some passes. */
async function fusedSeconds(
  native: NativeModule,
  images: NativeImageStore,
  threads: number,
  draws: number[],
): Promise<number> {
  const view: ViewSpec = {
    height: SIZE,
    width: SIZE,
    resampling: 'bicubic',
    antialias: false,
    beyondCrop: false,
    jitter: 'official',
    blurRadius: blurRadius(SIZE),
    blurBorder: 'zero',
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  };
  const indices = Int32Array.from({ length: IMAGES }, (_, i) => i);
  const plans = officialViews.map(() => new Float32Array(IMAGES * PLAN_WIDTH));
  const start = performance.now();
  for (let epoch = 0; epoch < OUR_PASSES; epoch += 1) {
    const drawn = performance.now();
    for (const [number, pipeline] of officialViews.entries()) {
      drawPlan({
        pipeline,
        view: number,
        seed: 0,
        epoch,
        samples: indices,
        heights: SIZE,
        widths: SIZE,
        jitter: view.jitter,
        out: plans[number] as Float32Array,
      });
    }
    draws.push((performance.now() - drawn) / 1000);
    for (const plan of plans) {
      await native.timePlan({
        images,
        indices,
        plan,
        view,
        executor: 'fused',
        dtype: 'float32',
        threads,
        device: 'cpu',
      });
    }
  }
  return (performance.now() - start) / 1000 / OUR_PASSES;
}

function missingTorchvision(python: string): string {
  const probe = spawnSync(python, ['-c', 'import torchvision'], { encoding: 'utf8' });
  return probe.status === 0 ? '' : `${python} cannot import torchvision (set BYOL_BENCH_PYTHON to one that can)`;
}

/** bench/python/augment_torchvision.py, kept running. */
class Torchvision {
  readonly versions: Readonly<Record<string, string>>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, versions: string) {
    this.#child = child;
    this.#lines = lines;
    this.versions = JSON.parse(versions) as Record<string, string>;
  }

  static async start(python: string, pixels: string, processes: number): Promise<Torchvision> {
    const child = spawn(python, [path.join(packageRoot(), 'bench/python/augment_torchvision.py')]);
    child.stderr.pipe(process.stderr);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    child.stdin.write(`${JSON.stringify({ pixels, count: IMAGES, size: SIZE, processes })}\n`);
    return new Torchvision(child, lines, await nextLine(lines));
  }

  async seconds(): Promise<number> {
    this.#child.stdin.write('run\n');
    return Number(await nextLine(this.#lines));
  }

  stop(): void {
    this.#child.stdin.end();
  }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done) throw new Error('bench/python/augment_torchvision.py ended; its error is above.');
  return value as string;
}
