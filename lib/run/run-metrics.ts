import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ByolError } from '../errors.js';
import { csvLine } from '../export/csv.js';
import { encodeScalars, type Scalar } from '../export/tensorboard.js';
import { ioError, writeAtomically } from '../files/atomic-file.js';
import { refuseOthers } from '../files/own-file.js';
import type { Baseline } from './events.js';
import { readMetrics } from './metrics-file.js';
import { RunFolder, readBaseline, readEnvironment, readResult, readRunConfig } from './run-folder.js';

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
  for (const { type, step, epoch, ...rest } of await readMetrics(folder.metrics)) {
    const { images_per_second: speed } = rest;
    if (type === 'step') {
      if (speed > 0) time += ((step - timed) * batchSize * accumulate) / speed;
      timed = step;
    }
    rows.push({ type, step, epoch, time, values: finiteOf(rest) });
  }
  if (result !== null) {
    rows.push({ type: 'finished', step: result.steps, epoch: result.epochs, time, values: accuracies(result) });
  }
  if (rows.length === 0) {
    throw new ByolError(
      'ERR_BYOL_RUN',
      `Nothing has been measured in ${runDir} yet. Ask again after its first seconds.`,
    );
  }
  return rows;
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
  const scalars = rows.flatMap(({ type, step, time, values }): Scalar[] =>
    Object.entries(values).map(([name, value]) => ({ tag: tagOf(type, name), step, time, value })),
  );
  await writeAtomically(path, encodeScalars(scalars));
  return path;
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
