/** Equally sized RGB images in memory. */
export interface ImageArray {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** count x height x width x 3, row-major. */
  readonly pixels: Uint8Array;
  /** One class per image, -1 where unknown; null: none is known. */
  readonly labels: Int32Array | null;
}

/** A labelled or unlabelled data set with its official split. */
export interface Dataset {
  readonly train: ImageArray;
  readonly test: ImageArray;
  /** In label order; empty without labels. */
  readonly classNames: readonly string[];
}
