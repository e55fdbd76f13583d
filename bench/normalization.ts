/**
 * BYOL without batch statistics on CIFAR-10 (arXiv 2010.10241): every normalisation with the predictor first, and what happens without.
 * One thread, one run after the other; runs that bench/results/normalization.json has are not repeated. BYOL_CIFAR10 names the folder
 * of the binary version, data/cifar-10-batches-bin by default. The curves of the guide are
 * drawn anew from bench/results/normalization-textures.json.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../lib/binding/package-root.js';
import { configHash } from '../lib/config/hash.js';
import type { ConfigPatch } from '../lib/config/layers.js';
import { presets } from '../lib/config/presets/index.js';
import type { Config } from '../lib/config/schema.js';
import { resolveConfig } from '../lib/methods/resolve.js';
import { type Chart, renderCharts } from '../lib/report/line-chart.js';
import { train } from '../lib/run/train.js';

const SEEDS = [0, 1];
/** What the picture shows: 80 to 93 steps of the predictor alone, and what follows. */
const SHOWN_STEPS = 300;

type Kind = Config['norm']['encoder'];
const everywhere = (kind: Kind): ConfigPatch => ({ norm: { encoder: kind, projector: kind, predictor: kind } });
/** Four channels a group in the first layer, as 16 groups of a ResNet-50's 64. */
const standardized: ConfigPatch = { norm: { groups: 4, weightStandardization: true } };
/** What nothing keeps in scale wants smaller steps, a predictor further ahead, a slower target, and scales that do not decay. */
const gentle: ConfigPatch = {
  optimizer: { baseLearningRate: 0.1, predictorLearningRateScale: 5, decayNormAndBias: false, weightDecay: 1e-5 },
  target: { tauBase: 0.996 },
};
const together: ConfigPatch = { optimizer: { predictorFirstEpochs: 0 } };

/** By name: what differs from `base`. */
const rows = {
  'batch normalisation': [everywhere('batch')],
  'group + WS': [everywhere('group'), standardized],
  'modified initialisation': [everywhere('affine')],
  'modified initialisation, gentler': [everywhere('affine'), gentle],
  none: [everywhere('none')],
  'group + WS, all at once': [everywhere('group'), standardized, together],
} as const satisfies Record<string, readonly ConfigPatch[]>;
type RowName = keyof typeof rows;
const isTogether = (name: RowName): boolean => name.endsWith('all at once');

/** Views of 16 pixels and a network of two blocks: two minutes on one thread. */
const base: ConfigPatch = {
  data: { path: process.env.BYOL_CIFAR10 ?? presets['cifar10-small'].data.path },
  views: { size: 16 },
  encoder: { blocks: [1, 1] },
  target: { tauBase: 0.99 },
  optimizer: { predictorFirstEpochs: 1 },
  epochs: 15,
  batchSize: 64,
  onlineProbe: false,
  evaluation: { knn: { everyEpochs: 0 }, linear: { atEnd: false } },
  threads: 1,
};

interface Row {
  readonly name: RowName;
  readonly seed: number;
  readonly key: string;
  /** kNN top-1 before the first step and after the last; fractions. */
  readonly untrained: number;
  readonly trained: number;
  readonly spread: number;
  readonly rank: number;
  readonly verdict: string;
  readonly seconds: number;
  /** Step, 'collapse/std', 'collapse/rank' and loss of the readings. */
  readonly curve: ReadonlyArray<readonly [step: number, spread: number, rank: number, loss: number]>;
}

export interface NormalizationBench {
  readonly what: string;
  readonly rows: readonly Row[];
}

const FILE = path.join(packageRoot(), 'bench', 'results', 'normalization.json');
const PARTIAL = `${FILE}.part`;
const STUDY = path.join(packageRoot(), 'bench', 'results', 'normalization-textures.json');
const PICTURE = path.join(packageRoot(), 'docs', 'without-batch-statistics.svg');

export function configOf(name: RowName, seed: number): Config {
  let config = resolveConfig({ base: presets['cifar10-small'], patch: base });
  for (const patch of rows[name]) config = resolveConfig({ base: config, patch });
  return { ...config, seed };
}

