import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ByolError } from '../errors.js';
import { csvLine } from '../export/csv.js';
import { type BoardEvent, encodeEvent, encodeFileStart } from '../export/tensorboard/event-file.js';
import { hyperParameters } from '../export/tensorboard/hyper-parameters.js';
import { ioError, writeAtomically } from '../files/atomic-file.js';
import { refuseOthers } from '../files/own-file.js';
import type { Baseline, RunResult } from './events.js';
import { type MetricsRecord, readMetrics } from './metrics-file.js';
import { RunFolder, readBaseline, readEnvironment, readResult, readRunConfig } from './run-folder.js';
import { comparedMetrics, comparedSettings } from './run-settings.js';

/** The metrics of a run for other programs, whether it is running, stopped or finished. */

/**
 * 'step': means since the step before it in this list; 'epoch': means over an epoch, and kNN after it; 'untrained' and
 * 'finished': the test accuracies, with all images, before the first step and after the last.
 */
export interface MetricsRow {
  readonly type: 'untrained' | 'step' | 'epoch' | 'finished';
  /** Optimiser steps done. */
  readonly step: number;
  readonly epoch: number;
  /** Seconds since 1970, reckoned from the start of the run and its pace. */
  readonly time: number;
  /** By the names of Metrics and StepRecord; those that were not measured, or not finite, are left out. */
  readonly values: Readonly<Record<string, number>>;
}

/** Throws ERR_BYOL_RUN where there is no run, or nothing has been measured yet. */
export async function readRunMetrics(runDir: string): Promise<MetricsRow[]> {
  const rows = await measuredRows(runDir);
  if (rows.length > 0) return rows;
  throw new ByolError('ERR_BYOL_RUN', `Nothing has been measured in ${runDir} yet. Ask again after its first seconds.`);
}

/** The same where nothing need have been measured. */
export async function measuredRows(runDir: string): Promise<MetricsRow[]> {
  const folder = new RunFolder(runDir);
  const { batchSize, accumulate } = await readRunConfig(runDir);
  const result = await readResult(runDir);
  const baseline = await readBaseline(folder);
  const start = Date.parse((await readEnvironment(folder))?.date ?? '') / 1000;
  const rows: MetricsRow[] = [];
  let time = Number.isFinite(start) ? start : 0;
  let timed = 0;
  const untrained = accuracies(baseline);
  if (Object.keys(untrained).length > 0) rows.push({ type: 'untrained', step: 0, epoch: 0, time, values: untrained });
  for (const record of await readMetrics(folder.metrics)) {
    const { type, step, images_per_second: speed } = record;
    if (type === 'step') {
      if (speed > 0) time += ((step - timed) * batchSize * accumulate) / speed;
      timed = step;
    }
    rows.push(rowOf(record, time));
  }
  if (result !== null) rows.push(finishedRow(result, time));
  return rows;
}

/** Of a record that has just been made. */
export function rowOf({ type, step, epoch, ...rest }: MetricsRecord, time: number): MetricsRow {
  return { type, step, epoch, time, values: finiteOf(rest) };
}

/** Of a run that has just finished. */
export function finishedRow({ steps: step, epochs: epoch, ...result }: RunResult, time: number): MetricsRow {
  return { type: 'finished', step, epoch, time, values: accuracies(result) };
}

const FIRST_COLUMNS = ['type', 'step', 'epoch'] as const;

/** One line per row, one column per metric; empty where it was not measured. Throws ERR_BYOL_IO, ERR_BYOL_RUN. */
export async function writeMetricsCsv(runDir: string, path: string): Promise<void> {
  const rows = await readRunMetrics(runDir);
  await refuseOthers(path, { start: FIRST_COLUMNS.join(',') });
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const lines = rows.map(({ type, step, epoch, values }) =>
    csvLine([type, step, epoch, ...names.map((name) => values[name])]),
  );
  await writeAtomically(path, [csvLine([...FIRST_COLUMNS, ...names]), ...lines].join(''));
}

/**
 * Writes DIR/NAME/events.out.tfevents.ID, NAME being the run folder's and ID a hash of where it lies: written again it takes
 * its own place, and no other run's. Returns its path. Throws ERR_BYOL_IO, ERR_BYOL_RUN.
 */
export async function writeTensorboard(runDir: string, dir: string): Promise<string> {
  const rows = await readRunMetrics(runDir);
  const place = await realpath(runDir);
  const folder = join(dir, basename(place) || 'run');
  const path = join(folder, `events.out.tfevents.${createHash('sha256').update(place).digest('hex').slice(0, 16)}`);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw ioError(folder, 'make the folder', error);
  }
  const start = rows[0]?.time ?? 0;
  const settings = hyperParameters(comparedSettings(await readRunConfig(runDir)), comparedMetrics, start);
  const events: BoardEvent[] = [{ step: 0, time: start, values: settings }, ...rows.map(boardEvent)];
  await writeAtomically(path, Buffer.concat([encodeFileStart(start), ...events.map(encodeEvent)]));
  return path;
}

/** A row as TensorBoard is to show it. */
export function boardEvent({ type, step, time, values }: MetricsRow): BoardEvent {
  const scalars = Object.entries(values).map(([name, scalar]) => ({ tag: tagOf(type, name), scalar }));
  return { step, time, values: scalars };
}

/** What is measured once an epoch needs no name beside that of the steps'. */
function tagOf(type: MetricsRow['type'], name: string): string {
  return type === 'step' || (type === 'epoch' && name.startsWith('knn/')) ? name : `${type}/${name}`;
}

function accuracies(of: Baseline | null): Record<string, number> {
  return finiteOf({
    'knn/top1': of?.knn?.top1,
    'knn/top5': of?.knn?.top5,
    'probe/linear/top1': of?.linear?.top1,
    'probe/linear/top5': of?.linear?.top5,
  });
}

/** A number that is not finite is null in JSON. */
function finiteOf(values: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
}
