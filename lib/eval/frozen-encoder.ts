import type { Pipeline } from '../augment/pipeline.js';
import type { NativeEncoderSpec, NativeLearner, ViewSpec } from '../binding/native.js';

/** An encoder whose weights stay as they are, as protocols see it. */
export interface FrozenEncoder {
  readonly network: Pick<NativeLearner, 'features' | 'embed'>;
  /** What images become before they go in. */
  readonly view: ViewSpec;
  /** What it was trained on, where that is known: the views of its pretraining, one pipeline each. */
  readonly pretraining?: { readonly view: ViewSpec; readonly pipelines: readonly Pipeline[] } | undefined;
  /** 'batch' for an encoder that has never been trained: it has no running statistics. */
  readonly statistics: 'running' | 'batch';
  /** Images per forward pass, at most. */
  readonly batchSize: number;
  /** What it is made of, and the seed of its first weights, for protocols that train a copy. Left out: they cannot. */
  readonly spec?: NativeEncoderSpec | undefined;
}
