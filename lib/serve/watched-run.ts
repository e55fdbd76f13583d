import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isSettings } from '../config/layers.js';
import type { Config } from '../config/schema.js';
import { EpochSteps } from '../data/epoch-steps.js';
import { ByolError } from '../errors.js';
import { readJson } from '../files/json-file.js';
import { labelledRowsOf } from '../methods/check.js';
import { methodTitle } from '../methods/index.js';
import type { RunResult } from '../run/events.js';
import { verdictSoFar } from '../run/read-run-data.js';
import {
  type BaselineFile,
  RunFolder,
  readBaseline,
  readDataRecord,
  readEnvironment,
  readResult,
  readRunConfig,
} from '../run/run-folder.js';
import { runHolder } from '../run/run-lock.js';
import type { Verdict } from '../train/verdict.js';
import { MetricsDigest } from './metrics-digest.js';
import { type FileStamp, sameStamp, stampFile } from './plain-file.js';
import type { SparkPoint } from './sparkline.js';

/** 'running': a process holds the run's lock. */
export type WatchedState = 'running' | 'finished' | 'stopped' | 'broken';

/** What a list of runs shows of one. Times are milliseconds since 1970, accuracies fractions; null: not known, or not measured. */
export interface RunOverview {
  /** In addresses. */
  readonly id: string;
  /** The folder's path below the one that is served. */
  readonly name: string;
  readonly preset: string | null;
  readonly method: string | null;
  readonly state: WatchedState;
  /** What goes on, or why nothing does. */
  readonly text: string;
  /** When the last sitting began. */
  readonly began: number | null;
  /** When metrics were written last. */
  readonly changed: number | null;
  readonly epoch: number | null;
  readonly epochs: number | null;
  readonly step: number | null;
  readonly steps: number | null;
  /** When the last step will be done, at the pace of this sitting. */
  readonly ends: number | null;
  readonly loss: number | null;
  readonly knn: number | null;
  readonly untrainedKnn: number | null;
  readonly verdict: Verdict | null;
  readonly spark: readonly SparkPoint[];
}

/** Files whose change changes more than the metrics. */
const FILES = ['config', 'environment', 'data', 'baseline', 'result'] as const;
type Stamps = Readonly<Record<(typeof FILES)[number], FileStamp | null>>;

/** What those files say. */
interface Facts {
  /** null: the run is finished, and says itself what it came to. */
  readonly config: Config | null;
  readonly preset: string | null;
  readonly method: string;
  readonly epochs: number | null;
  readonly steps: number | null;
  readonly began: number | null;
  /** Step at which this sitting began. */
  readonly from: number;
  readonly baseline: BaselineFile | null;
  readonly result: RunResult | null;
}

/** By which a run is asked for: no part of a path comes from an address. */
export function runId(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}

/** One run, looked at from time to time. What has not changed is not read again. */
export class WatchedRun {
  readonly id: string;
  readonly folder: RunFolder;
  readonly #name: string;
  readonly #digest: MetricsDigest;
  #stamp: string | null = null;
  #refreshing: Promise<boolean> | null = null;
  #stamps: Stamps | null = null;
  #facts: Facts | null = null;
  #overview: RunOverview | null = null;

  /** `path`: from `root` to the run; '' is the root itself. */
  constructor(root: string, path: string) {
    this.id = runId(path);
    this.#name = path === '' ? basename(root) : path;
    this.folder = new RunFolder(join(root, path));
    this.#digest = new MetricsDigest(this.folder.metrics);
  }

  /** null: it has not been looked at yet. */
  get overview(): RunOverview | null {
    return this.#overview;
  }

  /**
   * Returns whether the overview has changed. Never fails: a run that cannot be read is broken, and says why. `stamp`: the same as before
   * where no file in the folder was made, replaced or deleted since. No process begins to write to a run without making its lock.
   */
  refresh(stamp: string | null): Promise<boolean> {
    this.#refreshing ??= this.#refresh(stamp).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(stamp: string | null): Promise<boolean> {
    const { state } = this.#overview ?? {};
    if (stamp !== null && stamp === this.#stamp && (state === 'finished' || state === 'stopped')) return false;
    let next: RunOverview;
    try {
      next = await this.#look();
    } catch (error) {
      // Looked at anew the next time.
      this.#stamps = null;
      const { message } = error as Error;
      next = this.#broken(error instanceof ByolError ? message : `its files are not as runs write them (${message}).`);
    }
    this.#stamp = stamp;
    const changed = JSON.stringify(next) !== JSON.stringify(this.#overview);
    if (changed) this.#overview = next;
    return changed;
  }

  async #look(): Promise<RunOverview> {
    const stamps = await this.#stampFiles();
    const before = this.#stamps;
    if (before === null || this.#facts === null || FILES.some((name) => !sameStamp(before[name], stamps[name]))) {
      this.#facts = await this.#readFacts();
      this.#stamps = stamps;
    } else if (this.#facts.result !== null && this.#overview !== null) {
      return this.#overview;
    }
    // First, since it follows no link.
    const metrics = await stampFile(this.folder.metrics);
    await this.#digest.read();
    return this.#describe(this.#facts, metrics);
  }

  async #stampFiles(): Promise<Stamps> {
    const { config, environment, data, baseline, result } = this.folder;
    const stamps = { config, environment, data, baseline, result };
    const all = await Promise.all(FILES.map(async (name) => [name, await stampFile(stamps[name])] as const));
    return Object.fromEntries(all) as unknown as Stamps;
  }

