import type { NativeModule } from '../binding/native.js';

/** Where and how an evaluation is carried out. */
export interface EvaluationContext {
  readonly native: NativeModule;
  /** The encoder's: 'cpu' or 'cuda:N'. */
  readonly device: string;
  /** Of whatever is drawn: images that are held out, orders, initial weights, crops. */
  readonly seed: number;
  /** Takes effect between batches; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called every so many images or epochs. */
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
  /**
   * Features of so many bytes are kept for protocols that share them; those of larger sets are computed again for each use. A GiB if
   * left out, so that an evaluation needs less than 2 GB beside the encoder itself, at ImageNet's size as well: with 2,048 features and
   * 1,000 classes that GiB, 0.25 GB for the two sets of five classifiers with their momenta and gradients, 0.1 GB for a batch's
   * logits, 0.07 GB for a block of features, and 0.3 GB for Node.js and LibTorch.
   */
  readonly keptBytes?: number | undefined;
}

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** What is done, in words: images through the encoder, or epochs of a classifier. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

const KEPT_BYTES = 1024 ** 3;

/** Whether the features of so many images are kept, where `others` are kept already. */
export function areKept(
  images: number,
  features: number,
  { keptBytes = KEPT_BYTES }: EvaluationContext,
  others = 0,
): boolean {
  return (images + others) * features * Float32Array.BYTES_PER_ELEMENT <= keptBytes;
}
