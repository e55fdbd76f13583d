import type { NativeImageStore, NativeModule } from '../binding/native.js';
import { classLabels, type ImageSizes, type ImageSplit, type Targets } from './dataset.js';

/** Images of a split in native memory, with what is known of them. */
export interface Images extends ImageSizes {
  readonly store: NativeImageStore;
  readonly targets: Targets | null;
}

/** A copy in native memory; its store is the caller's to dispose of. */
export function openImages(native: Pick<NativeModule, 'ImageStore'>, split: ImageSplit): Images {
  const { heights, widths } = split.source;
  return { store: makeStore(native, split), heights, widths, targets: split.targets };
}

function makeStore(native: Pick<NativeModule, 'ImageStore'>, { count, source, targets }: ImageSplit): NativeImageStore {
  const each = (sides: number | Int32Array): Int32Array =>
    typeof sides === 'number' ? new Int32Array(count).fill(sides) : sides;
  return new native.ImageStore(source.pixels, each(source.heights), each(source.widths), classLabels(targets));
}
