import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import { encodePng } from '../lib/report/png.js';
import { runNode } from './support/cli.js';
import { root, withTempDir } from './support/paths.js';

// Run as a user runs them, with less to do: each in a process of its own, in an empty folder.

/** A few small images and a small network, by the settings that the examples take. */
const SMALL = [
  'threads=1',
  'epochs=2',
  'data.trainImages=96',
  'data.testImages=48',
  'encoder.blocks=[1,1]',
  'encoder.width=8',
  'batchSize=32',
  'evaluation.knn.k=5',
  'evaluation.linear.epochs=2',
];

/** Not the page for browsers, which has a test of its own. */
const names = readdirSync(path.join(root, 'examples')).flatMap((file) =>
  file.endsWith('.ts') ? [path.basename(file, '.ts')] : [],
);

function run(dir: string, name: string, ...args: string[]) {
  return runNode([path.join(root, 'dist/examples', `${name}.js`), ...args], { cwd: dir });
}

/** Squares of three colours, and a file that is none. Returns the folder. */
function makeImages(dir: string): string {
  const folder = path.join(dir, 'images');
  mkdirSync(folder);
  const colors = { red: [220, 30, 30], pink: [230, 60, 70], blue: [20, 40, 220] };
  for (const [name, color] of Object.entries(colors)) {
    const pixels = Uint8Array.from({ length: 40 * 40 * 3 }, (_, i) => color[i % 3] ?? 0);
    writeFileSync(path.join(folder, `${name}.png`), encodePng({ width: 40, height: 40, pixels }));
  }
  writeFileSync(path.join(folder, 'broken.png'), 'no image');
  return folder;
}

async function sharpIsThere(): Promise<boolean> {
  return import('sharp').then(
    () => true,
    () => false,
  );
}

describe('examples', () => {
  const ran = new Set<string>();
  const runs = (dir: string, name: string, ...args: string[]): string => {
    ran.add(name);
    const { code, stdout, stderr } = run(dir, name, ...args);
    assert.equal(code, 0, `${name}: ${stderr}\n${stdout}`);
    return stdout;
  };

  test('train, and what the encoder is for: nearest images and protocols', (t) =>
    withTempDir(async (dir) => {
      const told = runs(dir, 'train', ...SMALL);
      assert.match(told, /^96 images, \d+ parameters, 6 steps in .*runs\/example$/m);
      assert.match(told, /^epoch 1 of 2: loss \d\.\d+, kNN \d+\.\d %$/m);
      assert.match(told, /^linear classifier: \d+\.\d %$/m);
      assert.ok(existsSync(path.join(dir, 'runs/example/encoder.safetensors')));
      // What has been done is not done again.
      assert.match(runs(dir, 'train', ...SMALL), /^linear classifier/m);

      const evaluated = runs(dir, 'own-protocol');
      assert.match(evaluated, /^kNN: \d+\.\d %$/m);
      assert.match(evaluated, /^within classes 0\.\d+, between them 0\.\d+ \{ 'separation\/gap': -?\d\.\d+/m);

      const images = makeImages(dir);
      const asked = ['runs/example', path.join(images, 'red.png'), images];
      if (await sharpIsThere()) {
        const found = runs(dir, 'nearest-images', ...asked).split('\n');
        assert.match(found[0] ?? '', /: \d+ numbers for each image, on cpu$/);
        assert.match(found[1] ?? '', /^1\.0000 {2}red\.png$/);
        assert.deepEqual(
          found
            .slice(2, 4)
            .map((line) => line.replace(/.* /, ''))
            .sort(),
          ['blue.png', 'pink.png'],
        );
        assert.match(run(dir, 'nearest-images', ...asked).stderr, /broken\.png/);
      } else {
        t.diagnostic('sharp is not installed: the nearest images were not looked for');
        ran.add('nearest-images');
        assert.match(run(dir, 'nearest-images', ...asked).stderr, /ERR_BYOL_NO_DECODER/);
      }
    }));

  test('images and steps of your own, and again', () =>
    withTempDir((dir) => {
      const first = runs(dir, 'own-images', '128');
      assert.match(first, /^untrained: kNN \d+\.\d %$/m);
      assert.match(first, /^epoch 1: kNN \d+\.\d %, saved$/m);
      assert.ok(existsSync(path.join(dir, 'runs/own-images/encoder.safetensors')));
      // All steps are done.
      assert.equal(runs(dir, 'own-images', '128'), '');
    }));

  test('a method of your own beside BYOL', () =>
    withTempDir((dir) => {
      const told = runs(dir, 'own-method', ...SMALL);
      for (const name of ['byol', 'repelled']) {
        assert.match(told, new RegExp(`^${name}: .+\n {2}kNN: .* untrained, .* trained\n {2}spread`, 'm'));
      }
    }));

  test('events go to a file, or to an address that need not be there', () =>
    withTempDir(async (dir) => {
      const file = path.join(dir, 'events.jsonl');
      runs(dir, 'send-events', file, ...SMALL);
      const types = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type: string }).type);
      assert.equal(types.filter((type) => type === 'epoch').length, 2);
      assert.equal(types.at(-1), 'end');

      // A server of this process can only answer while it does not wait for the example.
      const got: string[] = [];
      const server = createServer((request, answer) => {
        let body = '';
        request.on('data', (part) => {
          body += part;
        });
        request.on('end', () => {
          got.push((JSON.parse(body) as { type: string }).type);
          answer.end();
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const address = `http://127.0.0.1:${port}/events`;
      const child = spawn(process.execPath, [path.join(root, 'dist/examples/send-events.js'), address, ...SMALL], {
        cwd: dir,
      });
      const [code] = (await once(child, 'exit')) as [number];
      await new Promise((resolve) => server.close(resolve));
      assert.equal(code, 0);
      const withoutSteps = (all: readonly string[]) => all.filter((type) => !['step', 'threads'].includes(type));
      assert.deepEqual(withoutSteps(got), withoutSteps(types));

      const unreached = run(dir, 'send-events', address, ...SMALL);
      assert.equal(unreached.code, 0);
      assert.match(unreached.stderr, /did not take an event.*\n\d+ events were not taken/);
    }));

  test('none is left out', () => assert.deepEqual([...ran].sort(), names.sort()));
});
