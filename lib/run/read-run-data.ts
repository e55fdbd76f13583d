import { existsSync } from 'node:fs';
import { basename, relative, resolve, sep } from 'node:path';
import type { Config } from '../config/schema.js';
import type { Metrics } from '../metrics/values.js';
import type { RunData, RunState } from '../report/run-data.js';
import { judge, type Verdict } from '../train/verdict.js';
import type { RunResult } from './events.js';
import { MetricsTail } from './metrics-tail.js';
import { finishedText, neighboursLink, REPORT_POINTS } from './report-files.js';
import { runData } from './run-data.js';
import {
  type BaselineFile,
  RunFolder,
  readBaseline,
  readDataRecord,
  readEnvironment,
  readResult,
  readRunConfig,
} from './run-folder.js';
import { runHolder } from './run-lock.js';
import { readRunViews } from './run-views.js';

export interface ReadRunOptions {
  /** Left out: the name of its folder. */
  readonly name?: string;
  /** Where the page will lie, for its links to what is in the run folder; null: it has none. Left out: in the run folder. */
  readonly pageFolder?: string | null;
  /** Points of a line. */
  readonly points?: number;
}

/**
 * A run from its folder alone, whether it is running, was stopped, killed or has finished: what its pages show. Writes nothing. Throws
 * ERR_BYOL_RUN where there is no run, ERR_BYOL_IO.
 */
export async function readRunData(runDir: string, options: ReadRunOptions = {}): Promise<RunData> {
  return new RunReader(runDir, options).read();
}

/** The same again and again, as a page that is open asks for it: of the metrics only what was written since is read. */
export class RunReader {
  readonly #folder: RunFolder;
  readonly #options: ReadRunOptions;
  #tail: MetricsTail | undefined;

  constructor(runDir: string, options: ReadRunOptions = {}) {
    this.#folder = new RunFolder(runDir);
    this.#options = options;
  }

  /** `now`: of a run that is not finished, for those who know more than its files say. One call at a time. */
  async read(now?: { readonly state: RunState; readonly status: string }): Promise<RunData> {
    const folder = this.#folder;
    const config = await readRunConfig(folder.path);
    const { batchSize, accumulate } = config;
    this.#tail ??= new MetricsTail(folder.metrics, {
      batch: batchSize * accumulate,
      most: this.#options.points ?? REPORT_POINTS,
    });
    const tail = this.#tail;
    await tail.read();
    const baseline = await readBaseline(folder);
    const finished = await readResult(folder.path);
    const result = finished ?? unfinished(folder, config, baseline, tail);
    const running = finished === null && now === undefined && (await runHolder(folder.path))?.alive === true;
    return runData({
      name: this.#options.name ?? basename(resolve(folder.path)),
      config,
      environment: (await readEnvironment(folder)) ?? {},
      result,
      state: finished === null ? (now?.state ?? (running ? 'running' : 'stopped')) : 'finished',
      status: finished === null ? (now?.status ?? progressText(config, tail, running)) : finishedText(finished),
      tail,
      sameImages: await asksAll(folder, config),
      links: this.#links(),
      views: await readRunViews(folder),
    });
  }

  #links(): RunData['links'] {
    const { neighbours, path } = this.#folder;
    const { pageFolder = path } = this.#options;
    if (pageFolder === null || !existsSync(neighbours)) return [];
    const way = relative(resolve(pageFolder), resolve(neighbours)).split(sep).map(encodeURIComponent).join('/');
    return [neighboursLink(way, 'What the encoder takes for similar, beside the untrained one.')];
  }
}

/** Whether kNN has the same images during the run and after it, as far as data.json says how many there are. */
async function asksAll(folder: RunFolder, config: Config): Promise<boolean> {
  const { bankImages, queryImages } = config.evaluation.knn;
  const data = await readDataRecord(folder);
  const isAll = (count: number, all: number | undefined): boolean => count === 0 || (all !== undefined && count >= all);
  return isAll(bankImages, data?.train.images) && isAll(queryImages, data?.test?.images);
}

function progressText({ epochs }: Config, { step, lastEpoch }: MetricsTail, running: boolean): string {
  const how = running ? 'Running' : 'Not finished';
  if (step === 0) return `${how}: before its first reading.`;
  const steps = lastEpoch === null ? null : Math.round((lastEpoch.step / lastEpoch.epoch) * epochs);
  const of = steps === null ? '' : ` of ${steps}`;
  return `${how}: step ${step}${of}, epoch ${lastEpoch?.epoch ?? 0} of ${epochs} is done.`;
}

/** What a run has come to that has no result.json, by its metrics. */
function unfinished(folder: RunFolder, config: Config, baseline: BaselineFile | null, tail: MetricsTail): RunResult {
  const { lastEpoch, step, lastKnn } = tail;
  const untrained = baseline?.knnDuringRun ?? baseline?.knn ?? null;
  return {
    folder: folder.path,
    epochs: lastEpoch?.epoch ?? 0,
    steps: step,
    interrupted: true,
    knn: lastKnn,
    linear: null,
    untrained: { knn: untrained && { top1: untrained.top1, top5: untrained.top5 }, linear: baseline?.linear ?? null },
    metrics: lastEpoch === null ? null : (numbersOf(lastEpoch.values) as unknown as Metrics),
    verdict: verdictSoFar(config, baseline, { epoch: lastEpoch?.values ?? {}, knn: lastKnn?.top1 ?? null }),
    encoder: null,
    seconds: 0,
  };
}

function numbersOf(values: Readonly<Record<string, unknown>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
}

/** What is known of a run that goes on or was stopped. */
export interface SoFar {
  /** Metrics of the last epoch. */
  readonly epoch: Readonly<Record<string, unknown>>;
  /** Top-1 of the last epoch that kNN was measured in; null: of none. */
  readonly knn: number | null;
}

/** As the run itself says when it is stopped. */
export function verdictSoFar(config: Config, baseline: BaselineFile | null, { epoch, knn }: SoFar): Verdict {
  const { 'collapse/std': collapseStd, 'collapse/rank': collapseRank, loss } = numbersOf(epoch);
  if (collapseStd === undefined || collapseRank === undefined || loss === undefined) {
    return { state: 'not learning yet', text: 'Nothing can be said yet: no epoch was completed.' };
  }
  const during = baseline?.knnDuringRun ?? null;
  const queries = during?.queries ?? 0;
  return judge({ config, collapseStd, collapseRank, loss, knn, untrainedKnn: during?.top1 ?? null, queries });
}
