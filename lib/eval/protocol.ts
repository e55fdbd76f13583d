import type { CenterCropFeatures } from './center-crop-features.js';
import type { EvaluationContext } from './context.js';
import type { EvaluationData } from './evaluation-data.js';
import type { FrozenEncoder } from './frozen-encoder.js';

/** What a protocol is given. */
export interface ProtocolInput {
  readonly context: EvaluationContext;
  readonly encoder: FrozenEncoder;
  readonly data: EvaluationData;
  /** Of this encoder and these images, shared with other protocols. */
  readonly features: CenterCropFeatures;
}
