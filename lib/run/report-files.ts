import { basename, resolve } from 'node:path';
import { writeAtomically } from '../files/atomic-file.js';
import type { RunData, RunState, RunViews } from '../report/run-data.js';
import type { TrainingResources } from '../train/resources.js';
import type { RunResult } from './events.js';
import { MetricsTail } from './metrics-tail.js';
import { runCurves, runReport } from './report-page.js';
import { runData } from './run-data.js';
import { asksAllDuringRun } from './run-evaluator.js';
import { type RunFolder, readEnvironment } from './run-folder.js';
import { readRunViews, writeRunViews } from './run-views.js';

/** Short epochs save many times a second, and nobody reads as fast. */
const WRITE_EVERY_MS = 5000;

/** Of the time of a run what its report may take, whatever its length: so long is waited after each time. */
const MOST_OF_TIME = 1 / 200;
/** But no longer: the first report of a resumed run reads all that there is, and the others only what is new. */
const WRITE_AFTER_MS = 300_000;

/** Points of a line: what a screen shows. */
export const REPORT_POINTS = 1000;

/** Points of all runs' lines together: pages of many runs stay within some megabytes. */
const MOST_POINTS = 5000;
const LEAST_POINTS = 100;

/** Points of a line on a page of so many runs. */
export function pointsBeside(runs: number): number {
  return Math.max(LEAST_POINTS, Math.min(REPORT_POINTS, Math.floor(MOST_POINTS / runs)));
}

/** report.html and curves.svg while a run goes on. They are for people: that they cannot be written ends no run. */
export class ReportFiles {
  readonly #folder: RunFolder;
  readonly #resources: TrainingResources;
  readonly #warn: (message: string) => void;
  readonly #tail: MetricsTail;
  #views: RunViews | null | undefined;
  #next = Number.NEGATIVE_INFINITY;
  #warned = false;

  constructor(folder: RunFolder, resources: TrainingResources, warn: (message: string) => void) {
    this.#folder = folder;
    this.#resources = resources;
    this.#warn = warn;
    const { batchSize, accumulate } = resources.config;
    this.#tail = new MetricsTail(folder.metrics, { batch: batchSize * accumulate, most: REPORT_POINTS });
  }

  /** As far as the run has come; seldom enough not to be felt. */
  async update(result: RunResult): Promise<void> {
    if (performance.now() < this.#next) return;
    await this.#write(result, 'running', `Running: ${this.#progress(result)} when it was last saved.`);
  }

  stopped(result: RunResult): Promise<void> {
    return this.#write(result, 'stopped', `Stopped at ${this.#progress(result)}.`);
  }

  failed(result: RunResult, reason: string): Promise<void> {
    // What was true of the last epoch is no verdict on the run any more.
    const verdict = { state: 'not learning yet', text: `Before that: ${result.verdict.text}` } as const;
    return this.#write({ ...result, verdict }, 'failed', `Failed at ${this.#progress(result)}. ${reason}`);
  }

  /** `neighbours`: what to say of the page about neighbours; null: there is none. */
  finished(result: RunResult, neighbours: string | null): Promise<void> {
    return this.#write(result, 'finished', finishedText(result), neighbours);
  }

  #progress({ steps }: RunResult): string {
    return `step ${steps} of ${this.#resources.schedule.steps}`;
  }

  async #write(result: RunResult, state: RunState, status: string, neighbours: string | null = null): Promise<void> {
    const began = performance.now();
    try {
      const data = await this.#read(result, state, status, neighbours);
      await writeAtomically(this.#folder.report, runReport(data));
      await writeAtomically(this.#folder.curves, runCurves(data));
    } catch (error) {
      if (!this.#warned) this.#warn(`The report of the run is not up to date. ${(error as Error).message}`);
      this.#warned = true;
    }
    const now = performance.now();
    this.#next = now + Math.min(WRITE_AFTER_MS, Math.max(WRITE_EVERY_MS, (now - began) / MOST_OF_TIME));
  }

  async #read(result: RunResult, state: RunState, status: string, neighbours: string | null): Promise<RunData> {
    await this.#tail.read();
    return runData({
      name: basename(resolve(this.#folder.path)),
      config: this.#resources.config,
      environment: (await readEnvironment(this.#folder)) ?? {},
      result,
      state,
      status,
      tail: this.#tail,
      sameImages: asksAllDuringRun(this.#resources),
      links: neighbours === null ? [] : [neighboursLink('neighbours.html', neighbours)],
      views: await this.#readViews(state),
    });
  }

  /** Drawn with the first report. After a failure nobody knows what else may fail: what is there is shown. */
  async #readViews(state: RunState): Promise<RunViews | null> {
    if (this.#views === undefined && state !== 'failed') {
      await writeRunViews(this.#folder, this.#resources).catch((error: Error) =>
        this.#warn(`The views of the run were not drawn. ${error.message}`),
      );
      this.#views = await readRunViews(this.#folder);
    }
    return this.#views ?? null;
  }
}

export function finishedText({ epochs, steps }: RunResult): string {
  return `Finished: ${epochs} epochs, ${steps} steps.`;
}

export function neighboursLink(address: string, text: string): RunData['links'][number] {
  return { address, title: 'Neighbours and map', text };
}
