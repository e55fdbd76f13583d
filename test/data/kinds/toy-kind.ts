import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ByolError, datasetFromArrays, defineDataKind, registerDataKind } from '../../../lib/index.js';

/** A kind of data in one file, as anybody may write it: images of one colour each, listed in a text file as "class grey" lines. */

declare module '../../../lib/index.js' {
  interface OwnDataKinds {
    greys: { kind: 'greys'; path: string; size: number };
  }
}

export const greys = defineDataKind({
  schema: z.strictObject({ kind: z.literal('greys'), path: z.string().min(1), size: z.int().min(1) }),
  title: 'a list of grey squares',
  defaults: { size: 8 },
  classes: 2,
  recognize: async ({ path, type }) =>
    type === 'file' && path.endsWith('.greys') ? { settings: { path, size: 8 }, side: 8 } : null,
  open: async ({ path, size }) => {
    const rows = (await readFile(path, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    if (rows.flat().some(Number.isNaN)) throw new ByolError('ERR_BYOL_DATA', `${path} is not a list of greys.`);
    const bytes = size * size * 3;
    const part = (start: number, end: number) => ({
      pixels: Uint8Array.from(
        { length: (end - start) * bytes },
        (_, i) => rows[start + Math.floor(i / bytes)]?.[1] ?? 0,
      ),
      height: size,
      width: size,
      labels: rows.slice(start, end).map(([label]) => label ?? -1),
    });
    const half = rows.length / 2;
    return datasetFromArrays({ ...part(0, half), test: part(half, rows.length), classNames: ['dark', 'light'] });
  },
});

registerDataKind(greys);
