import type { NativeLearner } from '../../binding/native.js';
import { ByolError } from '../../errors.js';
import { ClassificationMeter, type ClassificationMetrics } from '../classification-meter.js';
import type { EvaluationContext } from '../context.js';
import { centerRows } from '../embed.js';
import { embedInBlocks } from '../feature-blocks.js';
import type { FrozenEncoder } from '../frozen-encoder.js';
import { scoresAsFeatures } from './tuned-learner.js';
import type { TuningImages } from './tuning-images.js';

/** What is asked about which images. */
export interface ScoringTask {
  readonly context: EvaluationContext;
  readonly encoder: FrozenEncoder;
  readonly classes: number;
  readonly asked: TuningImages;
  /** What progress calls them. */
  readonly phase: string;
}

/**
 * What a fine-tuned learner gets right of the images as the evaluation sees them, with its running statistics. null: some of its
 * scores are not finite.
 */
export async function measure(
  learner: NativeLearner,
  { context, encoder, classes, asked: { images, indices }, phase }: ScoringTask,
): Promise<ClassificationMetrics | null> {
  const { targets } = images;
  if (targets === null) throw new RangeError('Images without targets cannot be measured with.');
  const meter = new ClassificationMeter(classes, targets);
  const scoring = scoresAsFeatures(learner, encoder);
  const onProgress = (done: number, total: number): void => context.onProgress?.({ phase, done, total });
  const what = { images, indices, plan: centerRows(images, encoder.view), onProgress };
  try {
    let first = 0;
    for await (const bank of embedInBlocks(context, scoring, what)) {
      // Those that turned out broken have others in their places, as the bank has.
      const seen = images.usable(indices.slice(first, first + bank.size));
      meter.add(await bank.read(0, bank.size), seen);
      first += bank.size;
    }
  } catch (error) {
    if (error instanceof ByolError && error.code === 'ERR_BYOL_NOT_FINITE') return null;
    throw error;
  }
  return meter.result();
}
