/**
 * What the short trainings of the tests come to with ten seeds, both precisions and several instruction sets: how far the
 * bounds that the tests assert lie from what happens. Runs that bench/results/learning.json has are not repeated.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../lib/binding/package-root.js';
import { configHash } from '../lib/config/hash.js';
import { collapsingConfig, shortConfig } from '../test/support/short-runs.js';

const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const PRECISIONS = ['bfloat16', 'float32'] as const;
/** Which of its kernels LibTorch takes. */
const CAPABILITIES = {
  own: {},
  avx2: { ATEN_CPU_CAPABILITY: 'avx2' },
  default: { ATEN_CPU_CAPABILITY: 'default' },
} as const;
const RUNS = { learns: shortConfig, collapses: collapsingConfig } as const;

/** What bench/learning-run.ts prints. */
export interface Outcome {
  /** kNN top-1 of the network before its first step and after its last; fractions. */
  readonly untrained: number;
  readonly trained: number;
  readonly collapseStd: number;
  readonly verdict: string;
}

interface Case {
  readonly run: keyof typeof RUNS;
  readonly capability: keyof typeof CAPABILITIES;
  readonly precision: (typeof PRECISIONS)[number];
  readonly seed: number;
}
type Row = Case & Outcome & { readonly key: string; readonly cpu: string };

interface Range {
  readonly least: number;
  readonly mean: number;
  readonly most: number;
}

export interface LearningBench {
  readonly summary: readonly (Omit<Case, 'seed'> & {
    readonly cpu: string;
    readonly seeds: number;
    readonly gain: Range;
    readonly collapseStd: Range;
    readonly verdicts: Readonly<Record<string, number>>;
  })[];
  readonly rows: readonly Row[];
}

const FILE = path.join(packageRoot(), 'bench', 'results', 'learning.json');
const PARTIAL = `${FILE}.part`;

const cases: readonly Case[] = (Object.keys(RUNS) as (keyof typeof RUNS)[]).flatMap((run) =>
  (Object.keys(CAPABILITIES) as (keyof typeof CAPABILITIES)[]).flatMap((capability) =>
    PRECISIONS.flatMap((precision) => SEEDS.map((seed) => ({ run, capability, precision, seed }))),
  ),
);

const configOf = ({ run, precision, seed }: Case) => RUNS[run]({ precision, seed, threads: 1 });

/** One thread each, as many at once as there are cores. */
export async function benchLearning(): Promise<LearningBench> {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown';
  const rows: Row[] = kept().filter((row) => cases.some((item) => isSame(item, row)));
  const left = cases.filter((item) => !rows.some((row) => isSame(item, row) && row.cpu === cpu));
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      const outcome = await measure(item);
      rows.push({ ...item, ...outcome, key: configHash(configOf(item)), cpu });
      console.log(JSON.stringify(rows.at(-1)));
      writeFileSync(PARTIAL, JSON.stringify(rows));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  rows.sort((a, b) => place(a) - place(b));
  rmSync(PARTIAL, { force: true });
  return { summary: summarize(rows), rows };
}

function kept(): Row[] {
  if (existsSync(PARTIAL)) return JSON.parse(readFileSync(PARTIAL, 'utf8')) as Row[];
  if (!existsSync(FILE)) return [];
  return (JSON.parse(readFileSync(FILE, 'utf8')) as { result: LearningBench }).result.rows.slice();
}

const isSame = (item: Case, row: Row): boolean => place(item) === place(row) && configHash(configOf(item)) === row.key;

const place = ({ run, capability, precision, seed }: Case): number =>
  cases.findIndex(
    (item) => item.run === run && item.capability === capability && item.precision === precision && item.seed === seed,
  );

async function measure(item: Case): Promise<Outcome> {
  const script = path.join(packageRoot(), 'dist', 'bench', 'learning-run.js');
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(configOf(item))], {
    env: { ...process.env, ...CAPABILITIES[item.capability] },
  });
  return JSON.parse(stdout) as Outcome;
}

function summarize(rows: readonly Row[]): LearningBench['summary'] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(groupName(row), [...(groups.get(groupName(row)) ?? []), row]);
  return [...groups.values()].map((members) => {
    const { run, capability, precision, cpu } = members[0] as Row;
    const verdicts: Record<string, number> = {};
    for (const { verdict } of members) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    return {
      run,
      capability,
      precision,
      cpu,
      seeds: members.length,
      gain: rangeOf(members.map(({ untrained, trained }) => trained - untrained)),
      collapseStd: rangeOf(members.map(({ collapseStd }) => collapseStd)),
      verdicts,
    };
  });
}

const groupName = ({ run, capability, precision, cpu }: Row): string => [run, capability, precision, cpu].join();

function rangeOf(values: readonly number[]): Range {
  const rounded = (value: number): number => Number(value.toFixed(4));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { least: rounded(Math.min(...values)), mean: rounded(mean), most: rounded(Math.max(...values)) };
}
