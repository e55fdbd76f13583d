/** The page about neighbours: at the end of a run with photos, and by its command. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { encodePng } from '../../lib/report/png.js';
import { runCli } from '../support/cli.js';
import { withPhotoFolder, writeFiles } from '../support/photos.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

const png = (seed: number, colour: readonly [number, number, number]): Uint8Array => {
  const pixels = Uint8Array.from(
    { length: 20 * 20 * 3 },
    (_, i) => ((colour[i % 3] as number) + ((i * seed) % 40)) % 256,
  );
  return encodePng({ width: 20, height: 20, pixels });
};

test('a run with photos ends with a page about its neighbours, which the command makes of any encoder', () =>
  withPhotoFolder(async (photos) => {
    const dir = path.dirname(photos);
    for (const [split, images] of [
      ['train', 16],
      ['test', 10],
    ] as const) {
      for (let image = 0; image < images; image += 1) {
        writeFiles(photos, {
          [`${split}/red/${image}.png`]: png(image + 1, [200, 20, 20]),
          [`${split}/blue/${image}.png`]: png(image + 1, [20, 20, 200]),
        });
      }
    }
    const config = tinyConfig({
      data: { kind: 'folder', path: photos, labels: 'auto', brokenLimit: 0.2 },
      epochs: 1,
    });
    const folder = path.join(dir, 'run');
    await runToEnd(config, { folder });
    const page = readFileSync(path.join(folder, 'neighbours.html'), 'utf8');
    assert.match(page, /All 20 test images\./);
    assert.match(page, /Of the 6 nearest others of every image [\d.]+ % are of its class by the trained encoder/);
    assert.match(page, /"names":\[.*"red\/9\.png"/);
    const report = readFileSync(path.join(folder, 'report.html'), 'utf8');
    assert.match(report, /<a href="neighbours\.html">Neighbours and map<\/a>: Of the 6 nearest others/);

    writeFileSync(path.join(photos, 'test/red/3.png'), png(4, [200, 20, 20]).subarray(0, -40));
    const byol = (...args: string[]) => runCli(['neighbours', ...args, '--quiet', '--device', 'cpu'], { cwd: dir });
    const made = byol('run', '--out', 'a.html', '--picture', 'a.svg');
    assert.match(made.stdout, /Of the 6 nearest .*\nSaved as a\.html and a\.svg\n$/, made.stderr);
    assert.match(made.stderr, /3\.png cannot be decoded/);
    const read = (name: string): string => readFileSync(path.join(dir, name), 'utf8');
    assert.match(read('a.html'), /19 of 20 test images/);
    assert.equal(byol('run', '--out', 'b.html').code, 0);
    assert.equal(read('b.html'), read('a.html'), 'the same page twice');

    const weights = path.join('run', 'encoder.safetensors');
    const given = byol(weights, 'photos', '--image', 'photos/train/blue/0.png', '--out', 'c.html');
    assert.equal(given.code, 0, given.stderr);
    assert.equal(read('c.html').match(/<section class="sample">/g)?.length, 1);
    assert.match(read('c.html'), /Images that were given are shown to the trained encoder alone/);
    const wrong = byol('run', '--picture', 'a.gif');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--picture is an \.svg or \.png file, and a\.gif is neither/);
    assert.match(byol(weights).stderr, /It is not said which images/);
    assert.ok(!existsSync(path.join(dir, 'neighbours.html')));
  }));
