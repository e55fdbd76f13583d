import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sharp } from 'sharp';

const { default: sharp } = await import('sharp');

/** 45 x 31 pixels with edges and noise, in three channels or four. */
function picture(channels: 3 | 4): Sharp {
  const [width, height] = [45, 31];
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const x = Math.floor(i / channels) % width;
    return i % channels === 3 ? x * 5 : ((x >> 3) * 90 + (i * 2_654_435_761) / 2 ** 27) & 255;
  });
  return sharp(pixels, { raw: { width, height, channels } });
}

/** Image files of every format that is decoded and in the forms that these have, and those that broke other decoders. */
export async function imageSeeds(): Promise<Uint8Array[]> {
  const [rgb, rgba] = [picture(3), picture(4)];
  const frames = Buffer.alloc(45 * 31 * 4 * 3, Buffer.from([200, 10, 60, 255, 9, 8, 7, 0]));
  const animation = sharp(frames, { raw: { width: 45, height: 93, channels: 4, pageHeight: 31 } });
  const made = [
    rgb.clone().png(),
    rgba.clone().png({ progressive: true }),
    rgb.clone().png({ palette: true }),
    rgb.clone().greyscale().toColourspace('grey16').png(),
    rgb.clone().withMetadata({ orientation: 6 }).png(),
    rgb.clone().webp(),
    rgba.clone().webp({ lossless: true }),
    rgba.clone().withMetadata({ orientation: 3 }).webp({ alphaQuality: 50 }),
    animation.clone().webp(),
    rgb.clone().gif(),
    animation.clone().gif(),
    ...(['none', 'jpeg', 'deflate', 'lzw', 'packbits'] as const).map((compression) =>
      rgb.clone().tiff({ compression }),
    ),
    rgb.clone().greyscale().threshold().toColourspace('b-w').tiff({ compression: 'ccittfax4', bitdepth: 1 }),
    rgba.clone().tiff({ tile: true, tileWidth: 16, tileHeight: 16, pyramid: true }),
    rgb.clone().toColourspace('cmyk').tiff(),
    rgb.clone().avif({ effort: 0 }),
    rgb
      .clone()
      .withExif({ IFD0: { Copyright: 'x' } })
      .jpeg({ progressive: true }),
  ];
  const files = await Promise.all(made.map((image) => image.toBuffer()));
  return [...files.map((file) => Uint8Array.from(file)), ...oddImages()];
}

function oddImages(): Uint8Array[] {
  const folder = join(process.cwd(), '../shared/data/odd-images');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /\.(?:jpg|png)$/.test(name));
  return names.map((name) => Uint8Array.from(readFileSync(join(folder, name))));
}
