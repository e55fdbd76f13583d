import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { encodePng } from '../lib/report/png.js';
import { runNode } from './support/cli.js';
import { LAYERS } from './support/layers.js';
import { markdownFiles, readMarkdown } from './support/markdown.js';
import { root, withTempDir } from './support/paths.js';

// What the pages promise: programs that compile and run. Commands and links: docs.test.ts.

const programsOf = (file: string): string[] =>
  readMarkdown(file).blocks.flatMap(({ language, code }) => (language === 'ts' ? code : []));

const blocks = programsOf('README.md');
/** Of guide and recipes. They are compiled with the others; what they call, the README's run. */
const guideBlocks = markdownFiles()
  .filter((file) => file.startsWith('docs/'))
  .flatMap((file) =>
    programsOf(file).map((code, index) => [`${file.replaceAll(/\W+/g, '-')}-${index}.ts`, code] as const),
  );

/** What the programs take from around them, for the compiler. */
const DECLARED = `import type { GivenImage } from 'byol-torch';
declare global {
  const pixels: Uint8Array;
  const width: number;
  const height: number;
  const manyFiles: AsyncIterable<string>;
  const images: AsyncIterable<GivenImage>;
  const others: readonly GivenImage[];
}
`;

/** The same when they run. `small`: settings with which training takes a second. */
const DEFINED = `const drawn = (count) => Array.from({ length: count }, (_, i) => {
  const [height, width] = [24 + (i % 3), 28];
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, j) => (i * 37 + j * (1 + (i % 2))) % 256);
  return { height, width, pixels, label: i % 2 };
});
const [{ pixels, width, height }] = drawn(1);
Object.assign(globalThis, {
  pixels, width, height,
  manyFiles: (async function* () { yield* ['a.jpg', 'a.jpg']; })(),
  images: (async function* () { yield* drawn(64); })(),
  others: drawn(16),
  small: {
    threads: 1,
    data: { trainImages: 96, testImages: 48 },
    encoder: { blocks: [1, 1], width: 8 },
    batchSize: 32,
    evaluation: { knn: { k: 5 }, linear: { epochs: 2 } },
  },
});
`;

/** An empty project with this package in it, and the programs of the page compiled. */
function makeProject(dir: string): void {
  mkdirSync(path.join(dir, 'node_modules'));
  symlinkSync(root, path.join(dir, 'node_modules/byol-torch'), 'dir');
  symlinkSync(path.join(root, 'node_modules/zod'), path.join(dir, 'node_modules/zod'), 'dir');
  symlinkSync(path.join(root, 'node_modules/@types'), path.join(dir, 'node_modules/@types'), 'dir');
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    outDir: 'out',
    rootDir: '.',
  };
  const files: Readonly<Record<string, string>> = {
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({ compilerOptions }),
    'around.d.ts': DECLARED,
    'around.mjs': DEFINED,
    ...Object.fromEntries(guideBlocks),
    ...Object.fromEntries(blocks.map((code, index) => [`program-${index}.ts`, code])),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, name), text);
  const grey = { width: 40, height: 30, pixels: new Uint8Array(40 * 30 * 3).fill(90) };
  writeFileSync(path.join(dir, 'a.jpg'), encodePng(grey));
}

const sharpIsThere = await import('sharp').then(
  () => true,
  () => false,
);

describe('README', () => {
  test('its programs and those of the guide compile as they stand, and its run', (t) =>
    withTempDir((dir) => {
      makeProject(dir);
      const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
      const compiled = spawnSync(process.execPath, [tsc, '-p', dir], { encoding: 'utf8' });
      assert.equal(compiled.status, 0, compiled.stdout);
      assert.ok(blocks.length >= 6 && guideBlocks.length >= 8, `${blocks.length} and ${guideBlocks.length} were found`);
      for (const [index, code] of blocks.entries()) {
        if (code.includes('.jpg') && !sharpIsThere) {
          t.diagnostic('sharp is not installed: the program that embeds image files was not run');
          continue;
        }
        const file = path.join(dir, 'out', `program-${index}.js`);
        const smaller = readFileSync(file, 'utf8').replaceAll("preset: 'shapes'", "preset: 'shapes', ...small");
        writeFileSync(file, smaller);
        const { code: exit, stderr, stdout } = runNode(['--import', './around.mjs', file], { cwd: dir });
        assert.equal(exit, 0, `${code}\n${stderr}\n${stdout}`);
      }
      for (const run of ['first', 'mine', 'repelled']) {
        assert.ok(existsSync(path.join(dir, 'runs', run, 'encoder.safetensors')), run);
      }
      assert.ok(existsSync(path.join(dir, 'state.safetensors')));
    }));
});

test('ARCHITECTURE has every folder of lib/ in the order of the layers, and every folder of native/core/', () => {
  const page = readFileSync(path.join(root, 'ARCHITECTURE.md'), 'utf8');
  const folders = (of: string) =>
    readdirSync(path.join(root, of), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? entry.name : [],
    );
  const rows = [...page.matchAll(/^\| `([a-z]+)\/` \|/gm)].map(([, name]) => name as string);
  assert.deepEqual(rows, LAYERS);
  for (const name of folders('native/core')) assert.ok(page.includes(`\`${name}/\``), name);
});