export async function benchNormalization(): Promise<NormalizationBench> {
  const found = kept();
  const names = Object.keys(rows) as RowName[];
  const cases = SEEDS.flatMap((seed) => names.map((name) => ({ name, seed })))
    // That all at once collapses needs no second seed.
    .filter(({ name, seed }) => seed === 0 || !isTogether(name))
    .sort((a, b) => Number(isTogether(a.name)) - Number(isTogether(b.name)));
  const done: Row[] = [];
  for (const { name, seed } of cases) {
    const config = configOf(name, seed);
    const row = found.find(({ key }) => key === configHash(config)) ?? (await measure(name, config));
    done.push(row);
    writeFileSync(PARTIAL, JSON.stringify(done));
    const { curve: _, ...numbers } = row;
    console.log(JSON.stringify(numbers));
  }
  rmSync(PARTIAL);
  drawStudy();
  return { what: 'CIFAR-10, 10,000 images, views of 16 pixels, 15 epochs in batches of 64, kNN top-1', rows: done };
}

function kept(): readonly Row[] {
  if (existsSync(PARTIAL)) return JSON.parse(readFileSync(PARTIAL, 'utf8')) as Row[];
  if (!existsSync(FILE)) return [];
  return (JSON.parse(readFileSync(FILE, 'utf8')) as { readonly result: NormalizationBench }).result.rows;
}

async function measure(name: RowName, config: Config): Promise<Row> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'byol-normalization-'));
  const started = performance.now();
  const curve: Array<readonly [number, number, number, number]> = [];
  const short = (value: number | undefined): number => Number((value ?? Number.NaN).toFixed(3));
  try {
    const run = train(config, { folder });
    for await (const event of run) {
      if (event.type !== 'step') continue;
      const { 'collapse/std': spread, 'collapse/rank': rank, loss } = event.metrics;
      curve.push([event.step, short(spread), short(rank), short(loss)]);
    }
    const { untrained, knn, metrics, verdict } = await run.result;
    return {
      name,
      seed: config.seed,
      key: configHash(config),
      untrained: short(untrained.knn?.top1),
      trained: short(knn?.top1),
      spread: short(metrics?.['collapse/std']),
      rank: short(metrics?.['collapse/rank']),
      verdict: verdict.state,
      seconds: Math.round((performance.now() - started) / 1000),
      curve,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is read of the study on textures, which was recorded by hand. */
interface Study {
  readonly rows: ReadonlyArray<{
    readonly name: string;
    readonly tauBase: number;
    readonly predictorFirstSteps: number;
    readonly epochs: number;
    readonly baseLearningRate: number;
    readonly curve: Row['curve'];
  }>;
}

export function drawStudy(): void {
  writeFileSync(PICTURE, `${picture(JSON.parse(readFileSync(STUDY, 'utf8')) as Study)}\n`);
}

function picture({ rows: studied }: Study): string {
  const line = (name: string, wanted: Partial<Study['rows'][number]>, label: string, dashed: boolean) => {
    const keys = Object.keys(wanted) as (keyof typeof wanted)[];
    const found = studied.find((row) => row.name === name && keys.every((key) => row[key] === wanted[key]));
    return { label, dashed, curve: found?.curve ?? [] };
  };
  const lines = [
    line('batch normalisation', { tauBase: 0.99 }, 'batch', false),
    line('group + WS', { tauBase: 0.99, epochs: 12, baseLearningRate: 0.4 }, 'group + WS', false),
    line('modified initialisation', { baseLearningRate: 0.2 }, 'modified initialisation', false),
    line('none', { baseLearningRate: 0.2 }, 'none', false),
    line('group + WS', { tauBase: 0.95, baseLearningRate: 0.4, predictorFirstSteps: 93 }, 'group + WS, tau 0.95', true),
    line('group + WS', { tauBase: 0.99, predictorFirstSteps: 0 }, 'group + WS, all at once', true),
  ];
  const chart = (title: string, column: 1 | 2): Chart => ({
    title,
    xLabel: 'optimiser step',
    yMin: 0,
    series: lines.map(({ label, dashed, curve }) => ({
      name: label,
      points: curve.filter(([step]) => step <= SHOWN_STEPS).map((reading) => [reading[0], reading[column]] as const),
      dashed,
    })),
  });
  return renderCharts([chart('Spread of the projections', 1), chart('Effective rank of the projections', 2)]);
}
