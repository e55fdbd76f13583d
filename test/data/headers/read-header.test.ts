import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Metadata, Sharp } from 'sharp';
import { type ImageTrait, readerOf } from '../../../lib/data/headers/header.js';
import { type HeaderReading, readHeader } from '../../../lib/data/headers/read-header.js';
import { sharedData } from '../../support/paths.js';

const loaded = await import('sharp').catch(() => null);
const skip = loaded === null ? 'needs the package sharp' : false;
/** Not called where tests are skipped. */
const sharp = loaded?.default as typeof import('sharp').default;

function traitsOf({ header }: HeaderReading): ImageTrait[] {
  return [...(header?.traits ?? [])].sort();
}

/** What sharp (libvips and the formats' own libraries) says of the same bytes. */
function agrees(name: string, bytes: Uint8Array, { format, width, height, pages, orientation = 1, ...more }: Metadata) {
  const { header, problem } = readHeader(readerOf(bytes));
  assert.ok(header !== null, name);
  assert.equal(problem, null, name);
  const ours = [header.format === 'avif' ? 'heif' : header.format, header.width, header.height];
  assert.deepEqual(ours, [format, width, more.pageHeight ?? height], name);
  if (header.format !== 'avif') assert.equal(header.orientation, orientation, name);
  const traits: Array<readonly [ImageTrait, boolean]> = [
    ['animated', (pages ?? 1) > 1],
    ['cmyk', more.space === 'cmyk'],
    ['grey', more.space === 'b-w' || more.space === 'grey16'],
    ['deep', more.depth === 'ushort'],
    ['profile', more.hasProfile],
  ];
  // A palette of greys is grey for libvips.
  const told = traits.filter(([trait]) => !(trait === 'grey' && header.traits.has('palette')));
  for (const [trait, there] of told) assert.equal(header.traits.has(trait), there, `${name}: ${trait}`);
}

/** A photo with everything: 40 x 24, four noisy channels. */
function picture(channels: 1 | 3 | 4 = 3): Sharp {
  const pixels = Uint8Array.from({ length: 40 * 24 * channels }, (_, i) => (i * 2654435761) >>> 24);
  return sharp(pixels, { raw: { width: 40, height: 24, channels } });
}

const thumbnail = 'x'.repeat(50_000);

