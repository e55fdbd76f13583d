import { Breather } from '../../breather.js';

/** How the pixels of one colour lie in a file: row by row, or column by column. */
export type PlaneOrder = 'rows' | 'columns';

/**
 * Images that lie in a file as three planes each, red, green and blue, to RGB pixels as a memory source has them. Gives way to the
 * event loop.
 *
 * @param stride bytes from one image to the next in `planes`.
 */
export async function fromPlanes(
  planes: Uint8Array,
  pixels: Uint8Array,
  {
    side,
    images,
    stride,
    order,
  }: { readonly side: number; readonly images: number; readonly stride: number; readonly order: PlaneOrder },
): Promise<void> {
  const plane = side * side;
  const breather = new Breather();
  for (let image = 0; image < images; image += 1) {
    if (image % 16 === 0) await breather.breathe();
    const from = image * stride;
    let out = image * plane * 3;
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1, out += 3) {
        const at = from + (order === 'rows' ? y * side + x : x * side + y);
        pixels[out] = planes[at] as number;
        pixels[out + 1] = planes[at + plane] as number;
        pixels[out + 2] = planes[at + 2 * plane] as number;
      }
    }
  }
}
