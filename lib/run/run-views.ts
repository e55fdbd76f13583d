import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { writeAtomically } from '../files/atomic-file.js';
import { drawContactSheet } from '../report/contact-sheet.js';
import { pngAddress } from '../report/picture-address.js';
import { encodePng, pngSize } from '../report/png.js';
import type { RunViews } from '../report/run-data.js';
import type { TrainingResources } from '../train/resources.js';
import { viewPictures } from '../train/view-pictures.js';
import type { RunFolder } from './run-folder.js';

/** views.png of a run: some training images, each with its two views, small enough to be a part of a page. */

const IMAGES = 4;
/** Larger views are shown at a whole fraction of their size, down to about this side. */
const SIDE = 112;

/** Once in a run's life: what the network sees does not change. Between steps, since it takes images. */
export async function writeRunViews(
  folder: RunFolder,
  { native, train, config }: Pick<TrainingResources, 'native' | 'train' | 'config'>,
): Promise<void> {
  if (existsSync(folder.views)) return;
  const { size } = config.views;
  const step = Math.max(1, Math.floor(size / SIDE));
  const pictures = await viewPictures(native, train, IMAGES, config);
  const rows = pictures.map(({ original, views }) =>
    [original, ...views].map((picture) => shrink(picture, size, step)),
  );
  await writeAtomically(folder.views, encodePng(drawContactSheet({ size: Math.floor(size / step), rows })));
}

/** null: the run has none. */
export async function readRunViews(folder: RunFolder): Promise<RunViews | null> {
  const png = await readFile(folder.views).catch(() => null);
  const size = png && pngSize(png);
  return png && size && { address: await pngAddress(png), ...size };
}

/** size x size x 3, to means of step x step pixels. */
function shrink(picture: Float32Array, size: number, step: number): Float32Array {
  if (step === 1) return picture;
  const side = Math.floor(size / step);
  const small = new Float32Array(side * side * 3);
  for (let y = 0; y < side * step; y += 1) {
    for (let x = 0; x < side * step; x += 1) {
      const to = (Math.floor(y / step) * side + Math.floor(x / step)) * 3;
      for (let channel = 0; channel < 3; channel += 1) {
        small[to + channel] =
          (small[to + channel] as number) + (picture[(y * size + x) * 3 + channel] as number) / step ** 2;
      }
    }
  }
  return small;
}
