/** What evaluation sees of photos of any size: the official crop and torchvision's, against float64 code, Pillow and torchvision. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { takeImages } from '../../lib/augment/take-images.js';
import { type EvaluationTransform, evaluationView } from '../../lib/augment/view-spec.js';
import { loadNative } from '../../lib/binding/load.js';
import { decodeImage, type Pixels } from '../../lib/data/decode-image.js';
import { ImageOpener } from '../../lib/data/image-opener.js';
import { readData } from '../../lib/data/kinds/index.js';
import { centerRows } from '../../lib/eval/embed.js';
import { root } from '../support/paths.js';
import { withPhotoFolder } from '../support/photos.js';
import { findPython, runPython } from '../support/python.js';

const { default: sharp } = await import('sharp');
const native = loadNative();
const opener = new ImageOpener(native, { threads: 2 });
after(() => opener.dispose());

const SIZE = 24;
const shared = { size: SIZE, mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] } as const;

type How = Parameters<typeof evaluationView>[0];
const transforms: readonly How[] = (['official', 'torchvision'] as EvaluationTransform[]).flatMap((transform) =>
  (['bicubic', 'bilinear'] as const).map((resampling): How => ({ ...shared, transform, resampling, antialias: false })),
);

interface Photo {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly orientation?: number;
}

/** None so large that it would be decoded smaller: 3 times the view's side are beyond 82 pixels. */
const photos: readonly Photo[] = [
  { name: 'a.jpg', width: 60, height: 45 },
  { name: 'b.jpeg', width: 37, height: 71, orientation: 6 },
  { name: 'c.png', width: 49, height: 50 },
  { name: 'd.jpg', width: 1, height: 1 },
  { name: 'e.jpg', width: 3, height: 80, orientation: 3 },
  { name: 'f.webp', width: 27, height: 27 },
  { name: 'g.jpg', width: SIZE, height: SIZE },
];

/** Waves of several lengths, one of them near what a view of a few hundred pixels can show. */
function picture(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    const wave = Math.sin(x / 3 + c) * Math.cos(y / 4) + 0.6 * Math.sin((x + 2 * y) / (9 + c)) + 0.3 * Math.sin(x * y);
    return Math.round(128 + 66 * wave);
  });
}

async function writePhotos(folder: string, all: readonly Photo[]): Promise<void> {
  for (const { name, width, height, orientation } of all) {
    const image = sharp(picture(width, height), { raw: { width, height, channels: 3 } });
    const turned = orientation === undefined ? image : image.withMetadata({ orientation });
    await turned.toFile(path.join(folder, name));
  }
}

/** The views of all photos of a folder, in the order of their names, as [0, 1]. */
async function viewsOf(folder: string, how: How): Promise<Float32Array[]> {
  const { train } = await readData({ kind: 'folder', path: folder, labels: 'auto', brokenLimit: 0 });
  const images = opener.open(train, 'images');
  const spec = evaluationView(how);
  const all = Int32Array.from({ length: images.count }, (_, i) => i);
  const taken = await takeImages(images, all, [{ spec, draw: centerRows(images, spec) }]);
  const values = await native.executePlan({
    images: taken.store,
    indices: taken.indices,
    plan: taken.plans[0] as Float32Array,
    view: spec,
    executor: 'fused',
    dtype: 'float32',
    threads: 1,
    device: 'cpu',
  });
  taken.release();
  const length = how.size ** 2 * 3;
  const seen = values.map((value, i) => value * (how.std[i % 3] as number) + (how.mean[i % 3] as number));
  return Array.from(all, (i) => seen.subarray(i * length, (i + 1) * length));
}

/** Weights of a line of `from` pixels that becomes one of `to`, in float64: [to][from]. */
function weights(
  from: number,
  to: number,
  { resampling, antialias }: Pick<How, 'resampling' | 'antialias'>,
): number[][] {
  const widen = antialias ? Math.max(1, from / to) : 1;
  const kernel = (t: number): number => {
    if (resampling === 'bilinear') return Math.max(0, 1 - t);
    if (t < 1) return 1.5 * t ** 3 - 2.5 * t ** 2 + 1;
    return t < 2 ? -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2 : 0;
  };
  return Array.from({ length: to }, (_, i) => {
    const row = Array.from({ length: from }, (__, j) => kernel(Math.abs(j + 0.5 - ((i + 0.5) * from) / to) / widen));
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((weight) => weight / sum);
  });
}

/** A part of an image, resized; [0, 1]. */
function resized(
  { pixels, width }: Pixels,
  [top, left, height, across]: readonly [number, number, number, number],
  [toHeight, toWidth]: readonly [number, number],
  how: Pick<How, 'resampling' | 'antialias'>,
): number[][][] {
  const down = weights(height, toHeight, how);
  const along = weights(across, toWidth, how);
  const narrow = Array.from({ length: height }, (_, y) =>
    along.map((row) =>
      [0, 1, 2].map((c) =>
        row.reduce((sum, w, x) => sum + (w && w * (pixels[((top + y) * width + left + x) * 3 + c] as number)), 0),
      ),
    ),
  );
  return down.map((row) =>
    along.map((_, x) =>
      [0, 1, 2].map((c) => {
        const sum = row.reduce((all, w, y) => all + (w && w * (narrow[y]?.[x]?.[c] as number)), 0);
        return Math.min(1, Math.max(0, sum / 255));
      }),
    ),
  );
}

