/** Files that are odd, or mean harm, on the path that training takes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { sharedData } from '../../support/paths.js';
import { withPhotoFolder, writeFiles } from '../../support/photos.js';
import type { OddReport } from './odd-images-child.js';

const child = fileURLToPath(new URL('./odd-images-child.js', import.meta.url));

/** In a process of its own, so that its memory is that of these images. */
function report(folder: string): OddReport {
  const text = execFileSync(process.execPath, [child, folder], {
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 1 << 26,
  });
  return JSON.parse(text) as OddReport;
}

const MOST_MEGABYTES = 512;

/** A size where an image is taken, why it is not, or the reason why it is left out of a listing. */
const expected: Readonly<Record<string, string | RegExp>> = {
  'basi0g16.png': '32 x 32',
  'basn2c16.png': '32 x 32',
  'basn3p01.png': '32 x 32',
  'basn6a08.png': '32 x 32',
  'exif-dpi-zerodivision.jpg': '200 x 200',
  'hopper_gray.jpg': '128 x 128',
  'hopper_orientation_2.jpg': '128 x 128',
  'hopper_orientation_3.jpg': '128 x 128',
  'hopper_orientation_6.jpg': '128 x 128',
  'hopper_orientation_8.jpg': '128 x 128',
  'ir-cat.jpg': '320 x 240',
  'jpg-size-1x1.jpg': '1 x 1',
  'max_size.jpg': /^has a side of more than 16384 pixels$/,
  'missing-sos.jpg': /is broken: .*missing SOS marker\. Another image/,
  'pil-rgb.jpg': '100 x 100',
  'pil_sample_cmyk.jpg': '100 x 100',
  'png-transparent.png': '1 x 1',
  'restarts.jpg': '33 x 33',
  'tbbn3p08.png': '32 x 32',
  'truncated.jpg': /truncated\.jpg is cut off after about 1\d\d of 442 rows\. Another image/,
  'truncated.png': /cannot be decoded: it is damaged, cut off/,
  'xhdn0g08.png': /cannot be decoded: it is damaged, cut off/,
};

const odd = sharedData('odd-images');
test(
  'every odd file of other decoders is taken, or refused with its reason, in little memory',
  {
    skip: odd === undefined ? 'needs shared/data/odd-images' : false,
  },
  () =>
    withPhotoFolder(async () => {
      const { outcomes, left } = report(odd as string);
      const met = new Map<string, string>();
      for (const { location, reason, width, height, difference, peak } of outcomes) {
        met.set(path.basename(location), reason ?? `${width} x ${height}`);
        assert.ok(peak < MOST_MEGABYTES, `${location}: ${peak} MB`);
        // libvips mixes inks by a colour profile.
        if (difference !== null)
          assert.ok(difference < (location.includes('cmyk') ? 6 : 0.01), `${location}: ${difference}`);
      }
      for (const { location, reason } of left) met.set(path.basename(location), reason);
      for (const [name, what] of Object.entries(expected)) {
        if (typeof what === 'string') assert.equal(met.get(name), what, name);
        else assert.match(met.get(name) ?? '', what, name);
      }
      assert.deepEqual([...met.keys()].sort(), Object.keys(expected).sort());
    }),
);

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A whole PNG of one colour, of 1 bit for each pixel: 12 kilobytes of file for 100 million pixels. */
function png(width: number, height: number, profile?: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height), { level: 9 });
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...(profile ? [chunk('iCCP', Buffer.concat([Buffer.from('p\0\0'), deflateSync(profile)]))] : []),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

test('small files of huge images take no memory, and what is done to images is told', () =>
  withPhotoFolder(async (folder) => {
    const { default: sharp } = await import('sharp');
    const red = sharp({ create: { width: 40, height: 30, channels: 3, background: { r: 200, g: 30, b: 10 } } });
    const animation = Uint8Array.from({ length: 40 * 30 * 50 * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i / 4800) * 5));
    writeFiles(folder, {
      'bomb.png': png(12_000, 12_000),
      'long.png': png(16_384, 1),
      'wide.png': png(20_000, 2),
      'profile.png': await red.clone().withIccProfile('p3').png().toBuffer(),
      'profile.jpg': await red.clone().withIccProfile('p3').jpeg().toBuffer(),
      'plain.png': await red.clone().png().toBuffer(),
      'frames.gif': await sharp(animation, { raw: { width: 40, height: 1500, channels: 4, pageHeight: 30 } })
        .gif()
        .toBuffer(),
    });
    const { outcomes, left, notes } = report(folder);
    assert.deepEqual(
      left.map(({ location, reason }) => `${path.basename(location)} ${reason}`),
      [
        'bomb.png has 144,000,000 pixels, more than data.maxPixels (128,000,000)',
        'wide.png has a side of more than 16384 pixels',
      ],
    );
    assert.deepEqual(
      outcomes.map(({ location, reason }) => [path.basename(location), reason]),
      ['frames.gif', 'long.png', 'plain.png', 'profile.jpg', 'profile.png'].map((name) => [name, null]),
    );
    for (const { peak } of outcomes) assert.ok(peak < MOST_MEGABYTES);
    assert.ok(
      notes.includes('2 of 5 images carry a colour profile (ICC), which is ignored, as in the official code.'),
      notes.join('\n'),
    );
    assert.ok(notes.some((note) => note === '1 of 5 images has several pictures, of which the first is taken.'));
  }));
