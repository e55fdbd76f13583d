import { encodePng, type Picture } from './png.js';

/** Side of a small picture on a sheet. */
const SHEET_SIDE = 48;

/** Pictures as parts of pages and of SVG: JPEG where sharp is there, which makes a tenth of a PNG's bytes. */
export async function pictureAddress(picture: Picture): Promise<string> {
  const sharp = await import('sharp').catch(() => null);
  if (sharp === null) return `data:image/png;base64,${Buffer.from(encodePng(picture)).toString('base64')}`;
  const { width, height, pixels } = picture;
  const jpeg = await sharp
    .default(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 80 })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}

/** Bytes of a PNG file that a page is not made smaller by. */
const SMALL_PNG = 60_000;

/** The same of a PNG file. */
export async function pngAddress(png: Uint8Array): Promise<string> {
  const sharp = png.length <= SMALL_PNG ? null : await import('sharp').catch(() => null);
  if (sharp === null) return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  const jpeg = await sharp.default(png).jpeg({ quality: 80 }).toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}

/** Square pictures, count x side x side x 3, in rows on one sheet, at half their size. */
export function contactPicture(
  pictures: Uint8Array,
  { count, side }: { readonly count: number; readonly side: number },
): { readonly picture: Picture; readonly side: number; readonly columns: number } {
  const step = Math.max(1, Math.floor(side / SHEET_SIDE));
  const small = Math.floor(side / step);
  const columns = Math.ceil(Math.sqrt(count));
  const [width, height] = [columns * small, Math.ceil(count / columns) * small];
  const pixels = new Uint8Array(width * height * 3);
  for (let image = 0; image < count; image += 1) {
    const from = image * side * side * 3;
    const [left, top] = [(image % columns) * small, Math.floor(image / columns) * small];
    for (let y = 0; y < small; y += 1) {
      for (let x = 0; x < small * 3; x += 1) {
        // The mean of step x step pixels of a colour.
        const [column, colour] = [Math.floor(x / 3), x % 3];
        let sum = 0;
        for (let dy = 0; dy < step; dy += 1) {
          for (let dx = 0; dx < step; dx += 1) {
            sum += pictures[from + ((y * step + dy) * side + column * step + dx) * 3 + colour] as number;
          }
        }
        pixels[((top + y) * width + left) * 3 + x] = Math.round(sum / step ** 2);
      }
    }
  }
  return { picture: { width, height, pixels }, side: small, columns };
}
