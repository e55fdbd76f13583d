import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../lib/config/schema.js';
import { shortConfig } from './short-runs.js';

/** Run folders as runs write them, without a training: what pages and lists of runs are tested with. */

/** Steps of an epoch: 640 images in batches of 64. */
export const STEPS_PER_EPOCH = 10;
const EPOCHS = 4;

export interface FolderOptions {
  readonly config?: Partial<Config>;
  /** Epochs that are over. */
  readonly epochs?: number;
  /** With a result. */
  readonly finished?: boolean;
  /** When it began. */
  readonly date?: string;
}

/** A line of metrics.jsonl as of a step whose loss is 4 exp(-step / 20). */
export function stepLine(step: number, loss: number = 4 * Math.exp(-step / 20)): string {
  const epoch = Math.ceil(step / STEPS_PER_EPOCH);
  return `${JSON.stringify({ type: 'step', step, epoch, loss, 'collapse/std': 0.8, 'collapse/rank': 40, 'target/distance': 0.02, images_per_second: 1000, data_wait: 0.01, learning_rate: 0.01, tau: 0.99, threads: 2 })}\n`;
}

/** As after an epoch whose kNN got better by a twentieth with each. */
export function epochLine(epoch: number): string {
  const step = epoch * STEPS_PER_EPOCH;
  return `${JSON.stringify({ type: 'epoch', step, epoch, loss: 4 * Math.exp(-step / 20), 'collapse/std': 0.8, 'collapse/rank': 40, 'target/distance': 0.02, images_per_second: 1000, data_wait: 0.01, 'knn/top1': 0.3 + epoch / 20, 'knn/top5': 0.8 })}\n`;
}

/** All lines of the first `epochs` epochs, a step each. */
export function metricsOf(epochs: number): string {
  return Array.from({ length: epochs }, (_, epoch) => {
    const steps = Array.from({ length: STEPS_PER_EPOCH }, (_, step) => stepLine(epoch * STEPS_PER_EPOCH + step + 1));
    return steps.join('') + epochLine(epoch + 1);
  }).join('');
}

const accuracy = (top1: number): object => ({ top1, top5: 0.8 });

/** Makes a run of four epochs, stopped after the second if nothing else is said. */
export function makeRun(folder: string, options: FolderOptions = {}): void {
  const { finished = false, date = '2026-11-27T10:00:00.000Z' } = options;
  const { epochs = finished ? EPOCHS : 2 } = options;
  const config = shortConfig({ epochs: EPOCHS, batchSize: 64, ...options.config });
  mkdirSync(join(folder, 'checkpoints'), { recursive: true });
  const write = (name: string, value: object): void =>
    writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  write('config.json', config);
  const environment = {
    version: '0.1.0',
    commit: null,
    node: 'v20.20.2',
    platform: 'linux x64',
    torch: '2.13.0',
    cpu: 'a CPU',
    cores: 2,
    threads: 2,
    device: 'cpu',
    precision: 'float32',
  };
  write('environment.json', { date, ...environment, initFrom: null, resumed: [] });
  const labels = 'b'.repeat(64);
  const part = (images: number): object => ({ images, height: 24, width: 24, pixels: 'a'.repeat(64), labels });
  write('data.json', { train: part(640), test: part(1000), classNames: ['circle', 'square'] });
  const { evaluation } = config;
  write('baseline.json', {
    knn: accuracy(0.3),
    linear: null,
    knnDuringRun: { ...accuracy(0.3), queries: 1000 },
    evaluation,
  });
  writeFileSync(join(folder, 'metrics.jsonl'), metricsOf(epochs));
  if (!finished) return;
  const {
    type: _type,
    step: _step,
    epoch: _epoch,
    ...metrics
  } = JSON.parse(epochLine(epochs)) as Record<string, unknown>;
  write('result.json', {
    folder,
    epochs,
    steps: epochs * STEPS_PER_EPOCH,
    interrupted: false,
    knn: accuracy(0.55),
    linear: null,
    untrained: { knn: accuracy(0.3), linear: null },
    metrics,
    verdict: { state: 'learning', text: 'Learning: kNN 55.0 %, untrained 30.0 % (+25.0 points), spread 0.80.' },
    encoder: join(folder, 'encoder.safetensors'),
    seconds: 60,
  });
}

/** As a run does while it goes on. */
export function appendMetrics(folder: string, text: string): void {
  appendFileSync(join(folder, 'metrics.jsonl'), text);
}
