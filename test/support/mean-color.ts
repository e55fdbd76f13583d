/** Part of the images whose class is that of the nearest class mean in colour space, fitted and asked on the same images. */
export function correctByMeanColor(pixels: Uint8Array, labels: Int32Array, size: number, classes: number): number {
  const area = size * size;
  const colors = Array.from(labels, (_, image) => {
    const sum = [0, 0, 0];
    for (let p = 0; p < area * 3; p += 1)
      sum[p % 3] = (sum[p % 3] as number) + (pixels[image * area * 3 + p] as number);
    return sum.map((value) => value / area / 255);
  });
  const means = Array.from({ length: classes }, (_, c) => {
    const members = colors.filter((_, i) => labels[i] === c);
    return [0, 1, 2].map((k) => members.reduce((sum, color) => sum + (color[k] as number), 0) / members.length);
  });
  const distance = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, k) => sum + (value - (b[k] as number)) ** 2, 0);
  const correct = colors.filter((color, i) => {
    const ranked = means.map((mean, c) => [distance(color, mean), c] as const).sort((a, b) => a[0] - b[0]);
    return ranked[0]?.[1] === labels[i];
  });
  return correct.length / labels.length;
}
