/** Image files against pixels worked out by hand, and real odd ones. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { decodeImage, type Pixels } from '../../lib/data/decode-image.js';
import { encodePng } from '../../lib/report/png.js';
import { root, sharedData, withTempDir } from '../support/paths.js';
import { findPython, type Python, runPython } from '../support/python.js';
import { encodeTiff, type Tiff } from '../support/tiff.js';

const decode = (source: string | Uint8Array, maxPixels = 1e6): Promise<Pixels> =>
  decodeImage(source, { name: 'Image 7', maxPixels });

const values = async (source: Uint8Array): Promise<number[]> => [...(await decode(source)).pixels];

test('RGB pixels come as they are, from bytes and from a file', async () => {
  const picture = { width: 3, height: 2, pixels: Uint8Array.from({ length: 18 }, (_, i) => i * 14) };
  const file = encodePng(picture);
  const { width, height, pixels } = await decode(file);
  assert.deepEqual([width, height, [...pixels]], [3, 2, [...picture.pixels]]);
  await withTempDir(async (dir) => {
    const name = path.join(dir, 'a.png');
    writeFileSync(name, file);
    assert.deepEqual([...(await decode(name)).pixels], [...picture.pixels]);
    // The same name with other content is another image.
    writeFileSync(name, encodePng({ ...picture, pixels: picture.pixels.toReversed() }));
    assert.deepEqual([...(await decode(name)).pixels], [...picture.pixels.toReversed()]);
  });
});

test('a colour profile changes nothing, as in the official code', async () => {
  const { default: sharp } = await import('sharp');
  const flat = { create: { width: 4, height: 4, channels: 3, background: { r: 200, g: 30, b: 90 } } } as const;
  const tagged = await sharp(flat).withIccProfile('p3').png().toBuffer();
  // Without the chunk that has the profile: its length, its type, its data and a checksum.
  const at = tagged.indexOf('iCCP') - 4;
  assert.ok(at > 0);
  const plain = Buffer.concat([tagged.subarray(0, at), tagged.subarray(at + 12 + tagged.readUInt32BE(at))]);
  assert.deepEqual(await values(tagged), await values(plain));
  assert.notDeepEqual((await values(tagged)).slice(0, 3), [200, 30, 90], 'the profile is another one');
});

test('orientation is applied as EXIF defines it', async () => {
  const [width, height] = [2, 3];
  const stored = Array.from({ length: width * height }, (_, i) => 10 * (i + 1));
  /** Where the pixel of row r and column c is to be seen (EXIF 2.32, tag 274: what row 0 and column 0 are). */
  const places: Readonly<Record<number, (r: number, c: number) => readonly [number, number]>> = {
    1: (r, c) => [r, c],
    2: (r, c) => [r, width - 1 - c],
    3: (r, c) => [height - 1 - r, width - 1 - c],
    4: (r, c) => [height - 1 - r, c],
    5: (r, c) => [c, r],
    6: (r, c) => [c, height - 1 - r],
    7: (r, c) => [width - 1 - c, height - 1 - r],
    8: (r, c) => [width - 1 - c, r],
  };
  for (const [orientation, place] of Object.entries(places)) {
    const tiff: Tiff = {
      width,
      height,
      samples: 3,
      bits: 8,
      photometric: 2,
      orientation: Number(orientation),
      values: stored.flatMap((value) => [value, value, 255 - value]),
    };
    const turned = Number(orientation) > 4;
    const seen = await decode(encodeTiff(tiff));
    assert.deepEqual([seen.width, seen.height], turned ? [height, width] : [width, height], orientation);
    for (let r = 0; r < height; r += 1) {
      for (let c = 0; c < width; c += 1) {
        const [y, x] = place(r, c);
        const value = stored[r * width + c] as number;
        const at = 3 * (y * seen.width + x);
        assert.deepEqual(
          [...seen.pixels.subarray(at, at + 3)],
          [value, value, 255 - value],
          `${orientation} ${r} ${c}`,
        );
      }
    }
  }
});

