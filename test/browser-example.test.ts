/** examples/browser, in a browser: what the page makes of images is what we make of them. */
import assert from 'node:assert/strict';
import { createReadStream, existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { loadNative } from '../lib/binding/load.js';
import { officialNorm } from '../lib/config/presets/shared.js';
import { Encoder } from '../lib/encoder/encoder.js';
import { exportEncoder } from '../lib/encoder/export-encoder.js';
import { encodePng } from '../lib/report/png.js';
import { input, pictures, writeTrained } from './encoder/trained-files.js';
import { closeBrowser, testBrowser } from './support/chromium.js';
import { root, withTempDir } from './support/paths.js';

after(closeBrowser);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** The folders as one: a user has them in one place. */
function serve(...folders: readonly string[]): Promise<Server> {
  const server = createServer((request, answer) => {
    const name = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = folders
      .map((folder) => path.join(folder, name === '/' ? 'index.html' : name))
      .find((at) => existsSync(at));
    if (file === undefined || !statSync(file).isFile()) {
      answer.writeHead(404).end();
      return;
    }
    answer.setHeader('content-type', TYPES[path.extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(answer);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const COUNT = 4;
const { size } = input;
const bytes = size * size * 3;

/** Two that are nearly the same, and two that are not. */
function images(): Uint8Array[] {
  const all = pictures(COUNT, size, size);
  const [first, ...others] = Array.from({ length: COUNT }, (_, i) => all.subarray(i * bytes, (i + 1) * bytes));
  assert.ok(first !== undefined);
  return [first, ...others.slice(1), first.map((value, i) => (i % 7 === 0 ? 255 - value : value))];
}

/** Features as the page's module gives them, of an image file. */
async function featuresInPage(page: Page, model: string, file: Uint8Array): Promise<Float32Array> {
  const script = `(async () => {
    const { Encoder } = await import('/encoder.js');
    const encoder = await Encoder.load(${JSON.stringify(model)});
    return [...(await encoder.features(new Blob([Uint8Array.from(${JSON.stringify([...file])})])))];
  })()`;
  return Float32Array.from((await page.evaluate(script)) as number[]);
}

/** Larger than what the network sees, and no square. */
const photo = { width: 3 * size + 10, height: 2 * size + 5 };

test('a page embeds photos as we do, and shows the nearest', async (t) => {
  const browser = await testBrowser(t);
  if (browser === null) return;
  await withTempDir(async (dir) => {
    loadNative().setThreads(1);
    const file = path.join(dir, 'encoder.safetensors');
    await writeTrained(
      file,
      {
        block: 'basic',
        blocks: [1, 1],
        width: 8,
        stem: 'small',
        padding: 'same',
        initialization: 'official',
        shortcut: 'official',
        zeroInitLastNorm: false,
      },
      officialNorm,
    );
    await exportEncoder(file, { out: path.join(dir, 'encoder.onnx') });
    await exportEncoder(file, { out: path.join(dir, 'pixels.onnx'), pixels: true });
    // Each way to see a larger image.
    const ways = [
      { transform: 'official', resampling: 'bicubic', antialias: false },
      { transform: 'official', resampling: 'bilinear', antialias: true },
      { transform: 'torchvision', resampling: 'bilinear', antialias: true },
    ] as const;
    for (const [i, way] of ways.entries()) await exportEncoder(file, { out: path.join(dir, `way-${i}.onnx`), ...way });
    const larger = { ...photo, pixels: pictures(1, photo.height, photo.width) };
    const given = images();
    const names = given.map((pixels, i) => {
      const name = path.join(dir, `${'abcd'[i]}.png`);
      writeFileSync(name, encodePng({ width: size, height: size, pixels }));
      return name;
    });
    const broken = path.join(dir, 'broken.png');
    writeFileSync(broken, 'no image');
    await using ours = await Encoder.load(file, { device: 'cpu', precision: 'float32' });
    const { data, dimension } = await ours.embed(given.map((pixels) => ({ pixels, width: size, height: size })));
    const row = (i: number): Float32Array => data.subarray(i * dimension, (i + 1) * dimension);

    const server = await serve(path.join(root, 'examples/browser'), dir, root);
    try {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      await browser.visit(address, async ({ page, complaints, requests }) => {
        for (const model of ['encoder.onnx', 'pixels.onnx']) {
          for (const [i, pixels] of given.entries()) {
            const found = await featuresInPage(page, model, encodePng({ width: size, height: size, pixels }));
            const difference = Math.max(...found.map((value, at) => Math.abs(value - (row(i)[at] as number))));
            assert.ok(difference < 1e-4 && found.length === dimension, `${model}, image ${i}: ${difference}`);
          }
        }
        for (const [i, way] of ways.entries()) {
          await using seen = await Encoder.load(file, { device: 'cpu', precision: 'float32', ...way });
          const { data: expected } = await seen.embed([larger]);
          const found = await featuresInPage(page, `way-${i}.onnx`, encodePng(larger));
          const difference = Math.max(...found.map((value, at) => Math.abs(value - (expected[at] as number))));
          assert.ok(difference < 1e-4, `${JSON.stringify(way)}: ${difference}`);
        }
        await page.setInputFiles('#files', [...names.slice(0, 3), broken]);
        await page.waitForFunction(`document.querySelectorAll('#photos li').length === 3`);
        await page.waitForFunction(`document.getElementById('status').textContent.includes('broken.png')`);
        // The fourth is dropped.
        const last = [...encodePng({ width: size, height: size, pixels: given[3] as Uint8Array })];
        await page.evaluate(`(() => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([Uint8Array.from(${JSON.stringify(last)})], 'd.png', { type: 'image/png' }));
          document.getElementById('drop').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
        })()`);
        await page.waitForFunction(`document.querySelectorAll('#photos li').length === 4`);
        await page.waitForFunction(`document.getElementById('status').textContent === '4 photos.'`);
        await page.click('#photos li:first-child button');
        const told = (await page.locator('#photos span').allTextContents()).map((text) => text.split(' '));
        const cosine = (i: number): number => {
          const [a, b] = [row(0), row(i)];
          const dot = (x: Float32Array, y: Float32Array) =>
            x.reduce((sum, value, at) => sum + value * (y[at] as number), 0);
          return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
        };
        const order = [1, 2, 3].sort((a, b) => cosine(b) - cosine(a));
        assert.deepEqual(
          told.map((words) => words.at(-1)),
          ['a.png', ...order.map((i) => `${'abcd'[i]}.png`)],
        );
        for (const [at, i] of order.entries()) {
          const [said] = told[at + 1] as string[];
          assert.match(said ?? '', /^-?\d\.\d{3}$/);
          // Rounded to three digits, from features that differ by 1e-5.
          assert.ok(Math.abs(Number(said) - cosine(i)) < 6e-4, `${said}, not ${cosine(i)}`);
        }
        assert.deepEqual(complaints, []);
        assert.ok(
          requests.every((request) => request.startsWith(address)),
          requests.join('\n'),
        );
        t.diagnostic(`nearest: ${told.map((words) => words.join(' ')).join(', ')}`);
      });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
