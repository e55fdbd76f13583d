import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { chooseData } from '../../lib/cli/choose-data.js';
import { presets } from '../../lib/config/presets/index.js';
import { datasetFromArrays } from '../../lib/data/from-arrays.js';
import { writeRawStore } from '../../lib/data/kinds/raw.js';
import { runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';

interface Places {
  readonly dir: string;
  readonly cifar: string;
  readonly small: string;
  readonly large: string;
  readonly photos: string;
}

/** Folders as each kind has them, of which only names count but for the small store. */
async function withPlaces(body: (places: Places) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    const at = (name: string): string => {
      mkdirSync(path.join(dir, name));
      return path.join(dir, name);
    };
    const [cifar, small, large, photos] = [at('cifar'), at('small'), at('large'), at('photos')];
    for (const batch of [1, 2, 3]) writeFileSync(path.join(cifar, `data_batch_${batch}.bin`), '');
    const store = {
      pixels: new Uint8Array(8 * 16 * 16 * 3).fill(90),
      height: 16,
      width: 16,
      labels: [0, 1, 0, 1, 0, 1, 0, 1],
    };
    await writeRawStore(small, datasetFromArrays({ ...store, test: store }));
    writeFileSync(path.join(large, 'raw.json'), JSON.stringify({ height: 96, width: 96, train: { images: 1 } }));
    writeFileSync(path.join(photos, 'cat.jpg'), '');
    await body({ dir, cifar, small, large, photos });
  });
}

describe('images at a path', () => {
  test('of the kind that the preset is for change nothing but the path', () =>
    withPlaces(async ({ cifar }) => {
      assert.deepEqual(await chooseData(cifar, { preset: 'cifar10-small', set: [] }), { data: { path: cifar } });
      assert.deepEqual(await chooseData(cifar, { base: presets.cifar10, set: [] }), { data: { path: cifar } });
    }));

  test('of another kind bring it with them, and it is said', () =>
    withPlaces(async ({ cifar, small }) => {
      assert.deepEqual(await chooseData(small, { preset: 'cifar10', set: [] }), {
        data: { kind: 'raw', path: small },
        note: `${small} is taken for data.kind 'raw', equally sized uint8 images: raw.json, train.bin, test.bin; the settings were for 'cifar10'.`,
      });
      const { data } = await chooseData(cifar, { set: ['preset=shapes'] });
      assert.deepEqual(data, { kind: 'cifar10', path: cifar, batches: [1, 2, 3] });
      assert.deepEqual((await chooseData(cifar, { file: { preset: 'shapes' }, set: [] })).data, data);
    }));

  test('of a kind that is given are not looked at', async () => {
    const nowhere = { data: { path: 'nowhere' } };
    assert.deepEqual(await chooseData('nowhere', { preset: 'shapes', set: ['data.kind=raw'] }), nowhere);
    assert.deepEqual(await chooseData('nowhere', { file: { data: { kind: 'raw' } }, set: [] }), nowhere);
    // What is wrong with the preset, or with the path of its kind, is told where it is used.
    assert.deepEqual(await chooseData('nowhere', { preset: 'shaps', set: [] }), nowhere);
    assert.deepEqual(await chooseData('nowhere', { preset: 'cifar10', set: [] }), nowhere);
    await assert.rejects(chooseData('nowhere', { preset: 'shapes', set: [] }), /There is nothing at nowhere/);
  });

  test('choose the preset by their size, where none is given', () =>
    withPlaces(async ({ cifar, small, large, photos }) => {
      const known = await chooseData(cifar, { set: [] });
      assert.deepEqual([known.data, known.preset], [{ path: cifar }, 'cifar10-small']);
      assert.match(
        known.note ?? '',
        /is taken for data\.kind 'cifar10', binary version; the settings are those of preset cifar10-small/,
      );
      const store = await chooseData(small, { file: { epochs: 3 }, set: [] });
      assert.deepEqual([store.data, store.preset], [{ kind: 'raw', path: small }, 'cifar10-small']);
      const larger = await chooseData(large, { set: [] });
      assert.deepEqual([larger.data, larger.preset], [{ kind: 'raw', path: large }, 'photos-small']);
      const photo = await chooseData(photos, { set: [] });
      assert.deepEqual([photo.data, photo.preset], [{ path: photos }, 'photos-small']);
      assert.match(photo.note ?? '', /photos is taken for data\.kind 'folder', .*preset photos-small/);
      const { preset: _, method: __, data: ___, ...whole } = presets.shapes;
      const choice = await chooseData(large, { file: { ...whole }, set: [] });
      assert.deepEqual([choice.data, choice.preset], [{ kind: 'raw', path: large }, undefined]);
    }));
});

test('a path is enough for a command', () =>
  withPlaces(async ({ dir, small }) => {
    const { code, stdout, stderr } = runCli(['views', 'small', '--count', '2'], { cwd: dir });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^views\.png: 2 images/);
    assert.match(
      stderr,
      /^small is taken for data\.kind 'raw', .*; the settings are those of preset cifar10-small, .*\n$/,
    );
    const args = [
      'train',
      small,
      '--batch-size',
      '4',
      '--epochs',
      '1',
      '--set',
      'encoder.width=8',
      '--set',
      'evaluation.linear.atEnd=false',
      '--limit',
      '4',
    ];
    const run = runCli([...args, '--quiet'], { cwd: dir });
    assert.equal(run.code, 0, run.stderr);
    assert.doesNotMatch(run.stderr, /is taken for/);
    assert.match(run.stdout, /runs\/cifar10-small/);
    // A short form that is a setting of the images stays beside their path.
    const { train } = JSON.parse(readFileSync(path.join(dir, 'runs/cifar10-small/data.json'), 'utf8'));
    assert.equal(train.images, 4);
  }));
