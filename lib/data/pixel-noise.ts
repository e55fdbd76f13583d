/**
 * Noise that is normal enough: the sum of four random bytes. One number per channel is the bulk of all that is drawn, so it
 * comes from xorshift32, started by the image's own stream, and not from the counter-based generator.
 */
export function noiseSource(seed: number, deviation: number): () => number {
  let state = seed | 1;
  // Variance of a uniform byte: (256^2 - 1) / 12.
  const scale = deviation / Math.sqrt((4 * (256 ** 2 - 1)) / 12);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const sum = (state & 255) + ((state >>> 8) & 255) + ((state >>> 16) & 255) + (state >>> 24);
    return (sum - 510) * scale;
  };
}
