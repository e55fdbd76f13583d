/** odd-images-child FOLDER: takes every image of a folder as a training step does, and prints what came of each, with the peak of memory. */
import { loadNative } from '../../../lib/binding/load.js';
import type { FilesSource, ImageSplit } from '../../../lib/data/dataset.js';
import { sizeOf } from '../../../lib/data/dataset.js';
import { decodeImage } from '../../../lib/data/decode-image.js';
import { ImageOpener } from '../../../lib/data/image-opener.js';
import { readData } from '../../../lib/data/kinds/index.js';
import { PhotoDecoder } from '../../../lib/data/photos/photo-decoder.js';

/** What came of one image. */
export interface OddOutcome {
  readonly location: string;
  /** null: it was taken. */
  readonly reason: string | null;
  readonly width: number;
  readonly height: number;
  /** Of its pixels by this path and by sharp alone; null: it was not taken. */
  readonly difference: number | null;
  /** Megabytes, of the process so far. */
  readonly peak: number;
}

export interface OddReport {
  readonly before: number;
  readonly outcomes: readonly OddOutcome[];
  readonly left: ReadonlyArray<{ readonly location: string; readonly reason: string }>;
  readonly notes: readonly string[];
}

const peak = (): number => process.resourceUsage().maxRSS / 1024;

async function run(folder: string): Promise<OddReport> {
  const native = loadNative();
  const before = peak();
  const {
    train,
    broken = [],
    notes = [],
  } = await readData({ kind: 'folder', path: folder, labels: 'none', brokenLimit: 1 });
  const { source, count } = train as ImageSplit<FilesSource>;
  const told: string[] = [];
  const opener = new ImageOpener(native, { threads: 1, onBroken: (message) => told.push(message) });
  const decoder = new PhotoDecoder(native, 1);
  const outcomes: OddOutcome[] = [];
  try {
    const images = opener.open(train, 'images');
    for (let image = 0; image < count; image += 1) {
      const { width, height } = sizeOf(source, image);
      const boxes = [Int32Array.of(0, 0, height, width)];
      const request = { indices: Int32Array.of(image), boxes, shrinkTo: null };
      const taken = await images.take(request);
      taken?.release();
      const outcome = {
        location: source.location(image),
        reason: taken === null ? (told.at(-1) ?? '') : null,
        width,
        height,
      };
      let difference: number | null = null;
      if (taken !== null) {
        const { pixels } = await decoder.decode(source, request);
        const other = await decodeImage(source.location(image), { name: 'it', maxPixels: width * height });
        difference =
          pixels.reduce((sum, value, i) => sum + Math.abs(value - (other.pixels[i] as number)), 0) / pixels.length;
      }
      outcomes.push({ ...outcome, difference, peak: peak() });
    }
  } finally {
    opener.dispose();
    decoder.dispose();
  }
  return { before, outcomes, left: broken, notes };
}

process.stdout.write(JSON.stringify(await run(process.argv[2] as string)));