describe('headers', { skip }, () => {
  const forms: Record<string, () => Promise<Uint8Array>> = {
    jpeg: () => picture().jpeg().toBuffer(),
    'jpeg, progressive': () => picture().jpeg({ progressive: true }).toBuffer(),
    'jpeg, grey': () => picture().toColourspace('b-w').jpeg().toBuffer(),
    'jpeg, cmyk': () => picture().toColourspace('cmyk').jpeg().toBuffer(),
    'jpeg, size behind 50 KB of EXIF': () =>
      picture()
        .withExif({ IFD0: { ImageDescription: thumbnail } })
        .withMetadata({ orientation: 6 })
        .jpeg()
        .toBuffer(),
    'jpeg, with a profile': () => picture().withIccProfile('p3').jpeg().toBuffer(),
    png: () => picture().png().toBuffer(),
    'png, alpha': () => picture(4).png().toBuffer(),
    'png, palette': () => picture().png({ palette: true }).toBuffer(),
    'png, 16 bit': () => picture().toColourspace('rgb16').png().toBuffer(),
    'png, turned': () => picture().withMetadata({ orientation: 8 }).png().toBuffer(),
    gif: () => picture().gif().toBuffer(),
    'gif, animated': () =>
      picture()
        .resize(40, 24)
        .gif({ delay: [50, 50] })
        .toBuffer(),
    webp: () => picture().webp().toBuffer(),
    'webp, lossless, alpha': () => picture(4).webp({ lossless: true }).toBuffer(),
    'webp, extended, turned': () => picture(4).withMetadata({ orientation: 5 }).webp().toBuffer(),
    tiff: () => picture().tiff().toBuffer(),
    'tiff, grey': () => picture().toColourspace('b-w').tiff().toBuffer(),
    'tiff, cmyk': () => picture().toColourspace('cmyk').tiff().toBuffer(),
    'tiff, 16 bit': () => picture().toColourspace('rgb16').tiff().toBuffer(),
    'tiff, big': () => picture().tiff({ bigtiff: true }).toBuffer(),
    'tiff, turned': () => picture().withMetadata({ orientation: 7 }).tiff().toBuffer(),
    avif: () => picture().avif().toBuffer(),
    'avif, alpha': () => picture(4).avif().toBuffer(),
  };

  test('say what sharp says of every form that it writes', async () => {
    for (const [name, make] of Object.entries(forms)) {
      const bytes = await make();
      agrees(name, bytes, await sharp(bytes).metadata());
    }
  });

  test('that end anywhere are told as such, and nothing is thrown', async () => {
    for (const [name, make] of Object.entries(forms)) {
      const bytes = await make();
      for (let length = 0; length < Math.min(bytes.length, 700); length += 1) {
        const { header, problem } = readHeader(readerOf(bytes.subarray(0, length)));
        if (length === 0) assert.equal(problem, 'empty');
        else assert.ok(header !== null || problem === 'foreign' || problem === 'damaged', `${name} cut at ${length}`);
      }
    }
  });

  test('with any byte changed are read or refused', async () => {
    let refused = 0;
    for (const make of Object.values(forms)) {
      const bytes = Uint8Array.from(await make());
      for (let at = 0; at < Math.min(bytes.length, 400); at += 1) {
        for (const flip of [0x01, 0x80, 0xff]) {
          bytes[at] = (bytes[at] as number) ^ flip;
          if (readHeader(readerOf(bytes)).header === null) refused += 1;
          bytes[at] = (bytes[at] as number) ^ flip;
        }
      }
    }
    assert.ok(refused > 100);
  });

  test('of two frames and transparency in a GIF are seen', async () => {
    const frame = (grey: number) =>
      ({
        create: { width: 5, height: 4, channels: 4, background: { r: grey, g: 0, b: 0, alpha: grey === 0 ? 0 : 1 } },
      }) as const;
    const bytes = await sharp([await sharp(frame(0)).png().toBuffer(), await sharp(frame(200)).png().toBuffer()], {
      join: { animated: true },
    })
      .gif()
      .toBuffer();
    const reading = readHeader(readerOf(bytes));
    assert.deepEqual([reading.header?.width, reading.header?.height], [5, 4]);
    assert.deepEqual(traitsOf(reading), ['alpha', 'animated', 'palette']);
  });

  test('of odd files say what their home says', {
    skip: sharedData('odd-images') ? false : 'needs ../shared/data/odd-images',
  }, async () => {
    const folder = sharedData('odd-images') as string;
    const expected: Record<string, readonly [string | null, ...(number | ImageTrait)[]]> = {
      'pil_sample_cmyk.jpg': [null, 100, 100, 1, 'cmyk'],
      'hopper_orientation_6.jpg': [null, 128, 128, 6, 'rotated'],
      'hopper_gray.jpg': [null, 128, 128, 1, 'grey'],
      'ir-cat.jpg': [null, 320, 240, 1, 'profile', 'progressive'],
      'basi0g16.png': [null, 32, 32, 1, 'deep', 'grey'],
      'tbbn3p08.png': [null, 32, 32, 1, 'alpha', 'palette'],
      'max_size.jpg': ['huge', 65_535, 65_535, 1, 'grey'],
      'exif-dpi-zerodivision.jpg': [null, 200, 200, 1],
    };
    for (const [name, [problem, ...rest]] of Object.entries(expected)) {
      const reading = readHeader(readerOf(readFileSync(path.join(folder, name))));
      assert.equal(reading.problem, problem, name);
      const { width, height, orientation } = reading.header ?? {};
      const found = reading.header === null ? [] : [width, height, orientation, ...traitsOf(reading)];
      assert.deepEqual(found, rest, name);
    }
    for (const name of readdirSync(folder).filter((file) => /\.(jpg|png)$/.test(file))) {
      const bytes = readFileSync(path.join(folder, name));
      const metadata = await sharp(bytes)
        .metadata()
        .catch(() => null);
      if (metadata !== null && readHeader(readerOf(bytes)).problem === null) agrees(name, bytes, metadata);
    }
  });
});

test('formats that are not decoded are named, and what is no image is not taken for one', () => {
  const bitmap = Uint8Array.from([
    ...Buffer.from('BM'),
    ...new Array(12).fill(0),
    40,
    0,
    0,
    0,
    7,
    0,
    0,
    0,
    0xfb,
    0xff,
    0xff,
    0xff,
    1,
    0,
    24,
    0,
  ]);
  const { header, problem } = readHeader(readerOf(bitmap));
  assert.deepEqual([header?.format, header?.width, header?.height, problem], ['bmp', 7, 5, 'undecodable']);
  const heic = Buffer.from('\0\0\0\x18ftypmif1\0\0\0\0mif1heic', 'latin1');
  assert.equal(readHeader(readerOf(heic)).problem, 'undecodable');
  for (const text of ['BMW is a car maker', '<html>', 'RIFF....WAVE', '\0\0\0\x18ftypisom\0\0\0\0isommp42']) {
    assert.deepEqual(readHeader(readerOf(Buffer.from(text, 'latin1'))), { header: null, problem: 'foreign' }, text);
  }
});
