import type { Picture } from './png.js';

/** Small pictures in rows, on white. */
export interface ContactSheet {
  /** Side of each square picture in pixels. */
  readonly size: number;
  /** RGB in [0, 1], size x size x 3 each; values outside are cut off. */
  readonly rows: readonly (readonly Float32Array[])[];
}

const GAP = 6;
/** Smaller pictures are enlarged by a whole factor, pixel by pixel, to about this side. */
const VISIBLE = 128;

export function drawContactSheet({ size, rows }: ContactSheet): Picture {
  const scale = Math.max(1, Math.round(VISIBLE / size));
  const cell = size * scale;
  const columns = Math.max(...rows.map((row) => row.length));
  const width = columns * (cell + GAP) + GAP;
  const height = rows.length * (cell + GAP) + GAP;
  const pixels = new Uint8Array(width * height * 3).fill(255);
  for (const [row, pictures] of rows.entries()) {
    for (const [column, picture] of pictures.entries()) {
      const left = GAP + column * (cell + GAP);
      const top = GAP + row * (cell + GAP);
      for (let y = 0; y < cell; y += 1) {
        for (let x = 0; x < cell; x += 1) {
          const from = (Math.floor(y / scale) * size + Math.floor(x / scale)) * 3;
          const to = ((top + y) * width + left + x) * 3;
          for (let channel = 0; channel < 3; channel += 1) {
            const value = picture[from + channel] as number;
            pixels[to + channel] = Math.round(255 * Math.min(1, Math.max(0, value)));
          }
        }
      }
    }
  }
  return { width, height, pixels };
}
