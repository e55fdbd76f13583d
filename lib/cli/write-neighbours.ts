import { extname } from 'node:path';
import { loadSharp } from '../data/decode-image.js';
import { ByolError } from '../errors.js';
import { writeAtomically } from '../files/atomic-file.js';
import { type NeighboursPage, renderNeighboursPage } from '../report/neighbours-page.js';
import { renderNeighboursPicture } from '../report/neighbours-picture.js';

/** Pixels of a PNG for each of the picture's units. */
const DENSITY = 2;

/** Before anything is computed. Throws ERR_BYOL_USAGE for other endings, ERR_BYOL_NO_DECODER for PNG without sharp. */
export async function checkPicture(path: string | undefined): Promise<void> {
  if (path === undefined || extname(path) === '.svg') return;
  if (extname(path) !== '.png')
    throw new ByolError('ERR_BYOL_USAGE', `--picture is an .svg or .png file, and ${path} is neither.`);
  await loadSharp();
}

/** Returns the files' paths. */
export async function writeNeighbours(
  page: NeighboursPage,
  out: string,
  picture: string | undefined,
): Promise<string[]> {
  await writeAtomically(out, renderNeighboursPage(page));
  if (picture === undefined) return [out];
  const svg = renderNeighboursPicture(page);
  if (extname(picture) === '.svg') await writeAtomically(picture, svg);
  else {
    const { default: sharp } = await loadSharp();
    await writeAtomically(
      picture,
      await sharp(Buffer.from(svg), { density: 72 * DENSITY })
        .png()
        .toBuffer(),
    );
  }
  return [out, picture];
}
