import { existsSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../binding/package-root.js';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import type { ResolvedDevice } from '../methods/learner-spec.js';
import { findTorch, pythonModes, pythonSide } from './python.js';
import { Side, type StepSeconds } from './side.js';
import { median, type Spread, spreadOf } from './spread.js';
import { type PythonMode, type StepSpec, stepSpec, whyNoPython } from './step-spec.js';
import type { StepFacts } from './step-worker.js';
import { measureSides, type SideOutcome } from './turns.js';

/** Steps of a training on images in memory, measured beside the same steps in Python PyTorch. */

export interface StepBenchOptions extends ResolvedDevice {
  /** Resolved, with what the step is made of. */
  readonly config: Config;
  readonly threads: number;
  /** At least so many of each side are measured. */
  readonly steps: number;
  /** Left out: those that fit the device; none: no Python. */
  readonly modes?: readonly PythonMode[];
  /** A side that takes longer, its start included, is given up; left out: none is. */
  readonly sideSeconds?: number | undefined;
  /** Another built checkout of this package, whose steps are measured as well. */
  readonly before?: string | undefined;
  /** Steps done of those of one side, whose name it is. */
  readonly onProgress?: (side: string, done: number, total: number) => void;
  /** Asked of our process at the end. */
  readonly last?: (side: Side) => Promise<void>;
}

/** Seconds a step. */
export interface SideSteps {
  /** All of it; of Python on a CPU without views, which others make there. */
  readonly step: Spread;
  /** Without the making of views. */
  readonly network: Spread;
  /** Bytes at most: of tensors on a device; on the CPU of our whole process; 0: not known. */
  readonly memory: number;
}

/** Beside another side: below 1, ours is faster. */
export interface Compared extends SideSteps {
  /** Without the making of views: the median of the rounds' ratios, and of the fastest steps. */
  readonly ratio: number;
  readonly ratioOfMinima: number;
  /** With it; null where this side makes none. */
  readonly wholeRatio: number | null;
}

/** Of our step. */
export interface OurSteps extends SideSteps, StepFacts {
  readonly imagesPerSecond: number;
  /** Floating-point operations a second, in 10^12, and the share of the device's matrix rate. */
  readonly tflops: number;
  readonly share: number;
  /** The median over the floor. */
  readonly overFloor: number;
}

export interface Failed {
  readonly failed: string;
}

export interface StepBench extends ResolvedDevice {
  readonly threads: number;
  /** Pixels of a view's side; images and counted steps of each side. */
  readonly size: number;
  readonly batch: number;
  readonly steps: number;
  readonly ours: OurSteps;
  readonly python:
    | { readonly torch: string; readonly modes: Readonly<Partial<Record<PythonMode, Compared | Failed>>> }
    | { readonly skipped: string };
  readonly before?: Compared | Failed;
}

/** The sides take turns this often. */
const ROUNDS = 5;
/** On a device more: it captures its graph after three steps, and PyTorch compiles and searches. */
const WARM_UP = { cpu: 2, cuda: 10 } as const;

/** Throws ERR_BYOL_BENCH where our own steps cannot be done; what becomes of the others is in the result. */
export async function benchStep(options: StepBenchOptions): Promise<StepBench> {
  const { config, device, precision, threads, onProgress = () => {}, last = async () => {} } = options;
  const place = { device, precision, threads };
  const onCpu = device === 'cpu';
  const { modes, torch, skipped } = pythonSides(options);
  const ours = stepSpec(config, place, 'eager');
  const sides: Record<string, () => Side> = { ours: () => ourSide(ours) };
  for (const mode of modes) sides[mode] = () => pythonSide(torch, stepSpec(config, place, mode));
  const { before } = options;
  if (before !== undefined) sides['before'] = () => olderSide(before, ours);

  const steps = Math.ceil(options.steps / ROUNDS);
  const warmUp = onCpu ? WARM_UP.cpu : WARM_UP.cuda;
  const turns = { warmUp, rounds: ROUNDS, steps, together: onCpu, sideSeconds: options.sideSeconds };
  let facts: StepFacts | undefined;
  const outcomes = await measureSides(sides, turns, {
    onRound: (name, round) => onProgress(name, round * steps, ROUNDS * steps),
    last: async (name, side) => {
      if (name !== 'ours') return;
      facts = (await side.ask('facts')) as StepFacts;
      await last(side);
    },
  });
  const own = outcomes['ours'] as SideOutcome;
  if ('failed' in own || facts === undefined) {
    throw new ByolError('ERR_BYOL_BENCH', `The step cannot be measured: ${'failed' in own ? own.failed : ''}`);
  }
  const beside = (outcome: SideOutcome): Compared | Failed =>
    'failed' in outcome ? outcome : { ...sideSteps(outcome), ...compare(own, outcome) };
  const torchVersion = modes.map((mode) => torchOf(outcomes[mode])).find((version) => version !== undefined);
  return {
    ...place,
    size: config.views.size,
    batch: config.batchSize * config.accumulate,
    steps: ROUNDS * steps,
    ours: ourSteps(sideSteps(own), facts, config.batchSize * config.accumulate),
    python:
      skipped !== null
        ? { skipped }
        : {
            torch: torchVersion ?? 'unknown',
            modes: Object.fromEntries(modes.map((mode) => [mode, beside(outcomes[mode] as SideOutcome)])),
          },
    ...(before !== undefined && { before: beside(outcomes['before'] as SideOutcome) }),
  };
}

function ourSteps(steps: SideSteps, facts: StepFacts, images: number): OurSteps {
  const seconds = steps.step.median;
  const rate = facts.flop / seconds;
  return {
    ...steps,
    ...facts,
    imagesPerSecond: images / seconds,
    tflops: rate / 1e12,
    share: rate / facts.rates.matrix,
    overFloor: seconds / facts.floor.total,
  };
}

function pythonSides({ config, device, modes = pythonModes(device) }: StepBenchOptions): {
  readonly torch: string;
  readonly modes: readonly PythonMode[];
  readonly skipped: string | null;
} {
  const none = (skipped: string) => ({ torch: '', modes: [], skipped });
  if (modes.length === 0) return none('it was not asked for');
  const reason = whyNoPython(config);
  if (reason !== null) return none(reason);
  const found = findTorch(device !== 'cpu');
  return 'missing' in found ? none(found.missing) : { torch: found.command, modes, skipped: null };
}

function ourSide(spec: StepSpec): Side {
  return new Side(process.execPath, [path.join(packageRoot(), 'dist', 'lib', 'bench', 'step-worker.js')], spec);
}

/** Each version has a program of its own, since the addon's surface differs between them; it takes the same specification. */
function olderSide(checkout: string, spec: StepSpec): Side {
  const worker = path.join(checkout, 'dist', 'lib', 'bench', 'step-worker.js');
  if (existsSync(worker)) return new Side(process.execPath, [worker], spec);
  return new Side(process.execPath, [path.join(checkout, 'dist', 'bench', 'step-side.js'), checkout], spec, false);
}

type Measured = Exclude<SideOutcome, Failed>;

const network = (step: StepSeconds): number => step.network;
const whole = ({ seconds }: StepSeconds): number => seconds;

function sideSteps({ rounds, memory }: Measured): SideSteps {
  const all = rounds.flat();
  return { step: spreadOf(all.map(whole)), network: spreadOf(all.map(network)), memory };
}

function compare(ours: Measured, theirs: Measured): Pick<Compared, 'ratio' | 'ratioOfMinima' | 'wholeRatio'> {
  const ratioOf = (of: (step: StepSeconds) => number): number =>
    median(ours.rounds.map((round, i) => median(round.map(of)) / median((theirs.rounds[i] ?? []).map(of))));
  const least = ({ rounds }: Measured): number => Math.min(...rounds.flat().map(network));
  const makesViews = theirs.rounds.flat().some((step) => step.seconds - step.network > NO_VIEWS);
  return {
    ratio: ratioOf(network),
    ratioOfMinima: least(ours) / least(theirs),
    wholeRatio: makesViews ? ratioOf(whole) : null,
  };
}

/** Seconds within which no views of a batch are made. */
const NO_VIEWS = 1e-4;

function torchOf(outcome: SideOutcome | undefined): string | undefined {
  if (outcome === undefined || 'failed' in outcome) return undefined;
  return (outcome.facts as { readonly torch?: string }).torch;
}
