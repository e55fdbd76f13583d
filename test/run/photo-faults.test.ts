/** What happens to files while a run reads them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import { withPhotoFolder, writeFiles } from '../support/photos.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const { default: sharp } = await import('sharp');

async function writePhotos(folder: string, count: number, side: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const noise = { type: 'gaussian', mean: 60 + 2 * i, sigma: 30 } as const;
    const image = sharp({ create: { width: side + (i % 4), height: side, channels: 3, background: 'red', noise } });
    const format = i % 8 === 7 ? 'png' : 'jpeg';
    writeFiles(folder, {
      [`${i % 2}/${String(i).padStart(2, '0')}.${format}`]: await image.toFormat(format).toBuffer(),
    });
  }
}

const configOf = (folder: string, brokenLimit: number, changes: Partial<Config> = {}): Config =>
  tinyConfig({
    data: { kind: 'folder', path: folder, labels: 'auto', brokenLimit },
    batchSize: 8,
    epochs: 2,
    ...changes,
  });

test('files that are deleted, cut off, replaced, or pipes by now are named and replaced, as many as may be', () =>
  withPhotoFolder(async (folder) => {
    await writePhotos(folder, 40, 40);
    const file = (name: string): string => path.join(folder, name);
    const longer = await sharp(file('0/08.jpeg')).jpeg({ quality: 100 }).toBuffer();
    assert.ok(longer.length > statSync(file('0/04.jpeg')).size);
    const damage = (): void => {
      rmSync(file('0/00.jpeg'));
      truncateSync(file('1/01.jpeg'), 700);
      writeFileSync(file('0/02.jpeg'), 'words');
      // Of the same size: another photo is as good, one of more bytes too. At once, since half a file would be a cut one.
      writeFileSync(file('0/new'), longer);
      renameSync(file('0/new'), file('0/04.jpeg'));
      for (const name of ['0/06.jpeg', '1/07.png']) {
        rmSync(file(name));
        execFileSync('mkfifo', [file(name)]);
      }
    };
    const run = async (limit: number, name: string) => {
      let done = false;
      return runToEnd(configOf(folder, limit), { folder: path.join(folder, '..', name) }, ({ type }) => {
        if (type !== 'start' || done) return;
        done = true;
        damage();
      });
    };
    const { result, events } = await run(0.2, 'bears');
    assert.deepEqual([result.interrupted, result.steps], [false, 10]);
    const told = events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])).sort();
    for (const [name, reason] of [
      ['0/00.jpeg', /cannot be read: .*(No such file|does not exist)/],
      ['0/02.jpeg', /(no image|not decode|damaged|known image format)/],
      ['0/06.jpeg', /cannot be read: it is not a regular file/],
      ['1/01.jpeg', /cut off/],
      ['1/07.png', /cannot be read: it is not a regular file/],
    ] as const) {
      const about = told.filter((message) => message.includes(name));
      assert.equal(about.length, 1, `${name}: ${told.join('\n')}`);
      assert.match(about[0] ?? '', reason);
      assert.match(about[0] ?? '', /Another image takes its place\.$/);
    }
    assert.ok(!told.some((message) => message.includes('0/04.jpeg')), told.join('\n'));
    rmSync(folder, { recursive: true });

    await writePhotos(folder, 40, 40);
    await assert.rejects(run(0.05, 'stops'), {
      code: 'ERR_BYOL_DATA',
      message: /are broken, more than data\.brokenLimit \(0\.05 of all\) allows: [^(]*\(it (?!it )/,
    });
  }));

test('memory does not grow from one epoch to the next', () =>
  withPhotoFolder(async (folder) => {
    // 16 MB of pixels an epoch and view: were they kept, six epochs would show.
    await writePhotos(folder, 64, 300);
    const memory: number[] = [];
    const config = configOf(folder, 0, { epochs: 8, batchSize: 16 });
    await runToEnd(config, { folder: path.join(folder, '../run') }, ({ type }) => {
      if (type === 'epoch') memory.push(process.memoryUsage.rss() / 2 ** 20);
    });
    assert.equal(memory.length, 8);
    const grown = Math.max(...memory.slice(5)) - Math.max(...memory.slice(0, 3));
    assert.ok(grown < 48, `${memory.map((megabytes) => megabytes.toFixed(0)).join(', ')} MB`);
  }));
