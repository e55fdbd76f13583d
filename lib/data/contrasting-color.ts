/** Red, green and blue in [0, 1]. */
export type Color = readonly [number, number, number];

/** Rec. 601, as the greyscale augmentation. */
export function luminance(color: Color): number {
  return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2];
}

/** A colour whose luminance is at least `least` from `than`: drawn again until it is, which is soon. */
export function contrastingColor(color: () => Color, than: number, least: number): Color {
  for (let attempt = 0; attempt < 64; attempt += 1) {
    const candidate = color();
    if (Math.abs(luminance(candidate) - than) >= least) return candidate;
  }
  return than < 0.5 ? [1, 1, 1] : [0, 0, 0];
}
