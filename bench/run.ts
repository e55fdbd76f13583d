/** A training run as a user has it: its speed beside the bare step's, its memory, and how free the event loop stays. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { presets } from '../lib/config/presets/index.js';
import { train } from '../lib/run/train.js';

export interface RunBench {
  readonly steps: number;
  /** Images per second with augmentation, over the bare step's. */
  readonly shareOfBareStep: number;
  readonly imagesPerSecond: number;
  /** Resident memory in MiB after a tenth of the steps and at the end. */
  readonly residentMiB: { readonly early: number; readonly end: number };
  /** 99th percentile of how late a 5 ms timer fired, in milliseconds. */
  readonly timerLate99: number;
}

/** 1,000 steps of a small network on generated images. */
export async function benchRun(): Promise<RunBench> {
  const { shapes } = presets;
  const out = mkdtempSync(path.join(os.tmpdir(), 'byol-bench-'));
  const config = structuredClone({
    ...shapes,
    data: { kind: 'shapes', trainImages: 1024, testImages: 64, size: 32, seed: 0 } as const,
    batchSize: 64,
    epochs: 63,
    evaluation: {
      ...shapes.evaluation,
      knn: { ...shapes.evaluation.knn, everyEpochs: 0 },
      linear: { ...shapes.evaluation.linear, atEnd: false },
    },
    checkpoint: { everyEpochs: 100, everyMinutes: 0, keep: 1 },
  });
  const late: number[] = [];
  let expected = 0;
  let timer: NodeJS.Timeout | undefined;
  const resident: number[] = [];
  const waits: number[] = [];
  const rates: number[] = [];
  let steps = 0;
  try {
    const run = train(config, { folder: out });
    for await (const event of run) {
      if (event.type === 'untrained') {
        expected = performance.now() + 5;
        timer = setInterval(() => {
          late.push(Math.max(0, performance.now() - expected));
          expected = performance.now() + 5;
        }, 5);
      }
      if (event.type !== 'step') continue;
      steps = event.step;
      resident.push(process.memoryUsage.rss() / 2 ** 20);
      waits.push(event.metrics.data_wait);
      rates.push(event.metrics.images_per_second);
      if (event.step === event.steps) clearInterval(timer);
    }
    await run.result;
  } finally {
    clearInterval(timer);
    rmSync(out, { recursive: true, force: true });
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    steps,
    shareOfBareStep: 1 - mean(waits),
    imagesPerSecond: mean(rates),
    residentMiB: { early: resident[Math.floor(resident.length / 10)] ?? 0, end: resident.at(-1) ?? 0 },
    timerLate99: late.sort((a, b) => a - b)[Math.floor(late.length * 0.99)] ?? 0,
  };
}
