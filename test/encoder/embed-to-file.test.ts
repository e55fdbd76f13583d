/** Representations written to files: what they hold, and that nothing is lost or changed by whatever ends the writing. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { ByolError } from '../../lib/errors.js';
import { parseCsv } from '../../lib/files/csv.js';
import { type EmbedToFileProgress, Encoder, embedToFile, readData, readSafetensorsHeader } from '../../lib/index.js';
import { encodePng } from '../../lib/report/png.js';
import { root, withTempDir } from '../support/paths.js';
import { findPython, runPython } from '../support/python.js';
import { COLOUR_FEATURES, colourOptions, plain, writeColourMeans } from './tiny-encoders.js';

const IMAGES = 240;
/** Of every class one: they have an image's name and no image in them, or end early. */
const BROKEN = [7, 100, 101];
const KILLS = 4;

/** In two folders, whose names are classes; the number of an image tells its colour. */
function writePhotos(folder: string): void {
  for (let image = 0; image < IMAGES; image += 1) {
    const place = path.join(folder, image < IMAGES / 2 ? 'cats' : 'dögs, "large"');
    mkdirSync(place, { recursive: true });
    const png = encodePng(plain(9, [image, 255 - image, 40]));
    const bytes = BROKEN.includes(image) ? png.subarray(0, png.length - 30) : png;
    writeFileSync(path.join(place, `${String(image).padStart(3, '0')}.png`), bytes);
  }
}

const script = `
  const { Encoder, embedToFile } = await import(${JSON.stringify(pathToFileURL(path.join(root, 'dist/lib/index.js')).href)});
  const [weights, photos, out, pause = 0] = process.argv.slice(1);
  const still = new Int32Array(new SharedArrayBuffer(4));
  const encoder = await Encoder.load(weights, { ...${JSON.stringify(colourOptions)}, batchSize: 3 });
  const onProgress = ({ phase, done }) => {
    process.stdout.write(phase + ' ' + done + '\\n');
    Atomics.wait(still, 0, 0, Number(pause));
  };
  try { await embedToFile(encoder, photos, out, { onProgress }); }
  catch ({ code, message, hint }) { process.stdout.write('error ' + JSON.stringify({ code, message, hint }) + '\\n'); process.exitCode = 1; }
  await encoder.dispose();
`;