  async #readFacts(): Promise<Facts> {
    const { path } = this.folder;
    const result = await readResult(path);
    const environment = await readEnvironment(this.folder);
    const sitting = environment?.resumed.at(-1);
    const began = Date.parse((sitting ?? environment)?.date ?? '');
    const common = {
      began: Number.isFinite(began) ? began : null,
      from: sitting?.step ?? 0,
      // What a finished run says of itself it says beside the untrained network.
      baseline: result === null ? await readBaseline(this.folder) : null,
      result,
    };
    // To check all settings takes a millisecond; of a finished run only names are shown.
    const config = result === null ? await readRunConfig(path) : null;
    const settings = config ?? (await readSettings(this.folder));
    const method = settings['method'];
    return {
      ...common,
      config,
      preset: typeof settings['preset'] === 'string' ? settings['preset'] : null,
      method: methodTitle(typeof method === 'string' ? { method } : {}),
      epochs: config?.epochs ?? result?.epochs ?? null,
      steps: config === null ? (result?.steps ?? null) : await this.#plannedSteps(config),
    };
  }

  /** null: it is not known how many of the images make an epoch. */
  async #plannedSteps(config: Config): Promise<number | null> {
    const { batchSize, accumulate, epochBoundary, epochs } = config;
    const images = (await readDataRecord(this.folder))?.train.images;
    if (images === undefined || labelledRowsOf(config) !== null) return null;
    return new EpochSteps({ images, rows: batchSize * accumulate, boundary: epochBoundary }).stepsIn(epochs);
  }

  async #describe(facts: Facts, metrics: FileStamp | null): Promise<RunOverview> {
    const { result, preset, method, began, epochs } = facts;
    const { spark } = this.#digest;
    const common = { id: this.id, name: this.#name, preset, method, began, changed: metrics?.changed ?? null, spark };
    if (result !== null) {
      const { knn, untrained, verdict, metrics: last } = result;
      return {
        ...common,
        state: 'finished',
        text: 'finished',
        epoch: result.epochs,
        epochs,
        step: result.steps,
        steps: facts.steps,
        ends: null,
        loss: last?.loss ?? null,
        knn: knn?.top1 ?? null,
        untrainedKnn: untrained.knn?.top1 ?? null,
        verdict,
      };
    }
    const { step: newest, epoch: last, knn } = this.#digest;
    const step = Math.max(newest?.step ?? 0, last?.step ?? 0);
    const steps =
      facts.steps ?? (last === null || epochs === null ? null : Math.floor((last.step / last.epoch) * epochs));
    const { state, text } = await this.#stateOf(step, steps);
    return {
      ...common,
      state,
      text,
      epoch: Math.max(newest?.epoch ?? 0, last?.epoch ?? 0),
      epochs,
      step,
      steps,
      ends: state === 'running' ? endOf(metrics, facts.from, step, steps) : null,
      loss: newest?.loss ?? last?.loss ?? null,
      knn: knn?.['knn/top1'] ?? null,
      untrainedKnn: facts.baseline?.knnDuringRun?.top1 ?? facts.baseline?.knn?.top1 ?? null,
      verdict: this.#verdict(facts),
    };
  }

  async #stateOf(step: number, steps: number | null): Promise<{ state: WatchedState; text: string }> {
    const holder = await runHolder(this.folder.path);
    if (holder?.alive) {
      if (step === 0) return { state: 'running', text: 'starting' };
      return { state: 'running', text: step === steps ? 'measuring what it has learnt' : 'training' };
    }
    const states = await readdir(this.folder.checkpoints).catch((): string[] => []);
    if (states.some((name) => isAhead(name, step))) {
      return { state: 'stopped', text: 'diverged: the loss or its gradient was not finite' };
    }
    if (holder !== null) return { state: 'stopped', text: `killed: ${holder.by}, is gone` };
    return { state: 'stopped', text: step === 0 ? 'stopped before its first steps' : 'stopped' };
  }

  /** Of a run that goes on or was stopped: as its own at the end of an epoch. */
  #verdict({ config, baseline }: Facts): Verdict | null {
    const { epoch, knn } = this.#digest;
    if (config === null || epoch === null) return null;
    return verdictSoFar(config, baseline, { epoch: { ...epoch }, knn: knn?.['knn/top1'] ?? null });
  }

  #broken(reason: string): RunOverview {
    const { preset = null, method = null, began = null } = this.#facts ?? {};
    return {
      id: this.id,
      name: this.#name,
      preset,
      method,
      state: 'broken',
      text: reason,
      began,
      changed: null,
      epoch: null,
      epochs: null,
      step: null,
      steps: null,
      ends: null,
      loss: null,
      knn: null,
      untrainedKnn: null,
      verdict: null,
      spark: [],
    };
  }
}

async function readSettings({ config }: RunFolder): Promise<Readonly<Record<string, unknown>>> {
  const value = await readJson(config).catch((error: unknown) => {
    if (error instanceof SyntaxError) throw new ByolError('ERR_BYOL_RUN', `${config} is damaged: ${error.message}.`);
    throw error;
  });
  if (isSettings(value)) return value;
  throw new ByolError('ERR_BYOL_RUN', `${config} ${value === undefined ? 'does not exist' : 'is no configuration'}.`);
}

/** Whether a state was kept since the steps behind it went wrong, none of which metrics.jsonl knows. */
function isAhead(name: string, step: number): boolean {
  const at = /^last-good-step-(\d+)\.safetensors$/.exec(name)?.[1];
  return at !== undefined && Number(at) >= step;
}

/** metrics.jsonl is made anew when the steps of a sitting begin. */
function endOf(metrics: FileStamp | null, from: number, step: number, steps: number | null): number | null {
  if (metrics === null || steps === null || metrics.made === 0 || step <= from) return null;
  const elapsed = metrics.changed - metrics.made;
  return elapsed < 1000 ? null : Math.round(metrics.changed + (elapsed / (step - from)) * (steps - step));
}
