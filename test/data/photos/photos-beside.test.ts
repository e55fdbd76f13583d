import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { inferData } from '../../../lib/data/infer.js';
import { withPhotoFolder, writeFiles } from '../../support/photos.js';

/** What a folder with these empty files is taken for. */
async function kindOf(folder: string, name: string, files: readonly string[]): Promise<string> {
  const place = path.join(folder, name);
  writeFiles(place, Object.fromEntries(files.map((file) => [file, ''])));
  return (await inferData(place)).config.kind;
}

test('an archive or a table beside photos leaves them a folder of photos', () =>
  withPhotoFolder(async (folder) => {
    for (const other of ['flowers.tar', 'flowers.tgz', 'metadata.parquet']) {
      const kind = (name: string, ...files: string[]) => kindOf(folder, `${other} ${name}`, [other, ...files]);
      assert.equal(await kind('flat', 'a.jpg', 'b.JPG'), 'folder');
      assert.equal(await kind('classes', 'daisy/a.jpg', 'tulip/b.png'), 'folder');
      assert.equal(await kind('split', 'train/daisy/a.jpg', 'other/x.txt'), 'folder');
    }
    assert.equal(await kindOf(folder, 'inside', ['train/labels.parquet', 'train/daisy/a.jpg']), 'folder');
  }));

test('pictures about a set of shards leave it one', () =>
  withPhotoFolder(async (folder) => {
    const tars = ['a-train-0.tar', 'a-train-1.tar', 'a-val-0.tar'];
    assert.equal(await kindOf(folder, 'tars', [...tars, 'cover.png', 'assets/x.png', 'docs/README.md']), 'shards');
    assert.equal(await kindOf(folder, 'splits', ['train/0.tar', 'val/0.tar']), 'shards');
    const tables = ['data/train-0.parquet', 'data/test-0.parquet'];
    assert.equal(await kindOf(folder, 'tables', [...tables, 'cover.png', 'assets/x.png']), 'parquet');
  }));