describe('embedToFile', () => {
  let dir = '';
  let done: () => void = () => {};
  let cache: string | undefined;
  const at = (...names: string[]): string => path.join(dir, ...names);
  const load = (options: object = {}) =>
    Encoder.load(at('w.safetensors'), { ...colourOptions, batchSize: 3, ...options });
  const arguments_ = (out: string) => [
    '--input-type=module',
    '--eval',
    script,
    at('w.safetensors'),
    at('photos'),
    at(out),
  ];

  before(async () => {
    await new Promise<void>((ready, failed) => {
      withTempDir((made) => {
        dir = made;
        cache = process.env.BYOL_CACHE;
        process.env.BYOL_CACHE = at('cache');
        writeColourMeans(at('w.safetensors'));
        writePhotos(at('photos'));
        ready();
        return new Promise<void>((end) => {
          done = end;
        });
      }).catch(failed);
    });
    for (const ending of ['npy', 'csv', 'parquet', 'safetensors']) {
      mkdirSync(at(ending));
      await using encoder = await load();
      await embedToFile(encoder, at('photos'), at(ending, `whole.${ending}`));
    }
  });
  after(() => {
    if (cache === undefined) delete process.env.BYOL_CACHE;
    else process.env.BYOL_CACHE = cache;
    done();
  });

  test('rows are those of the images in order, without the broken ones, which are told', async () => {
    const told: string[] = [];
    const progress: EmbedToFileProgress[] = [];
    await using encoder = await load();
    const result = await embedToFile(encoder, at('photos'), at('told.npy'), {
      onBroken: ({ message }) => told.push(message),
      onProgress: (one) => progress.push(one),
    });
    assert.deepEqual(result.files, [at('told.npy'), at('told.csv')]);
    assert.deepEqual([result.count, result.dimension], [IMAGES - BROKEN.length, COLOUR_FEATURES]);
    assert.deepEqual(
      result.broken.map(({ location }) => location),
      BROKEN.map((image) => at('photos', 'cats', `${String(image).padStart(3, '0')}.png`)),
    );
    assert.equal(told.length, BROKEN.length);
    assert.match(told[0] ?? '', /cats\/007\.png cannot be decoded: .*\. It is left out\.$/);
    assert.deepEqual([progress[0]?.done, progress.at(-1)], [0, { phase: 'images', done: IMAGES, total: IMAGES }]);

    const [names, ...lines] = parseCsv(readFileSync(at('told.csv'), 'utf8'));
    assert.deepEqual(names, ['row', 'split', 'image', 'file', 'label', 'class']);
    const images = Array.from({ length: IMAGES }, (_, image) => image).filter((image) => !BROKEN.includes(image));
    const expected = images.map((image, row) => {
      const [label, name] = image < IMAGES / 2 ? ['0', 'cats'] : ['1', 'dögs, "large"'];
      return [`${row}`, 'train', `${image}`, at('photos', name, `${String(image).padStart(3, '0')}.png`), label, name];
    });
    assert.deepEqual(lines, expected);
    const bytes = readFileSync(at('told.npy')).subarray(128);
    const values = new Float32Array(new Uint8Array(bytes).buffer);
    assert.equal(values.length, images.length * COLOUR_FEATURES);
    for (const [row, image] of images.entries()) {
      // The features are the means of the colours.
      const found = [...values.subarray(row * COLOUR_FEATURES, (row + 1) * COLOUR_FEATURES)].map((v) =>
        Math.round(v * 255),
      );
      assert.deepEqual(found.slice(0, 3), [image, 255 - image, 40], `row ${row}`);
    }
  });

  test('every format holds the same numbers and names', () => {
    const npy = new Uint8Array(readFileSync(at('npy', 'whole.npy')).subarray(128));
    const { tensors, metadata } = readSafetensorsHeader(at('safetensors', 'whole.safetensors'));
    const embeddings = tensors.get('embeddings');
    const labels = tensors.get('labels');
    assert.deepEqual(embeddings?.shape, [IMAGES - BROKEN.length, COLOUR_FEATURES]);
    assert.deepEqual([labels?.type, labels?.shape], ['I32', [IMAGES - BROKEN.length]]);
    assert.deepEqual(JSON.parse(metadata['class_names'] ?? ''), ['cats', 'dögs, "large"']);
    const file = readFileSync(at('safetensors', 'whole.safetensors'));
    assert.deepEqual(new Uint8Array(file.subarray(embeddings?.begin, embeddings?.end)), npy);
    assert.equal(readFileSync(at('safetensors', 'whole.csv'), 'utf8'), readFileSync(at('npy', 'whole.csv'), 'utf8'));
    const [, ...rows] = parseCsv(readFileSync(at('csv', 'whole.csv'), 'utf8'));
    const text = Float32Array.from(rows.flatMap((row) => row.slice(6).map(Number)));
    assert.deepEqual(new Uint8Array(text.buffer), npy);
  });

  test('pyarrow, safetensors and NumPy read what was written', (t) => {
    const python = findPython('numpy', 'pyarrow', 'safetensors');
    if (typeof python === 'string') return t.skip(python);
    const printed = runPython(python, path.join(root, 'test/python/read_embeddings.py'), dir);
    assert.equal(printed.trim(), `${IMAGES - BROKEN.length} rows of ${COLOUR_FEATURES} agree`);
  });

  for (const ending of ['npy', 'csv', 'parquet', 'safetensors']) {
    test(`killed ${KILLS} times at random moments, ${ending} ends in the same bytes`, async () => {
      const out = `${ending}/killed.${ending}`;
      const files = readdirSync(at(ending)).map((name) => path.extname(name).slice(1));
      const whole = (): void => {
        for (const kind of files)
          assert.deepEqual(readFileSync(at(ending, `killed.${kind}`)), readFileSync(at(ending, `whole.${kind}`)), kind);
        assert.ok(!existsSync(at(`${out}.partial`)));
      };
      let [kills, resumed] = [0, 0];
      for (let attempt = 0; kills < KILLS || resumed < 2; attempt += 1) {
        assert.ok(attempt < 20 * KILLS, `${kills} kills, gone on ${resumed} times`);
        // Slowly: what is done is saved every 50 ms, and on a fast machine all would be done by then.
        const lines = await runUntil([...arguments_(out), '5'], 1 + Math.floor(Math.random() * 40));
        if (Number(lines[0]?.split(' ')[1]) > 0) resumed += 1;
        if (lines.at(-1) === 'killed') kills += 1;
        // It was done, also where it was killed after that: once more from the start.
        if (!existsSync(at(out)) || existsSync(at(`${out}.partial`))) continue;
        whole();
        for (const kind of files) rmSync(at(ending, `killed.${kind}`), { force: true });
      }
      await runUntil(arguments_(out), Number.POSITIVE_INFINITY);
      whole();
    });
  }

  test('a disk that fills up ends it with what to do, and nothing is lost', {
    skip: process.platform === 'win32',
  }, async () => {
    const limited = ['sh', '-c', 'ulimit -f 4 && exec "$@"', 'sh', process.execPath, ...arguments_('full.npy')];
    const child = spawnSync(limited[0] as string, limited.slice(1), { encoding: 'utf8' });
    const lines = child.stdout.trim().split('\n');
    const failure = JSON.parse(lines.at(-1)?.replace(/^error /, '') ?? '');
    assert.equal(failure.code, 'ERR_BYOL_IO', child.stderr);
    assert.match(failure.message, /full\.npy\.partial.*(?:File too large|EFBIG)/);
    assert.match(
      failure.hint,
      /What is done is kept in .*full\.npy\.partial\. Make room, and the same command goes on/,
    );
    assert.ok(!existsSync(at('full.npy')));
    const more = await runUntil(arguments_('full.npy'), Number.POSITIVE_INFINITY);
    assert.ok(Number(more[0]?.split(' ')[1]) > 0, 'it goes on with what was saved');
    assert.deepEqual(readFileSync(at('full.npy')), readFileSync(at('npy', 'whole.npy')));
  });

  test('a second process is told of the first', async () => {
    await using encoder = await load();
    let failure: { code?: string; message?: string } | undefined;
    await embedToFile(encoder, at('photos'), at('both.npy'), {
      onProgress: ({ done: images }) => {
        if (images === 0 || failure !== undefined) return;
        const child = spawnSync(process.execPath, arguments_('both.npy'), { encoding: 'utf8' });
        failure = JSON.parse(child.stdout.trim().replace(/^error /, ''));
      },
    });
    assert.equal(failure?.code, 'ERR_BYOL_RUN_LOCKED');
    assert.match(
      failure?.message ?? '',
      /The folder of unfinished embeddings .*both\.npy\.partial is in use by process \d+/,
    );
    assert.deepEqual(readFileSync(at('both.npy')), readFileSync(at('npy', 'whole.npy')));
  });

  test('what is stopped goes on; other images, weights or formats do not go on with it', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    await using encoder = await load();
    const stopping = embedToFile(encoder, at('photos'), at('stopped.npy'), {
      signal: abort.signal,
      onProgress: ({ done: images }) => images >= 60 && abort.abort(reason),
    });
    await assert.rejects(stopping, reason);
    assert.ok(existsSync(at('stopped.npy.partial')) && !existsSync(at('stopped.npy')));
    const other = embedToFile(encoder, at('photos/cats'), at('stopped.npy'));
    await assert.rejects(other, {
      code: 'ERR_BYOL_USAGE',
      message: /Other embeddings are unfinished in .*stopped\.npy\.partial: the images differs\./,
    });
    await using larger = await load({ inputSize: 12, batchSize: 4 });
    await assert.rejects(embedToFile(larger, at('photos'), at('stopped.npy')), {
      message: /: how images are prepared, the size of batches differ\./,
    });
    const first: number[] = [];
    await embedToFile(encoder, at('photos'), at('stopped.npy'), {
      onProgress: ({ done: images }) => first.push(images),
    });
    assert.ok((first[0] ?? 0) >= 60);
    assert.deepEqual(readFileSync(at('stopped.npy')), readFileSync(at('npy', 'whole.npy')));
    // What has been finished is replaced.
    await embedToFile(encoder, at('photos/cats'), at('stopped.npy'));
    assert.equal(parseCsv(readFileSync(at('stopped.csv'), 'utf8')).length, 1 + IMAGES / 2 - BROKEN.length);
  });

  for (const blocked of ['moved.npy', 'moved.csv']) {
    test(`finished files that could not be moved are moved by the next call (${blocked})`, async () => {
      await using encoder = await load();
      const failing = embedToFile(encoder, at('photos'), at('moved.npy'), {
        onProgress: ({ done: images }) => images === IMAGES && mkdirSync(at(blocked, 'full'), { recursive: true }),
      });
      await assert.rejects(failing, { code: 'ERR_BYOL_IO', message: /Cannot write .*moved/ });
      rmSync(at(blocked), { recursive: true });
      const calls: number[] = [];
      await embedToFile(encoder, at('photos'), at('moved.npy'), {
        onProgress: ({ done: images }) => calls.push(images),
      });
      assert.deepEqual(calls, [IMAGES], 'nothing is embedded again');
      for (const ending of ['npy', 'csv']) {
        assert.deepEqual(readFileSync(at(`moved.${ending}`)), readFileSync(at('npy', `whole.${ending}`)));
        rmSync(at(`moved.${ending}`));
      }
      assert.ok(!existsSync(at('moved.npy.partial')));
    });
  }

  test('more broken images than may be end it; with a higher limit it goes on', async () => {
    await using encoder = await load();
    const dataset = (brokenLimit: number) =>
      readData({ kind: 'folder', path: at('photos'), labels: 'auto', brokenLimit });
    const told: string[] = [];
    const onBroken = ({ message }: ByolError) => told.push(message);
    await assert.rejects(embedToFile(encoder, await dataset(0.005), at('limit.npy'), { onBroken }), {
      code: 'ERR_BYOL_DATA',
      message:
        /2 of the first images of 240 in the images to embed are broken, more than data\.brokenLimit \(0\.005 of all\)/,
    });
    const first: number[] = [];
    const { broken } = await embedToFile(encoder, await dataset(0.02), at('limit.npy'), {
      onBroken,
      onProgress: ({ done: images }) => first.push(images),
    });
    assert.deepEqual(
      told,
      broken.map(({ location, reason }) => `${location} ${reason}. It is left out.`),
      'each is told once, those too that came behind the one too many',
    );
    assert.ok((first[0] ?? 0) > 100);
    assert.deepEqual(readFileSync(at('limit.npy')), readFileSync(at('npy', 'whole.npy')));
  });

  test('files are taken as they are given, whatever they are called', async () => {
    await using encoder = await load();
    const red = at('red.photo');
    writeFileSync(red, encodePng(plain(9, [255, 0, 0])));
    writeFileSync(at('none.png'), 'no image');
    const blue = at('photos/cats/002.png');
    const result = await embedToFile(encoder, [red, blue, at('none.png'), red], at('given.csv'));
    assert.deepEqual(
      result.broken.map(({ location }) => location),
      [at('none.png')],
    );
    const [, ...rows] = parseCsv(readFileSync(at('given.csv'), 'utf8'));
    assert.deepEqual(
      rows.map((row) => [...row.slice(0, 6), Math.round(255 * Number(row[6]))]),
      [
        ['0', '', '0', red, '', '', 255],
        ['1', '', '1', blue, '', '', 2],
        ['2', '', '2', red, '', '', 255],
      ],
    );
    await assert.rejects(embedToFile(encoder, at('none.png'), at('nothing.csv')), {
      code: 'ERR_BYOL_DATA',
      message: /There is no image that can be embedded: .*none\.png is left out, since it /,
    });
    await assert.rejects(embedToFile(encoder, at('nowhere'), at('nothing.csv')), { code: 'ERR_BYOL_DATA' });
    await assert.rejects(embedToFile(encoder, red, at('nowhere', 'x.csv')), {
      code: 'ERR_BYOL_IO',
      message: /the folder .*nowhere does not exist/,
    });
    rmSync(red);
  });
});

/** Lines that a child prints; after so many it is killed, and the last line says so. */
function runUntil(args: readonly string[], lines: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (part: Buffer) => {
      text += part.toString();
      // At once or some microseconds later: not always just after a batch.
      if (text.split('\n').length > lines) setTimeout(() => child.kill('SIGKILL'), Math.random() * 4);
    });
    child.on('error', reject);
    child.on('close', (_, signal) =>
      resolve([...text.trim().split('\n'), ...(signal === 'SIGKILL' ? ['killed'] : [])]),
    );
  });
}