test('grey, 16-bit and transparent images become 8-bit RGB', async () => {
  const one = { width: 2, height: 1, bits: 8, photometric: 2, samples: 3 } as const;
  assert.deepEqual(
    await values(encodeTiff({ ...one, photometric: 1, samples: 1, values: [0, 200] })),
    [0, 0, 0, 200, 200, 200],
  );
  const wide = encodeTiff({ ...one, bits: 16, values: [0, 0x8000, 0xffff, 0x0100, 0x7f80, 0xff00] });
  assert.deepEqual(await values(wide), [0, 128, 255, 1, 127, 255]);
  // 51 of 255 parts of the colour, the rest white; and nothing of what is hidden.
  const alpha = encodeTiff({ ...one, samples: 4, values: [0, 100, 255, 51, 1, 2, 3, 0] });
  assert.deepEqual(await values(alpha), [204, 224, 255, 255, 255, 255]);
});

test('CMYK becomes RGB: no ink is white, black ink is dark, and cyan has the least red', async () => {
  const ink = [0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0];
  const seen = await values(encodeTiff({ width: 3, height: 1, samples: 4, bits: 8, photometric: 5, values: ink }));
  assert.ok(
    seen.slice(0, 3).every((value) => value >= 250),
    String(seen),
  );
  assert.ok(
    seen.slice(3, 6).every((value) => value < 60),
    String(seen),
  );
  const [red = 0, green = 0, blue = 0] = seen.slice(6);
  assert.ok(red + 60 < green && red + 60 < blue, String(seen));
});

test('what is no whole image is refused, by its name and why', async () => {
  const whole = encodePng({
    width: 64,
    height: 64,
    pixels: Uint8Array.from({ length: 12288 }, (_, i) => (i * i) % 251),
  });
  const refused = (source: string | Uint8Array, reason: RegExp) =>
    assert.rejects(decode(source), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_BYOL_IMAGE');
      assert.match(error.message, /^Image 7 cannot be (read|decoded): /);
      assert.match(error.message, reason);
      assert.match(error.message, /[^.]\.$/);
      return true;
    });
  await refused(whole.subarray(0, whole.length / 2), /decoded: it is damaged, cut off/);
  await refused(new Uint8Array(0), /it is empty/);
  await refused(Buffer.from('hello, this is not an image'), /no known image format \(raw pixels are given as/);
  await withTempDir(async (dir) => {
    await refused(path.join(dir, 'none.jpg'), /read: it does not exist/);
    mkdirSync(path.join(dir, 'folder.jpg'));
    await refused(path.join(dir, 'folder.jpg'), /read: it is a folder/);
    const pipe = path.join(dir, 'pipe.jpg');
    if (spawnSync('mkfifo', [pipe]).status === 0) await refused(pipe, /read: it is not a regular file/);
  });
});

test('an image of too many pixels is refused before it is decoded', async () => {
  // A header that claims 30,000 x 30,000 pixels, and next to no data.
  const bomb = Buffer.from(encodePng({ width: 1, height: 1, pixels: new Uint8Array(3) }));
  bomb.writeUInt32BE(30_000, 16);
  bomb.writeUInt32BE(30_000, 20);
  const { crc32 } = await import('node:zlib');
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  await assert.rejects(decode(bomb, 1e8), {
    code: 'ERR_BYOL_IMAGE',
    message: 'Image 7 cannot be decoded: it has more than 100000000 pixels (maxPixels).',
  });
  const small = encodePng({ width: 11, height: 10, pixels: new Uint8Array(330) });
  await assert.rejects(decode(small, 109), { code: 'ERR_BYOL_IMAGE' });
  assert.equal((await decode(small, 110)).pixels.length, 330);
});

