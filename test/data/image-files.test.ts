import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findImageFiles } from '../../lib/data/image-files.js';
import { withTempDir } from '../support/paths.js';

test('of folders the image files at any depth, by name; files as they are given', () =>
  withTempDir(async (dir) => {
    const file = (...parts: string[]): string => {
      const name = path.join(dir, ...parts);
      mkdirSync(path.dirname(name), { recursive: true });
      writeFileSync(name, '');
      return name;
    };
    const [b, a, deep] = [file('photos', 'b.JPG'), file('photos', 'a.png'), file('photos', 'more', 'deep', 'c.jpeg')];
    file('photos', 'notes.txt');
    const odd = file('scan.dat');
    assert.deepEqual(await findImageFiles([odd, path.join(dir, 'photos')]), [odd, a, b, deep]);
    file('empty', 'notes.txt');
    await assert.rejects(findImageFiles([path.join(dir, 'empty')]), {
      code: 'ERR_BYOL_DATA',
      message: /There is no image file in .*empty\./,
    });
    await assert.rejects(findImageFiles([path.join(dir, 'nowhere')]), {
      code: 'ERR_BYOL_DATA',
      message: /nowhere: it does not exist\./,
    });
  }));
