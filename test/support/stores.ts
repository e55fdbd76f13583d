import type { NativeModule } from '../../lib/binding/native.js';

/** A store of `count` images that are all of one size. */
export function equallySized(
  native: NativeModule,
  pixels: Uint8Array,
  count: number,
  height: number,
  width: number,
  labels: Int32Array | null = null,
): InstanceType<NativeModule['ImageStore']> {
  const sides = (side: number): Int32Array => new Int32Array(count).fill(side);
  return new native.ImageStore(pixels, sides(height), sides(width), labels);
}