/** As the official code crops and then resizes, and as torchvision resizes the whole and then crops. */
function expectedView(image: Pixels, how: How): number[] {
  const { width, height } = image;
  const { size } = how;
  if (width === size && height === size) return resized(image, [0, 0, size, size], [size, size], how).flat(2);
  if (how.transform === 'official') {
    const side = Math.max(1, Math.trunc((224 / (224 + 32)) * Math.min(height, width)));
    const offset = (length: number): number => Math.floor((length - side + 1) / 2);
    return resized(image, [offset(height), offset(width), side, side], [size, size], how).flat(2);
  }
  const short = Math.round((size * 256) / 224);
  const [newHeight, newWidth] =
    width < height ? [Math.trunc((short * height) / width), short] : [short, Math.trunc((short * width) / height)];
  const whole = resized(image, [0, 0, height, width], [newHeight, newWidth], { ...how, antialias: true });
  const python = (value: number): number => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));
  const [top, left] = [python((newHeight - size) / 2), python((newWidth - size) / 2)];
  return whole.slice(top, top + size).flatMap((row) => row.slice(left, left + size).flat());
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): { readonly largest: number; readonly rms: number } {
  assert.equal(a.length, b.length);
  const each = Array.from(a, (value, i) => Math.abs(value - (b[i] as number)));
  return {
    largest: each.reduce((most, d) => Math.max(most, d), 0),
    rms: Math.sqrt(each.reduce((sum, d) => sum + d * d, 0) / each.length),
  };
}

const decoded = (folder: string, { name }: Photo): Promise<Pixels> =>
  decodeImage(path.join(folder, name), { name, maxPixels: 1e7 });

describe('the evaluation transforms', () => {
  test('are the official crop and torchvision’s resize and crop in float64, for photos of all sizes and formats', () =>
    withPhotoFolder(async (folder) => {
      await writePhotos(folder, photos);
      for (const how of transforms) {
        const views = await viewsOf(folder, how);
        for (const [i, photo] of photos.entries()) {
          const expected = expectedView(await decoded(folder, photo), how);
          const { largest } = difference(views[i] as Float32Array, expected);
          assert.ok(largest < 2e-6, `${how.transform} ${how.resampling} ${photo.name}: ${largest}`);
        }
      }
    }));

  test('hardly tell that a large photo was decoded smaller, whatever its format and orientation', () =>
    withPhotoFolder(async (folder) => {
      const large = [1, 3, 6, 8].flatMap((orientation): Photo[] => [
        { name: `${orientation}.jpg`, width: 389, height: 291, orientation },
        { name: `${orientation}.png`, width: 389, height: 291 },
      ]);
      await writePhotos(folder, large);
      const how: How = { ...shared, transform: 'torchvision', resampling: 'bicubic', antialias: true };
      const views = await viewsOf(folder, how);
      for (const [i, photo] of large.entries()) {
        const { rms } = difference(views[i] as Float32Array, expectedView(await decoded(folder, photo), how));
        // A pixel of the photo beside its place would be more.
        assert.ok(rms * 255 < 1.3, `${photo.name}: ${rms * 255} levels`);
        assert.ok(rms * 255 > 1e-3, `${photo.name} was decoded whole`);
      }
    }));

  const python = findPython('torchvision', 'PIL');
  test('are what torchvision makes of tensors and of PIL images', { skip: typeof python === 'string' && python }, () =>
    withPhotoFolder(async (folder) => {
      if (typeof python === 'string') return;
      const some = [...photos, { name: 'h.jpg', width: 331, height: 250 }];
      await writePhotos(folder, some);
      for (const resampling of ['bicubic', 'bilinear'] as const) {
        // As large as people have it, so that h.jpg is not decoded smaller.
        const how: How = { ...shared, size: 224, transform: 'torchvision', resampling, antialias: true };
        const views = await viewsOf(folder, how);
        const asked = path.join(folder, '../case.json');
        const files = some.map(({ name }) => path.join(folder, name));
        writeFileSync(asked, JSON.stringify({ files, size: how.size, resampling }));
        const script = path.join(root, 'test/python/evaluation_transform.py');
        const printed = JSON.parse(runPython(python, script, asked)) as readonly { tensor: number[]; pil: number[] }[];
        for (const [i, { name, width }] of some.entries()) {
          const view = views[i] as Float32Array;
          const { tensor, pil } = printed[i] as (typeof printed)[number];
          // torchvision's float positions; PIL rounds to whole levels, twice.
          const bound = width === 1 ? 1e-5 : 3e-5;
          assert.ok(difference(view, tensor).largest < bound, `${name}: ${difference(view, tensor).largest}`);
          assert.ok(difference(view, pil).largest * 255 < 2, `${name}: ${difference(view, pil).largest * 255} levels`);
        }
      }
    }),
  );
});