test('without sharp the error says how to get it', async () => {
  const hooks = `export async function resolve(name, context, next) {
    if (name === 'sharp') throw Object.assign(new Error("Cannot find package 'sharp'"), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  }`;
  const script = `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    const { decodeImage } = await import(${JSON.stringify(pathToFileURL(path.join(root, 'dist/lib/data/decode-image.js')).href)});
    await decodeImage(new Uint8Array([1]), { name: 'Image 0', maxPixels: 1 }).catch((error) =>
      console.log(JSON.stringify([error.code, error.message, error.hint])));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  const [code, message, hint] = JSON.parse(stdout || `["${stderr.replaceAll(/\W/g, ' ')}"]`);
  assert.equal(code, 'ERR_BYOL_NO_DECODER');
  assert.match(message, /the package sharp, which is not installed/);
  assert.match(hint, /npm install sharp/);
});

const odd = sharedData('odd-images');
describe('odd files of other projects', { skip: odd === undefined ? 'no ../shared/data/odd-images' : false }, () => {
  /** Sizes as their pages of provenance give them. */
  const sizes: Readonly<Record<string, readonly [number, number]>> = {
    'basi0g16.png': [32, 32],
    'basn2c16.png': [32, 32],
    'basn3p01.png': [32, 32],
    'basn6a08.png': [32, 32],
    'exif-dpi-zerodivision.jpg': [200, 200],
    'hopper_gray.jpg': [128, 128],
    'hopper_orientation_2.jpg': [128, 128],
    'hopper_orientation_3.jpg': [128, 128],
    'hopper_orientation_6.jpg': [128, 128],
    'hopper_orientation_8.jpg': [128, 128],
    'ir-cat.jpg': [320, 240],
    'jpg-size-1x1.jpg': [1, 1],
    'pil-rgb.jpg': [100, 100],
    'pil_sample_cmyk.jpg': [100, 100],
    'png-transparent.png': [1, 1],
    'restarts.jpg': [33, 33],
    'tbbn3p08.png': [32, 32],
  };
  const read = (name: string) => readFileSync(path.join(odd as string, name));

  test('are decoded or refused, each as it should be', async () => {
    for (const name of readdirSync(odd as string).filter((file) => !file.endsWith('.md'))) {
      const size = sizes[name];
      if (size === undefined) await assert.rejects(decode(read(name)), { code: 'ERR_BYOL_IMAGE' }, name);
      else {
        const { width, height, pixels } = await decode(read(name));
        assert.deepEqual([width, height, pixels.length], [...size, size[0] * size[1] * 3], name);
      }
    }
  });

  test('turned photos show the same picture', async () => {
    const upright = (await decode(read('hopper_orientation_2.jpg'))).pixels;
    for (const orientation of [3, 6, 8]) {
      const { pixels } = await decode(read(`hopper_orientation_${orientation}.jpg`));
      const error = pixels.reduce((sum, value, i) => sum + Math.abs(value - (upright[i] as number)), 0) / pixels.length;
      // What JPEG loses differs with the direction; another direction of the picture would be tens away.
      assert.ok(error < 6, `orientation ${orientation}: mean difference ${error}`);
    }
  });

  test('a grey photo has three equal channels, and CMYK its own colours', async () => {
    const { pixels } = await decode(read('hopper_gray.jpg'));
    for (let at = 0; at < pixels.length; at += 3)
      assert.ok(pixels[at] === pixels[at + 1] && pixels[at] === pixels[at + 2]);
    const [red = 0, green = 0, blue = 0] = (await decode(read('pil_sample_cmyk.jpg'))).pixels;
    // Beside Pillow, which opens its RGB sibling as (238, 32, 36).
    assert.ok(
      Math.abs(red - 238) < 20 && Math.abs(green - 32) < 20 && Math.abs(blue - 36) < 20,
      `${red} ${green} ${blue}`,
    );
  });

  const python = findPython('PIL');
  test('are what Pillow decodes, to the last bit', { skip: typeof python === 'string' ? python : false }, async () => {
    // Ink goes by colour profiles here, and by a formula there.
    const files = readdirSync(odd as string)
      .filter((name) => !name.endsWith('.md') && !name.includes('cmyk'))
      .map((name) => path.join(odd as string, name));
    const printed = runPython(python as Python, path.join(root, 'test/python/decode_images.py'), ...files);
    const theirs = JSON.parse(printed) as Readonly<Record<string, readonly [number, number, string] | null>>;
    let compared = 0;
    for (const [file, image] of Object.entries(theirs)) {
      if (image === null) {
        await assert.rejects(decode(file), { code: 'ERR_BYOL_IMAGE' }, file);
        continue;
      }
      const [width, height, pixels] = image;
      const ours = await decode(file);
      assert.deepEqual([ours.width, ours.height], [width, height], file);
      assert.ok(Buffer.from(pixels, 'base64').equals(ours.pixels), file);
      compared += 1;
    }
    assert.ok(compared >= 10, `${compared} files were compared`);
  });
});
