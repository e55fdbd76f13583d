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
  /** Features of so many bytes are kept; those of larger sets are computed again for each use. 4 GiB if left out. */
  readonly keptBytes?: number | undefined;
}

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** What is done, in words: images through the encoder, or epochs of a classifier. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** The default of `keptBytes`: a GiB less than what ImageNet's training images take with 1,024 features each. */
const KEPT_BYTES = 4 * 1024 ** 3;

/** Whether the features of so many images are kept. */
export function areKept(images: number, features: number, { keptBytes = KEPT_BYTES }: EvaluationContext): boolean {
  return images * features * Float32Array.BYTES_PER_ELEMENT <= keptBytes;
}
