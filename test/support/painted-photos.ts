import { writeFiles } from './photos.js';

const { default: sharp } = await import('sharp');

/** Of a picture that differs everywhere, and from every other one. */
export function paintedPixels(number: number, width: number, height: number): Uint8Array {
  const wave = (value: number): number => Math.abs((value % 62) - 31) * 8;
  return new Uint8Array(width * height * 3).map((_, at) => {
    const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
    return (wave(x * (1 + (number % 3)) + number * 7) + wave(y * (1 + (at % 3)) + x + number)) >> 1;
  });
}

/**
 * Two classes of photos of several sizes and formats, some of which stand on their side: `count` in train, a quarter as many in val.
 */
export async function writePaintedPhotos(folder: string, count: number, longest = 60): Promise<void> {
  for (let i = 0; i < count + count / 4; i += 1) {
    const [width, height] = [longest - (i % 7), longest - 16 + (i % 5)];
    const image = sharp(paintedPixels(i, width, height), { raw: { width, height, channels: 3 } });
    const format = i % 10 === 9 ? 'png' : i % 10 === 8 ? 'webp' : 'jpeg';
    const turned = format === 'jpeg' && i % 4 === 0 ? image.withMetadata({ orientation: 6 }) : image;
    const name = `${i < count ? 'train' : 'val'}/${i % 2 === 0 ? 'even' : 'odd'}/${String(i).padStart(3, '0')}.${format}`;
    writeFiles(folder, { [name]: await turned.toFormat(format, { quality: 90 } as object).toBuffer() });
  }
}
