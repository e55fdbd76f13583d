/** byol eval and byol embed, of runs and of files. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readData } from '../../lib/data/kinds/index.js';
import { writeRawStore } from '../../lib/data/kinds/raw.js';
import { encodePng } from '../../lib/report/png.js';
import { runCli } from '../support/cli.js';
import { inMemory } from '../support/in-memory.js';
import { withTempDir } from '../support/paths.js';
import { runToEnd, tinyConfig } from '../support/tiny.js';

test('an encoder is evaluated and asked for representations, in a run or by its file', () =>
  withTempDir(async (dir) => {
    const config = tinyConfig({ epochs: 1 });
    await runToEnd(config, { folder: path.join(dir, 'run') });
    const weights = path.join('run', 'encoder.safetensors');
    const dataset = inMemory(await readData(config.data));
    await writeRawStore(path.join(dir, 'raw'), dataset);
    const byol = (...args: string[]) => runCli([...args, '--quiet'], { cwd: dir });

    const exact = ['--precision', 'float32', '--device', 'cpu'];
    assert.match(byol('eval').stdout, /^knn +k nearest neighbours.*\nlinear +A linear classifier .*\n/m);
    const ofRun = byol('eval', 'knn', 'run', '--set', 'evaluation.knn.k=3');
    assert.match(ofRun.stdout, /^kNN: k 3, [\s\S]*\nSaved as eval-knn\.json in run\n$/, ofRun.stderr);
    assert.equal(byol('eval', 'knn', '--run', 'run', '--set', 'evaluation.knn.k=3').stdout, ofRun.stdout);
    // The same images, in files.
    const ofFile = byol('eval', 'knn', weights, '--data', 'raw', '--set', 'evaluation.knn.k=3', '--json', ...exact);
    const { result } = JSON.parse(ofFile.stdout || ofFile.stderr);
    assert.deepEqual(result, JSON.parse(readFileSync(path.join(dir, 'run/eval-knn.json'), 'utf8')).result);
    const other = byol('eval', 'knn', weights, '--data', 'raw', '--set', 'epochs=3');
    assert.match(
      other.stderr,
      /epochs: of a file of weights only seed, data\.KEY and the settings of evaluation\.knn are asked for \(--set\)/,
    );
    const ofPart = (...set: string[]): Record<string, unknown> => {
      const args = set.flatMap((one) => ['--set', one]);
      const said = byol('eval', 'linear', weights, '--data', 'raw', '--json', ...exact, ...args);
      return JSON.parse(said.stdout || said.stderr).result;
    };
    const short = ['data.limit=24', 'evaluation.linear.epochs=3'];
    const [part, again, otherSeed] = [ofPart(...short), ofPart(...short, 'seed=0'), ofPart(...short, 'seed=5')];
    assert.deepEqual([part.testImages, part], [24, again]);
    assert.notDeepEqual(otherSeed, again);
    for (const [set, message] of [
      ['seed=-1', /seed: expected a whole number from 0, got -1 \(--set\)/],
      ['seed=x', /seed: expected a whole number from 0, got x/],
      ['data.limit=0', /data\.limit/],
      ['data.limt=3', /did you mean data\.limit|data.*limt/],
    ] as const)
      assert.match(byol('eval', 'knn', weights, '--data', 'raw', '--set', set).stderr, message);

    const code = byol('eval', 'linear', 'run', '--recipe', 'code', '--set', 'evaluation.linear.epochs=2');
    assert.match(
      code.stdout,
      /^linear: 2 epochs on .*\n[\s\S]*\nlearning rate 0\.2; nothing was chosen\n/,
      code.stderr,
    );
    assert.match(code.stdout, /instead of 4096/);
    const unknown = byol('eval', 'linear', weights, '--data', 'raw', '--recipe', 'papr');
    assert.match(unknown.stderr, /There is no recipe 'papr'\. There are: paper, code, table-7-augmentation, /);
    assert.match(byol('eval', 'knn', 'run', '--recipe', 'code').stderr, /Protocol 'knn' has none/);

    assert.match(
      byol('embed', 'run', '--out', 'run.npy').stdout,
      /^32 test images, 16 features each, by encoder\.safetensors\n/,
    );
    assert.match(
      byol('embed', weights, '--data', 'raw', '--out', 'file.npy', ...exact).stdout,
      /^32 test images, 16 features each/,
    );
    const values = (name: string) =>
      new Float32Array(new Uint8Array(readFileSync(path.join(dir, name)).subarray(128)).buffer);
    const [run, file] = [values('run.npy'), values('file.npy')];
    assert.equal(run.length, 32 * 16);
    assert.ok(run.every((value, i) => Math.abs(value - (file[i] as number)) < 1e-5));

    // The first test images as files of their own, and one that is none.
    mkdirSync(path.join(dir, 'photos'));
    const { pixels } = dataset.test?.source ?? dataset.train.source;
    for (const i of [0, 1]) {
      const image = { width: 16, height: 16, pixels: pixels.subarray(i * 768, (i + 1) * 768) };
      writeFileSync(path.join(dir, 'photos', `${i}.png`), encodePng(image));
    }
    cpSync(path.join(dir, 'photos/0.png'), path.join(dir, 'again.png'));
    writeFileSync(path.join(dir, 'photos/2.png'), 'no image');
    const tooMany = byol('embed', 'run', 'photos', 'again.png', '--out', 'files.csv', ...exact);
    assert.match(tooMany.stderr, /more than data\.brokenLimit \(0\.05 of all\) allows: 2\.png/);
    const allowed = [...exact, '--set', 'data.brokenLimit=0.5'];
    const files = byol('embed', 'run', 'photos', 'again.png', '--out', 'files.csv', ...allowed);
    assert.match(
      files.stdout,
      /^3 images, 16 features each, by .*encoder\.safetensors\n1 broken image is left out: .*2\.png\.\nSaved as files\.csv\n$/,
      files.stderr,
    );
    assert.match(files.stderr, /1 broken image is left out among 3 in photos: 2\.png/);
    const lines = readFileSync(path.join(dir, 'files.csv'), 'utf8').trim().split('\n').slice(1);
    const rows = lines.map((line) => line.split(','));
    assert.deepEqual(
      rows.map((row) => row.slice(0, 6)),
      [
        ['0', 'train', '0', 'photos/0.png', '', ''],
        ['1', 'train', '1', 'photos/1.png', '', ''],
        ['2', '', '0', 'again.png', '', ''],
      ],
    );
    for (const [row, image] of [
      [0, 0],
      [1, 1],
      [2, 0],
    ] as const) {
      const found = rows[row]?.slice(6).map(Number) ?? [];
      assert.ok(
        found.every((value, i) => Math.abs(value - (run[image * 16 + i] as number)) < 1e-5),
        `row ${row}`,
      );
    }
    const nothing = byol('embed', weights, 'photos/2.png', '--out', 'nothing.csv');
    assert.equal(nothing.code, 1);
    assert.match(nothing.stderr, /There is no image that can be embedded: photos\/2\.png is left out, since it /);
  }));
