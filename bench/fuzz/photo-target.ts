import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadNative } from '../../lib/binding/load.js';
import type { FilesSource } from '../../lib/data/dataset.js';
import { readerOf } from '../../lib/data/headers/header.js';
import { readHeader } from '../../lib/data/headers/read-header.js';
import { ImageOpener } from '../../lib/data/image-opener.js';
import { uprightSize } from '../../lib/data/photos/file-table.js';
import { ByolError } from '../../lib/errors.js';
import type { Mutator } from './mutator.js';
import type { FuzzTarget } from './targets.js';

/** More would be slow, and is decoded by the same code. */
const MOST_PIXELS = 4_000_000;

/** Image files on the path that training takes: their headers, and then the parts that crops need, natively or by sharp. */
export function photoTarget(folder: string, images: readonly Uint8Array[]): FuzzTarget {
  const native = loadNative();
  const file = join(folder, 'fuzz-photo');
  return {
    name: 'photos',
    seeds: images,
    attempt: async (bytes, random) => {
      writeFileSync(file, bytes);
      const { header, problem } = readHeader(readerOf(bytes));
      if (header === null || problem !== null) return problem ?? 'damaged';
      const { width, height } = uprightSize(header);
      if (width * height > MOST_PIXELS) return 'huge';
      const source: FilesSource = {
        kind: 'files',
        heights: height,
        widths: width,
        brokenLimit: 1,
        read: async () => readFileSync(file),
        place: () => ({ path: Buffer.from(file), offset: 0, length: bytes.length }),
        location: () => 'it',
        format: () => header.format,
        orientation: () => header.orientation,
      };
      const told: string[] = [];
      const opener = new ImageOpener(native, { threads: 1, onBroken: (message) => told.push(message) });
      try {
        const photos = opener.open({ count: 1, source, targets: null }, 'images');
        const boxes = [boxIn(height, width, random), boxIn(height, width, random)];
        // Half of them may be decoded smaller.
        const shrinkTo = height % 2 === 0 ? { height: 4, width: 4 } : null;
        const taken = await photos.take({ indices: Int32Array.of(0), boxes, shrinkTo });
        taken?.release();
        if (
          taken === null &&
          !/^it (?:is|was|has|ends|takes|took|does not|cannot be) \S.* Another/s.test(told[0] ?? '')
        )
          throw new Error(`no reason: ${told[0]}`);
        return taken === null ? 'broken' : 'taken';
      } catch (error) {
        if (error instanceof ByolError && error.code === 'ERR_BYOL_DATA') return 'broken';
        throw error;
      } finally {
        opener.dispose();
      }
    },
  };
}

function boxIn(height: number, width: number, random: Mutator): Int32Array {
  const [rows, columns] = [1 + random.below(height), 1 + random.below(width)];
  return Int32Array.of(random.below(height - rows + 1), random.below(width - columns + 1), rows, columns);
}
