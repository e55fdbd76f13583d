import { writeAtomically } from '../files/atomic-file.js';
import type { TrainingResources } from '../train/resources.js';
import type { RunResult } from './events.js';
import { readMetrics } from './metrics-file.js';
import { runCurves, runReport } from './report-page.js';
import { asksAllDuringRun } from './run-evaluator.js';
import { type RunFolder, readEnvironment } from './run-folder.js';

/** Short epochs save many times a second; nobody reads as fast, and all of metrics.jsonl is read for it. */
const WRITE_EVERY_MS = 5000;

/** report.html and curves.svg while a run goes on. They are for people: that they cannot be written ends no run. */
export class ReportFiles {
  readonly #folder: RunFolder;
  readonly #resources: TrainingResources;
  readonly #warn: (message: string) => void;
  #written = Number.NEGATIVE_INFINITY;
  #warned = false;

  constructor(folder: RunFolder, resources: TrainingResources, warn: (message: string) => void) {
    this.#folder = folder;
    this.#resources = resources;
    this.#warn = warn;
  }

  /** As far as the run has come; seldom enough not to be felt. */
  async update(result: RunResult): Promise<void> {
    if (performance.now() - this.#written < WRITE_EVERY_MS) return;
    await this.write(result, `Running: ${this.#progress(result)} when it was last saved.`);
  }

  /** `status`: a sentence on how the run ended. */
  async write(result: RunResult, status: string, neighbours: string | null = null): Promise<void> {
    try {
      await this.#write(result, status, neighbours);
    } catch (error) {
      if (!this.#warned) this.#warn(`The report of the run is not up to date. ${(error as Error).message}`);
      this.#warned = true;
    }
    this.#written = performance.now();
  }

  stopped(result: RunResult): Promise<void> {
    return this.write(result, `Stopped at ${this.#progress(result)}.`);
  }

  failed(result: RunResult, reason: string): Promise<void> {
    // What was true of the last epoch is no verdict on the run any more.
    const verdict = { state: 'not learning yet', text: `Before that: ${result.verdict.text}` } as const;
    return this.write({ ...result, verdict }, `Failed at ${this.#progress(result)}. ${reason}`);
  }

  /** `neighbours`: what to say of the page about neighbours; null: there is none. */
  finished(result: RunResult, neighbours: string | null): Promise<void> {
    return this.write(result, `Finished: ${result.epochs} epochs, ${result.steps} steps.`, neighbours);
  }

  #progress({ steps }: RunResult): string {
    return `step ${steps} of ${this.#resources.schedule.steps}`;
  }

  async #write(result: RunResult, status: string, neighbours: string | null): Promise<void> {
    const { config } = this.#resources;
    const records = await readMetrics(this.#folder.metrics);
    const environment = (await readEnvironment(this.#folder)) ?? {};
    const curves = { config, records, result, sameImages: asksAllDuringRun(this.#resources) };
    await writeAtomically(this.#folder.report, runReport({ ...curves, environment, result, status, neighbours }));
    await writeAtomically(this.#folder.curves, runCurves(curves));
  }
}
