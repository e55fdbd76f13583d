import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../lib/config/schema.js';
import { ByolError } from '../../lib/errors.js';
import type { RunResult } from '../../lib/run/events.js';
import type { Run, TrainOptions } from '../../lib/run/train.js';

/** What a run is to come to; 'diverged' and 'broken' are errors, 'stopped' waits until it is stopped. */
export type Outcome =
  | { readonly knn: number; readonly std: number; readonly linear?: number }
  | 'diverged'
  | 'broken'
  | 'stopped';

export interface Call {
  readonly config: Config;
  readonly options: TrainOptions;
}

/** Behaves like train() and computes nothing. */
export function fakeTrain(outcomeOf: (config: Config) => Outcome): {
  readonly train: (config: Config, options: TrainOptions) => Run;
  readonly calls: Call[];
} {
  const calls: Call[] = [];
  const train = (config: Config, options: TrainOptions): Run => {
    calls.push({ config, options });
    const folder = options.folder as string;
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'environment.json'), JSON.stringify({ ...environment, host: 'secret-host' }));
    const outcome = outcomeOf(config);
    let stop: () => void = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const result = (async (): Promise<RunResult> => {
      if (outcome === 'diverged') throw new ByolError('ERR_BYOL_DIVERGED', 'The loss is NaN at step 3.');
      if (outcome === 'broken') throw new ByolError('ERR_BYOL_DATA', 'No images.');
      if (outcome === 'stopped') {
        await stopped;
        return resultOf(folder, config, null);
      }
      return resultOf(folder, config, outcome);
    })();
    return {
      result,
      stop,
      async *[Symbol.asyncIterator]() {
        yield { type: 'phase', phase: 'untrained' } as const;
        await result;
      },
    };
  };
  return { train, calls };
}

const environment = {
  date: '2020-01-01T00:00:00.000Z',
  command: '/home/somebody/byol tables 5b',
  version: '0.1.0',
  commit: 'abc',
  node: 'v20',
  platform: 'linux x64',
  torch: '2.13.0',
  cpu: 'A processor',
  cores: 2,
  memoryGiB: 8,
  cpuCapability: 'AVX2',
  threads: 2,
  device: 'cpu',
  precision: 'float32',
  initFrom: null,
  resumed: [],
};

function resultOf(folder: string, config: Config, outcome: Exclude<Outcome, string> | null): RunResult {
  const accuracy = outcome && { top1: outcome.knn, top5: outcome.knn };
  const linear = (top1: number | undefined) => (top1 === undefined ? null : { top1, top5: top1, learningRate: 0.1 });
  return {
    folder,
    epochs: outcome === null ? 0 : config.epochs,
    steps: 10,
    interrupted: outcome === null,
    knn: accuracy,
    linear: linear(outcome?.linear),
    untrained: { knn: { top1: 0.3, top5: 0.3 }, linear: linear(outcome?.linear && 0.35) },
    metrics: outcome && {
      loss: 1,
      'collapse/std': outcome.std,
      'collapse/rank': 20,
      'target/distance': 0.1,
      images_per_second: 900,
      data_wait: 0,
    },
    verdict: { state: outcome !== null && outcome.std < 0.1 ? 'collapsed' : 'learning', text: 'In words.' },
    encoder: null,
    seconds: 5,
  };
}
