import { type FileHandle, mkdir } from 'node:fs/promises';
import { type BoardEvent, encodeEvent, encodeFileStart, encodeRestart } from '../export/tensorboard/event-file.js';
import { hyperParameters, sessionEnd } from '../export/tensorboard/hyper-parameters.js';
import { drawContactSheet } from '../report/contact-sheet.js';
import { encodePng } from '../report/png.js';
import type { TrainingResources } from '../train/resources.js';
import { viewPictures } from '../train/view-pictures.js';
import type { RunResult } from './events.js';
import type { MetricsRecord } from './metrics-file.js';
import type { RunFolder } from './run-folder.js';
import { boardEvent, finishedRow, measuredRows, rowOf } from './run-metrics.js';
import { comparedMetrics, comparedSettings } from './run-settings.js';
import { eventFiles, lastStepsOf, openNextFile } from './tensorboard-files.js';

/** Images shown with their views. */
const IMAGES = 8;
const VIEWS = 'views';

export interface TensorboardOptions {
  readonly folder: RunFolder;
  readonly resources: TrainingResources;
  /** Optimiser steps that are done. */
  readonly from: number;
  readonly warn: (message: string) => void;
}

/**
 * RUN/tensorboard, while the run goes on: the metrics as they come, some images with their views, the settings. Each sitting has a
 * file of its own. It begins with what metrics.jsonl has and the files of earlier sittings lack: sittings without a log, or what was on
 * its way when one was killed. What those have after the step that the run goes on from, TensorBoard is told to forget.
 *
 * It is for people, as the report is: that it cannot be written ends no run. That is told once, and the sitting writes no more of it;
 * a whole record behind a part of one would not be read.
 */
export class TensorboardLog {
  readonly #warn: (message: string) => void;
  readonly #path: string;
  #file: FileHandle | null = null;

  private constructor({ folder, warn }: TensorboardOptions) {
    this.#path = folder.tensorboard;
    this.#warn = warn;
  }

  static async open(options: TensorboardOptions): Promise<TensorboardLog> {
    const log = new TensorboardLog(options);
    await log.#trying(() => log.#begin(options));
    return log;
  }

  async write(record: MetricsRecord): Promise<void> {
    await this.#append([boardEvent(rowOf(record, now()))]);
  }

  async finished(result: RunResult): Promise<void> {
    const time = now();
    const end = { step: result.steps, time, values: [sessionEnd(time)] };
    await this.#append([boardEvent(finishedRow(result, time)), end]);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await this.#trying(async () => file?.close());
  }

  async #begin({ folder, resources, from }: TensorboardOptions): Promise<void> {
    // Not recursively: where the run folder has been deleted, half of one would come back.
    await mkdir(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const older = await eventFiles(this.#path);
    const there = await lastStepsOf(older);
    const time = now();
    this.#file = await openNextFile(this.#path, older.at(-1)?.second ?? 0);
    await this.#file.writeFile(encodeFileStart(time));
    if (older.length > 0) await this.#file.writeFile(encodeRestart(from + 1, time));
    const rows = await measuredRows(folder.path);
    const start = rows[0]?.time ?? time;
    const missing = [
      { step: 0, time: start, values: hyperParameters(comparedSettings(resources.config), comparedMetrics, start) },
      ...(there.has(VIEWS) ? [] : [await viewsEvent(resources, start)]),
      ...rows.map(boardEvent),
    ];
    await this.#append(missing.map((event) => unknownTo(there, event)));
  }

  async #append(events: readonly BoardEvent[]): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    const told = events.filter(({ values }) => values.length > 0);
    await this.#trying(() => file.writeFile(Buffer.concat(told.map(encodeEvent))));
  }

  async #trying(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#warn(`TensorBoard's files in ${this.#path} are not written any further in this sitting: ${reason}`);
      const file = this.#file;
      this.#file = null;
      await file?.close().catch(() => {});
    }
  }
}

/** What of an event no earlier file has. */
function unknownTo(there: ReadonlyMap<string, number>, { values, ...event }: BoardEvent): BoardEvent {
  return { ...event, values: values.filter(({ tag }) => event.step > (there.get(tag) ?? -1)) };
}

async function viewsEvent(resources: TrainingResources, time: number): Promise<BoardEvent> {
  const { native, train, config } = resources;
  const rows = (await viewPictures(native, train, IMAGES, config)).map(({ original, views }) => [original, ...views]);
  const picture = drawContactSheet({ size: config.views.size, rows });
  const { width, height } = picture;
  return { step: 0, time, values: [{ tag: VIEWS, image: { width, height, png: encodePng(picture) } }] };
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000;
}
