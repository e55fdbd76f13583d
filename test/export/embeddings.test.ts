import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { csvLine } from '../../lib/export/csv.js';
import { checkEmbeddingFiles, type Embeddings, writeEmbeddings } from '../../lib/export/embeddings.js';
import { npyHead } from '../../lib/export/formats/npy.js';
import { withTempDir } from '../support/paths.js';

const embeddings: Embeddings = {
  split: 'test',
  count: 3,
  dimension: 2,
  features: Float32Array.of(1.5, -2, 0.75, 3.25, Number.NaN, 1e-30),
  labels: Int32Array.of(1, -1, 0),
  classNames: ['cat, or "dog"', 'plane'],
  weights: 'encoder.safetensors',
};

test('an array file has the bytes that NumPy writes', () => {
  const bytes = Buffer.from(npyHead(3, 2));
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }`;
  assert.equal(bytes.toString('latin1', 0, 128), `\x93NUMPY\x01\x00\x76\x00${header.padEnd(117)}\n`);
  assert.equal(bytes.length, 128);
  // Of any number of rows it is as long: it is written when they are all there.
  assert.equal(npyHead(0, 512).length, npyHead(2 ** 40, 65_536).length);
});

test('cells of CSV are quoted where they must be', () => {
  assert.equal(csvLine(['a', 'b,c', 'd "e"', 'f\ng', null, 1.5, Number.NaN]), 'a,"b,c","d ""e""","f\ng",,1.5,\n');
});

test('an array has its index beside it; a CSV file has both', () =>
  withTempDir(async (dir) => {
    const index = 'row,split,image,file,label,class\n0,test,0,,1,plane\n1,test,1,,,\n2,test,2,,0,"cat, or ""dog"""\n';
    const npy = path.join(dir, 'x.npy');
    assert.deepEqual(await writeEmbeddings(npy, embeddings), [npy, path.join(dir, 'x.csv')]);
    assert.equal(readFileSync(path.join(dir, 'x.csv'), 'utf8'), index);
    const { features } = embeddings;
    assert.deepEqual(readFileSync(npy).subarray(-24), Buffer.from(features.buffer));

    const csv = path.join(dir, 'y.csv');
    assert.deepEqual(await writeEmbeddings(csv, { ...embeddings, labels: null, classNames: [] }), [csv]);
    const lines = readFileSync(csv, 'utf8').split('\n');
    assert.deepEqual(lines.slice(0, 3), [
      'row,split,image,file,label,class,feature0,feature1',
      '0,test,0,,,,1.5,-2',
      '1,test,1,,,,0.75,3.25',
    ]);
    // Read back as float32 they are what they were.
    assert.equal(Math.fround(Number(lines[3]?.split(',').at(-1))), features[5]);
    // Again, over its own.
    await writeEmbeddings(npy, embeddings);
  }));

test("somebody else's file, a folder or a pipe is not replaced; other names are refused", () =>
  withTempDir(async (dir) => {
    const refused = async (name: string, code = 'ERR_BYOL_IO'): Promise<void> => {
      await assert.rejects(checkEmbeddingFiles(path.join(dir, name)), { code });
      await assert.rejects(writeEmbeddings(path.join(dir, name), embeddings), { code });
    };
    writeFileSync(path.join(dir, 'mine.csv'), 'name,age\n');
    writeFileSync(path.join(dir, 'empty.csv'), '');
    writeFileSync(path.join(dir, 'array.npy'), 'mine');
    mkdirSync(path.join(dir, 'folder.csv'));
    execFileSync('mkfifo', [path.join(dir, 'pipe.csv')]);
    for (const name of ['mine.csv', 'empty.csv', 'array.npy', 'mine.npy', 'folder.csv', 'pipe.csv'])
      await refused(name);
    for (const name of ['x', 'x.json', 'x.npz']) await refused(name, 'ERR_BYOL_USAGE');
    assert.equal(readFileSync(path.join(dir, 'mine.csv'), 'utf8'), 'name,age\n');
    assert.ok(statSync(path.join(dir, 'pipe.csv')).isFIFO() && !existsSync(path.join(dir, 'mine.npy')));
  }));
