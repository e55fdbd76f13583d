/**
 * Logistic regression by L-BFGS beside scikit-learn's, on the same generated features, with the same penalties one after the other from
 * the largest, each begun where the last one ended. How near each came to the minimum stands beside its time. BYOL_BENCH_PYTHON names
 * a Python with scikit-learn.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadNative } from '../lib/binding/load.js';
import { packageRoot } from '../lib/binding/package-root.js';
import { Stream } from '../lib/random/philox.js';
import { availableCores } from '../lib/train/available-cores.js';
import { type Spread, spreadOf } from './spread.js';

const ROWS = 8192;
const FEATURES = 512;
const CLASSES = 20;
const PENALTIES = [1000, 100, 10, 1, 0.1, 0.01];
const ROUNDS = 3;
/** Of the gradient: ours as a part of what it is at the start (evaluation.logistic.tolerance), scikit-learn's its largest element. */
const TOLERANCES = [1e-4, 1e-5];

interface Side {
  readonly seconds: number;
  readonly iterations: number;
  readonly objectives: readonly number[];
}

export interface LogisticBench {
  readonly what: string;
  readonly scikitLearn: string;
  /** OpenBLAS with several may be slower than with one: scikit-learn has those that it is faster with. */
  readonly threads: { readonly ours: number; readonly scikitLearn: number };
  readonly tolerances: readonly {
    readonly tolerance: number;
    readonly ours: Spread;
    readonly scikitLearn: Spread;
    /** Of the medians. */
    readonly timesAsFast: number;
    readonly iterations: { readonly ours: number; readonly scikitLearn: number };
    /** How far above the lower of both objectives, as a part of it, at the worst of the penalties. */
    readonly above: { readonly ours: number; readonly scikitLearn: number };
  }[];
}

/** Features as those of an encoder: none below 0, each class with a mean of its own, and one label in five of another class. */
function generated(): { readonly features: Float32Array; readonly labels: Int32Array } {
  const stream = new Stream(5, 0, 0);
  const means = Float32Array.from({ length: CLASSES * FEATURES }, () => 0.25 * stream.uniform(-1, 1));
  const places = Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES);
  const features = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => {
    const mean = means[(places[Math.floor(i / FEATURES)] as number) * FEATURES + (i % FEATURES)] as number;
    return Math.max(0, 0.3 + mean + stream.uniform(-1, 1));
  });
  const labels = places.map((place) => (stream.chance(0.2) ? stream.below(CLASSES) : place));
  return { features, labels };
}

export async function benchLogistic(): Promise<LogisticBench> {
  const native = loadNative();
  const threads = availableCores();
  native.setThreads(threads);
  const data = generated();
  const folder = mkdtempSync(path.join(tmpdir(), 'byol-logistic-'));
  try {
    const files = [path.join(folder, 'features'), path.join(folder, 'labels')] as const;
    writeFileSync(files[0], new Uint8Array(data.features.buffer));
    writeFileSync(files[1], new Uint8Array(data.labels.buffer));
    const tried = [...new Set([1, threads])].map((count) => ({ count, ...fitScikitLearn(files, 1e-3, count) }));
    const [best] = tried.sort((a, b) => a.seconds - b.seconds);
    if (best === undefined) throw new Error('there is no number of threads');
    const tolerances = [];
    for (const tolerance of TOLERANCES) {
      const ours: Side[] = [];
      const theirs: Side[] = [];
      // In turns, so that a change of the machine's speed meets both.
      for (let round = 0; round < ROUNDS; round += 1) {
        ours.push(await fitOurs(data, tolerance));
        const side = fitScikitLearn(files, tolerance, best.count);
        theirs.push(side);
        console.log(
          `  tolerance ${tolerance}: ours ${ours[round]?.seconds.toFixed(2)} s, scikit-learn ${side.seconds.toFixed(2)} s`,
        );
      }
      tolerances.push({ tolerance, ...compared(ours, theirs) });
    }
    const what = `${ROWS} rows of ${FEATURES} features, ${CLASSES} classes, penalties ${PENALTIES.join(', ')}, float32, wall seconds of all fits`;
    return { what, scikitLearn: best.version, threads: { ours: threads, scikitLearn: best.count }, tolerances };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function fitOurs({ features, labels }: ReturnType<typeof generated>, tolerance: number): Promise<Side> {
  const native = loadNative();
  const bank = new native.FeatureBank(ROWS, FEATURES, 'cpu');
  const regression = new native.LogisticRegression({
    features: FEATURES,
    classes: CLASSES,
    loss: 'softmax',
    device: 'cpu',
  });
  try {
    await bank.write(0, features, labels);
    const began = performance.now();
    await regression.add(
      bank,
      Int32Array.from({ length: ROWS }, (_, i) => i),
      { labels },
    );
    let iterations = 0;
    const objectives: number[] = [];
    for (const penalty of PENALTIES) {
      const fit = await regression.fit({ penalty, tolerance, iterations: 5000 });
      iterations += fit.iterations;
      objectives.push(fit.objective);
    }
    return { seconds: (performance.now() - began) / 1000, iterations, objectives };
  } finally {
    regression.dispose();
    bank.dispose();
  }
}

function fitScikitLearn(
  files: readonly [string, string],
  tolerance: number,
  threads: number,
): Side & { readonly version: string } {
  const command = process.env.BYOL_BENCH_PYTHON ?? 'python3';
  const script = path.join(packageRoot(), 'bench', 'python', 'logistic_sklearn.py');
  const args = [script, ...files, ...[ROWS, FEATURES, tolerance, ...PENALTIES].map(String)];
  const count = String(threads);
  const env = { ...process.env, OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count };
  const child = spawnSync(command, args, { encoding: 'utf8', env });
  if (child.status !== 0) {
    const why = child.error?.message ?? child.stderr;
    throw new Error(`${command} cannot fit with scikit-learn (BYOL_BENCH_PYTHON names a Python that can): ${why}`);
  }
  return JSON.parse(child.stdout) as Side & { readonly version: string };
}

function compared(ours: readonly Side[], theirs: readonly Side[]) {
  const [own, other] = [ours, theirs].map((sides) => spreadOf(sides.map(({ seconds }) => seconds)));
  if (own === undefined || other === undefined) throw new Error('nothing was measured');
  const least = PENALTIES.map((_, i) => Math.min(ours[0]?.objectives[i] ?? 0, theirs[0]?.objectives[i] ?? 0));
  const above = (side: Side | undefined): number =>
    Math.max(...least.map((lowest, i) => ((side?.objectives[i] ?? 0) - lowest) / lowest));
  return {
    ours: own,
    scikitLearn: other,
    timesAsFast: other.median / own.median,
    iterations: { ours: ours[0]?.iterations ?? 0, scikitLearn: theirs[0]?.iterations ?? 0 },
    above: { ours: above(ours[0]), scikitLearn: above(theirs[0]) },
  };
}
