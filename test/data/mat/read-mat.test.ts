import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { MatProblem } from '../../../lib/data/mat/mat-elements.js';
import { type MatValue, parseMat, readMat } from '../../../lib/data/mat/read-mat.js';
import { matFile } from '../../support/mat.js';
import { root, sharedData, withTempDir } from '../../support/paths.js';
import { findPython, runPython } from '../../support/python.js';

/** By scipy 1.17 (savemat, do_compression): what these arrays are, test() below says. */
const byScipy = Buffer.from(
  'TUFUTEFCIDUuMCBNQVQtZmlsZSBieSBzY2lweSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg' +
    'ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAAAAAAAAAAAAABSU0PAAAALwAAAHic42NgYLAAYjYg5gBi' +
    'TgYIYIXyGYGYGUqD1OQkJqXmFDMwMAFFmdMYGQA6uwNYDwAAADUAAAB4nONjYGAIAGI2IOaA0iDACuUzAjEzlAaJFaeWZKYAaU4g' +
    'lmCAARkHCK0Aphv8hRwBivIEog8AAABOAAAAeJzjY2Bg2AHEbEDMAcSMDBDAisRngtLcQJyck1hcHJ+XmJtaDFbHB8QWSPpZsOhn' +
    'RzJXAMp3LE3JVAg2IUs/SNw5s6Qo//DqPAAcswyNDwAAAHYAAAB4nONjYGCIYGRgYAPSHEDMxAABrFA+I1QMRHMDcWJeXn5JYklm' +
    'fl4xVB0LWC9IngeIk3MSi4sZ0vISc1PB8nxAbMCAMJ8Ti/kwzAC2ixFsH0ifA5I+Fiz6OJH0CUD5BkBgqJdVkA4VJ8d+RgrtN0Ky' +
    'HwAnwxAx',
  'base64',
);

const numbers = (...of: number[]): MatValue => ({
  kind: 'numbers',
  sides: [1, of.length],
  numbers: Float64Array.from(of),
});
const text = (of: string): MatValue => ({ kind: 'text', rows: [of] });

/** What scipy found, as test/python/read_mats.py prints it. */
type Printed =
  | null
  | { readonly sides: readonly number[]; readonly numbers: readonly number[] }
  | { readonly rows: readonly string[] }
  | { readonly sides: readonly number[]; readonly cells: readonly Printed[] }
  | { readonly count: number; readonly fields: Readonly<Record<string, readonly Printed[]>> };

function printed(value: MatValue): Printed {
  switch (value.kind) {
    case 'numbers':
      return { sides: value.sides, numbers: [...value.numbers] };
    case 'text':
      return { rows: value.rows };
    case 'cells':
      return { sides: value.sides, cells: value.cells.map(printed) };
    case 'structs':
      return {
        count: value.count,
        fields: Object.fromEntries([...value.fields].map(([name, values]) => [name, values.map(printed)])),
      };
  }
}

/** Of a sort that lists do not have, somewhere in it. */
function isOther(value: Printed): boolean {
  if (value === null) return true;
  if ('cells' in value) return value.cells.some(isOther);
  return 'fields' in value && Object.values(value.fields).flat().some(isOther);
}

