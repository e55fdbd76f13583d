import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import type { RunResult, TrainEvent } from '../../lib/run/events.js';
import { type TrainOptions, train } from '../../lib/run/train.js';

/** A run of seconds: 64 generated images of 16 px, a network of two blocks, one thread (more only wait for each other). */
export function tinyConfig(changes: Partial<Config> = {}): Config {
  const { shapes } = presets;
  return structuredClone({
    ...shapes,
    threads: 1,
    precision: 'float32',
    data: { kind: 'shapes', trainImages: 64, testImages: 32, size: 16, seed: 1 },
    views: { ...shapes.views, size: 16 },
    encoder: { ...shapes.encoder, blocks: [1, 1], width: 8 },
    projector: { ...shapes.projector, hidden: [16], output: 8 },
    predictor: { kind: 'mlp', hidden: [16], output: 8, hiddenBias: true, outputBias: false, outputNorm: false },
    batchSize: 16,
    epochs: 5,
    evaluation: {
      ...shapes.evaluation,
      knn: { ...shapes.evaluation.knn, k: 5, everyEpochs: 0, bankImages: 0, queryImages: 0 },
      linear: { ...shapes.evaluation.linear, atEnd: false },
    },
    checkpoint: { everyEpochs: 1, everyMinutes: 0, keep: 10 },
    ...changes,
  } as Config);
}

/** Runs until it ends or `onEvent` stops it; returns the result and all events. */
export async function runToEnd(
  config: Config,
  options: TrainOptions,
  onEvent: (event: TrainEvent, stop: () => void) => void = () => {},
): Promise<{ readonly result: RunResult; readonly events: TrainEvent[] }> {
  const run = train(config, options);
  const events: TrainEvent[] = [];
  for await (const event of run) {
    events.push(event);
    onEvent(event, () => run.stop());
  }
  return { result: await run.result, events };
}
