import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/schema.js';
import type { Dataset, ImageSource } from '../../data/dataset.js';
import { readData } from '../../data/kinds/index.js';
import { Encoder } from '../../encoder/encoder.js';
import { type EvaluateEncoderOptions, evaluateEncoder, evaluateUntrained } from '../../encoder/evaluate-encoder.js';
import { ByolError } from '../../errors.js';
import type { EvaluationProgress } from '../../eval/context.js';
import { isProtocolName, type ProtocolName, unknownProtocol } from '../../eval/protocols/index.js';
import type { TrainEvent } from '../../run/events.js';
import { readResult, readRunConfig } from '../../run/run-folder.js';
import { type Run, type TrainOptions, train as trainRun } from '../../run/train.js';
import type { PlannedEncoder, PlannedEvaluation } from './plan.js';
import type { Measured } from './records.js';

/** Encoders are made, and asked. */

export interface MeasureOptions {
  /** Folder of trained encoders, which tables have in common. */
  readonly encoders: string;
  /** Something that behaves like train(), in its place. */
  readonly train?: ((config: Config, options: TrainOptions) => Run) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onTrain?: ((event: TrainEvent) => void) | undefined;
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
}

/** Where an encoder of a plan lies once it is trained. */
export function encoderFolder(encoders: string, encoder: Extract<PlannedEncoder, { kind: 'trained' }>): string {
  return join(encoders, encoder.name);
}

/**
 * Makes the encoder of an evaluation, if it is not there yet, and carries the evaluation out. null: it was stopped; a training
 * goes on next time. What diverges is a result; other errors are thrown.
 */
export async function measure(planned: PlannedEvaluation, options: MeasureOptions): Promise<Measured | null> {
  const startedAt = performance.now();
  try {
    const path = await pathOf(planned.encoder, options);
    if (path === null) return null;
    const begun = performance.now();
    const { metric, numbers, notes } = await evaluated(planned, path, options);
    return { outcome: 'finished', metric, numbers, notes, seconds: (performance.now() - begun) / 1000 };
  } catch (error) {
    if (options.signal?.aborted && error === options.signal.reason) return null;
    if (!(error instanceof ByolError) || !['ERR_BYOL_DIVERGED', 'ERR_BYOL_NOT_FINITE'].includes(error.code))
      throw error;
    const seconds = (performance.now() - startedAt) / 1000;
    return { outcome: 'diverged', metric: 'none', numbers: {}, notes: [error.message], seconds };
  }
}

/** Where the weights lie; '' of an untrained encoder, null: the training was stopped. */
async function pathOf(
  encoder: PlannedEncoder,
  { encoders, train = trainRun, signal, onTrain = () => {} }: MeasureOptions,
): Promise<string | null> {
  if (encoder.kind === 'given') return encoder.path;
  if (encoder.kind === 'untrained') return '';
  const folder = encoderFolder(encoders, encoder);
  if ((await readResult(folder)) !== null) return folder;
  const training = train(encoder.config, { folder, resume: true });
  const stop = (): void => training.stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const event of training) onTrain(event);
    return (await training.result).interrupted ? null : folder;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function evaluated(
  { encoder, protocol, settings, set, seed }: PlannedEvaluation,
  path: string,
  { signal, onProgress }: MeasureOptions,
): Promise<Pick<Measured, 'metric' | 'numbers' | 'notes'>> {
  if (!isProtocolName(protocol)) throw unknownProtocol(protocol);
  const data = await readData(set.config, { signal });
  const asked = {
    ...splitsOf(data, set.text),
    protocol,
    settings,
    seed,
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onProgress }),
  };
  const result = await resultOf(encoder, path, asked);
  const entries = Object.entries(result);
  const numbers = entries.filter(([key, value]) => NUMBERS.includes(key) && typeof value === 'number');
  const notes: unknown = 'notes' in result ? result.notes : [];
  return {
    metric: data.metric ?? ('metric' in result ? String(result.metric) : 'top1'),
    numbers: Object.fromEntries(numbers) as Record<string, number>,
    notes: Array.isArray(notes) ? notes.map(String) : [],
  };
}

/** What a result may say of the test images, as fractions. */
const NUMBERS: readonly string[] = ['top1', 'top5', 'meanPerClass', 'map11'];

async function resultOf(
  encoder: PlannedEncoder,
  path: string,
  asked: EvaluateEncoderOptions<ProtocolName>,
): Promise<object> {
  if (encoder.kind === 'untrained') return (await evaluateUntrained(encoder.config, asked)).result;
  const { device = 'auto', precision = 'auto' } = encoder.kind === 'trained' ? encoder.config : {};
  const config = encoder.kind === 'trained' ? encoder.config : await configOf(path);
  await using loaded = await Encoder.load(path, { device, precision });
  return (await evaluateEncoder(loaded, { ...asked, ...(config !== null && { views: config.views }) })).result;
}

/** Of a run that is given; null: a file of weights does not say what it was trained on. */
async function configOf(path: string): Promise<Config | null> {
  return (await stat(path)).isDirectory() ? readRunConfig(path) : null;
}

function splitsOf(
  { train, val, test, metric }: Dataset<ImageSource>,
  name: string,
): Pick<EvaluateEncoderOptions<ProtocolName>, 'train' | 'val' | 'test' | 'metric'> {
  if (test === undefined) throw new ByolError('ERR_BYOL_DATA', `There are no test images in ${name}.`);
  return { train, test, ...(val !== undefined && { val }), ...(metric !== undefined && { metric }) };
}