describe('MATLAB files', () => {
  test('of scipy are read: numbers, cells, text, structs', () => {
    const { labels, setid, class_names, annotations } = parseMat(byScipy, [
      'labels',
      'setid',
      'class_names',
      'annotations',
    ]);
    assert.deepEqual([labels, setid], [numbers(3, 102, 1), numbers(7, 8, 300_000)]);
    assert.deepEqual(class_names, { kind: 'cells', sides: [1, 2], cells: [text('Audi S4'), text('Citro\u00ebn')] });
    const fields = new Map([
      ['class', [numbers(2), numbers(1)]],
      ['fname', [text('00001.jpg'), text('00002.jpg')]],
    ]);
    assert.deepEqual(annotations, { kind: 'structs', count: 2, fields });
  });

  const python = findPython('scipy', 'numpy');
  const splits = path.join(sharedData('nyu-depth-v2') ?? '', 'splits.mat');
  test(
    'of MATLAB on several machines, and of scipy, are read as by scipy',
    { skip: typeof python === 'string' ? python : false },
    () =>
      withTempDir((dir) => {
        if (typeof python === 'string') return;
        const more = existsSync(splits) ? [splits] : [];
        writeFileSync(
          path.join(dir, 'own.mat'),
          matFile({ a: [1, 2, 3], b: { cells: ['x', [7], ''] }, c: { structs: [{ n: [1], s: 'abcde' }] } }),
        );
        const script = path.join(root, 'test/python/read_mats.py');
        const files: Record<string, Record<string, Printed> | null> = JSON.parse(
          runPython(python, script, dir, path.join(dir, 'own.mat'), ...more),
        );
        let compared = 0;
        for (const [file, variables] of Object.entries(files)) {
          for (const [name, value] of Object.entries(variables ?? {})) {
            const read = (): MatValue => parseMat(readFileSync(file), [name])[name] as MatValue;
            if (isOther(value)) {
              assert.throws(read, MatProblem, `${file} ${name}`);
              continue;
            }
            assert.deepEqual(printed(read()), value, `${file} ${name}`);
            compared += 1;
          }
        }
        assert.ok(compared >= 25, String(compared));
      }),
  );

  test('that are something else are refused in a sentence', () =>
    withTempDir(async (dir) => {
      const file = path.join(dir, 'setid.mat');
      const refused = async (bytes: Uint8Array, message: RegExp, name = 'setid'): Promise<void> => {
        writeFileSync(file, bytes);
        await assert.rejects(readMat(file, 'the split of Flowers-102', [name]), { code: 'ERR_BYOL_DATA', message });
      };
      const changed = (at: number, ...values: number[]): Buffer => {
        const bytes = matFile({ setid: [1, 2, 3] }, false);
        Buffer.from(values).copy(bytes, at);
        return bytes;
      };
      await refused(
        Buffer.alloc(60),
        /setid\.mat \(the split of Flowers-102\) cannot be used: it is no MATLAB file: it has 60 bytes\.$/,
      );
      await refused(changed(126, 0, 0), /it is no MATLAB file of level 5/);
      await refused(changed(124, 0, 2), /it is of MATLAB 7\.3, which is HDF5: save it as of version 7/);
      await refused(changed(124, 7, 7), /an unknown version, 1799/);
      await refused(changed(128 + 16, 5), /it has a sparse matrix, which is not read/);
      await refused(changed(128 + 17, 8), /it has complex numbers/);
      await refused(changed(128 + 16, 77), /it has an array of class 77/);
      await refused(changed(128 + 32, 1, 0, 0, 0, 9), /it has 3 elements in an array of sides 1 x 9/);
      await refused(changed(128 + 32, 255, 255, 255, 127), /it has an array of sides 2147483647 x 3 in \d+ bytes/);
      await refused(matFile({ setid: [1, 2, 3] }, false).subarray(0, 190), /it is cut off: byte \d+ of 190 is missing/);
      await refused(matFile({ a: [1], b: 'x' }), /it has no variable 'setid' \(it has: a, b\)/);
      await refused(matFile({}), /it has no variable 'setid' \(it has: none\)/);
      const bomb = deflateSync(Buffer.alloc(300_000_000));
      const head = Buffer.alloc(8);
      head.writeUInt32LE(15, 0);
      head.writeUInt32LE(bomb.length, 4);
      await refused(Buffer.concat([matFile({}), head, bomb]), /it unpacks to more than 268435456 bytes/);
      const broken = matFile({ setid: [1, 2, 3] });
      broken[150] = (broken[150] as number) ^ 255;
      await refused(broken, /it has a compressed part that is damaged/);
      const deep = Array.from({ length: 12 }).reduce<Parameters<typeof matFile>[0][string]>(
        (inner) => ({ cells: [inner] }),
        [1],
      );
      await refused(matFile({ setid: deep }), /it has arrays in arrays, deeper than 8/);
    }));

  test('that are damaged anywhere are read, or refused', () => {
    const files = [
      byScipy,
      matFile(
        {
          labels: [1, 2],
          setid: { cells: ['ab', [7]] },
          class_names: 'abc',
          annotations: { structs: [{ a: 'x' }, { a: [2] }] },
        },
        false,
      ),
    ];
    let state = 12345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let refused = 0;
    for (let round = 0; round < 4000; round += 1) {
      const bytes = Buffer.from(files[round % 2] as Buffer);
      for (let change = random(4); change >= 0; change -= 1) bytes[128 + random(bytes.length - 128)] = random(256);
      try {
        parseMat(bytes.subarray(0, random(8) === 0 ? random(bytes.length) : bytes.length), [
          'labels',
          'setid',
          'class_names',
          'annotations',
        ]);
      } catch (error) {
        assert.ok(error instanceof MatProblem, `round ${round}: ${error}`);
        refused += 1;
      }
    }
    assert.ok(refused > 1000 && refused < 4000, String(refused));
  });
});
