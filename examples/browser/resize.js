/**
 * What an evaluation sees of an image, as byol-torch and PyTorch make it. A canvas resizes by a filter of its own, which changes features
 * more than most photos differ.
 */

/**
 * @param {ImageData} image
 * @param {number} size of the square to make
 * @param {{transform: string, resampling: string, antialias: string}} settings as the metadata of an exported encoder say
 * @returns {Float32Array} RGB from 0 to 255, size x size x 3
 */
export function evaluationPixels({ data, width, height }, size, { transform, resampling, antialias }) {
  const whole = width === size && height === size;
  const along = transform === 'torchvision' ? resizedCenter : center;
  const options = {
    size,
    cubic: resampling === 'bicubic',
    antialias: antialias === 'true' || transform === 'torchvision',
    beyond: transform === 'torchvision',
  };
  const lineOf = (length) => {
    const part = whole ? { start: 0, length: size } : along(length, Math.min(width, height), size);
    return Array.from({ length: size }, (_, i) => taps(i, part, length, options));
  };
  const [columns, rows] = [lineOf(width), lineOf(height)];

  const narrow = new Float32Array(height * size * 3);
  for (let y = 0; y < height; y += 1) {
    for (const [x, { first, weights }] of columns.entries()) {
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0;
        for (let i = 0; i < weights.length; i += 1) sum += weights[i] * data[(y * width + first + i) * 4 + channel];
        narrow[(y * size + x) * 3 + channel] = sum;
      }
    }
  }
  const out = new Float32Array(size * size * 3);
  const line = size * 3;
  for (const [y, { first, weights }] of rows.entries()) {
    for (let at = 0; at < line; at += 1) {
      let sum = 0;
      for (let i = 0; i < weights.length; i += 1) sum += weights[i] * narrow[(first + i) * line + at];
      // A cubic filter goes beyond black and white.
      out[y * line + at] = Math.min(255, Math.max(0, sum));
    }
  }
  return out;
}

/** transform 'official': the central square of 0.875 of the shorter side, in whole pixels. */
function center(length, shorter) {
  const side = Math.max(1, Math.floor(0.875 * shorter));
  return { start: Math.floor((length - side + 1) / 2), length: side };
}

/** transform 'torchvision': CenterCrop(224) of Resize(256), or of this proportion. */
function resizedCenter(length, shorter, size) {
  const resized = Math.floor((Math.round((size * 256) / 224) * length) / shorter);
  const scale = length / resized;
  const before = (resized - size) / 2;
  // Halves to the even number, as Python rounds.
  const rounded = before % 1 === 0.5 && Math.floor(before) % 2 === 0 ? Math.floor(before) : Math.round(before);
  return { start: rounded * scale, length: size * scale };
}

/** The pixels of a line, and their weights, that output pixel i is the mean of: half-pixel centres, and none outside of what is seen. */
function taps(i, { start, length }, all, { size, cubic, antialias, beyond }) {
  const scale = length / size;
  const stretch = antialias ? Math.max(1, scale) : 1;
  const reach = (cubic ? 2 : 1) * stretch;
  const centre = start + (i + 0.5) * scale;
  const first = Math.max(beyond ? 0 : start, Math.floor(centre - reach + 0.5));
  const end = Math.min(beyond ? all : start + length, Math.floor(centre + reach + 0.5));
  const weights = Array.from({ length: end - first }, (_, j) => {
    const distance = Math.abs(first + j + 0.5 - centre) / stretch;
    return cubic ? keys(distance) : Math.max(0, 1 - distance);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { first, weights: weights.map((weight) => weight / sum) };
}

/** Keys' cubic kernel with a = -0.5, as TensorFlow and Pillow have it. */
function keys(d) {
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}
