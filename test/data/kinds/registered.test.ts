import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { configHash } from '../../../lib/config/hash.js';
import { nameOf } from '../../../lib/data/data-kind.js';
import { inferData } from '../../../lib/data/infer.js';
import { dataKinds, readData } from '../../../lib/data/kinds/index.js';
import { registerDataKind } from '../../../lib/index.js';
import { resolveConfig } from '../../../lib/methods/resolve.js';
import { runCli } from '../../support/cli.js';
import { root, withTempDir } from '../../support/paths.js';
import { runToEnd, tinyConfig } from '../../support/tiny.js';

// Before the kind is there, the schema has been used.
assert.throws(
  () => resolveConfig({ preset: 'shapes', overrides: ['data.kind=greys'] }),
  /data\.kind: expected 'cifar10', .*'raw', 'shapes'/,
);
const { greys } = await import('./toy-kind.js');

const list = Array.from({ length: 48 }, (_, i) => `${i % 2} ${(i % 2) * 128 + i}`).join('\n');

describe('a kind of data in a file of its own', () => {
  test('is set like the others: in files, by --set, with its defaults, errors that name its settings', () => {
    const set = (...overrides: string[]) => resolveConfig({ preset: 'shapes', overrides }).data;
    assert.deepEqual(set('data.kind=greys', 'data.path=a'), { kind: 'greys', path: 'a', size: 32 });
    const fromCifar = resolveConfig({ preset: 'cifar10', overrides: ['data.kind=greys'] }).data;
    assert.deepEqual(fromCifar, { kind: 'greys', path: 'data/cifar-10-batches-bin', size: 8 });
    assert.throws(
      () => set('data.kind=greys', 'data.path=a', 'data.sise=3'),
      /data\.sise: not a setting; did you mean data\.size\?/,
    );
    assert.throws(() => set('data.kind=greyz'), /expected .*'greys'.*did you mean 'greys'/);
  });

  test('is the same experiment wherever its files lie, and knows its classes', () => {
    const hash = (path: string) => configHash(tinyConfig({ data: { kind: 'greys', path, size: 8 } }));
    assert.equal(hash('a'), hash('b'));
    assert.notEqual(hash('a'), configHash(tinyConfig({ data: { kind: 'greys', path: 'a', size: 9 } })));
    const classes = (output: 'classes' | number) =>
      configHash(
        tinyConfig({ data: { kind: 'greys', path: 'a', size: 8 }, projector: { ...tinyConfig().projector, output } }),
      );
    assert.equal(classes('classes'), classes(2));
  });

  test('is recognized by its path, before the kinds that are there already', () =>
    withTempDir(async (dir) => {
      const file = path.join(dir, 'my.greys');
      writeFileSync(file, list);
      assert.deepEqual(await inferData(file), {
        config: { kind: 'greys', path: file, size: 8 },
        title: 'a list of grey squares',
        side: 8,
      });
      assert.equal((await inferData(path.dirname(dir))).config.kind, 'folder');
      mkdirSync(path.join(dir, 'empty'));
      await assert.rejects(inferData(path.join(dir, 'empty')), {
        code: 'ERR_BYOL_DATA',
        message:
          /empty holds no images that are known: the folder is empty\. Known by their files are greys \(a list of grey squares\), cifar10/,
      });
    }));

  test('is trained on, and goes on from its folder', () =>
    withTempDir(async (dir) => {
      const file = path.join(dir, 'my.greys');
      writeFileSync(file, list);
      const out = path.join(dir, 'run');
      const config = tinyConfig({ data: { kind: 'greys', path: file, size: 8 }, batchSize: 8, epochs: 2 });
      const first = await runToEnd(config, { folder: out }, (event, stop) => event.type === 'epoch' && stop());
      assert.ok(first.result.interrupted);
      const { result, events } = await runToEnd(config, { folder: out, resume: true });
      assert.equal(result.steps, 6);
      assert.deepEqual(
        events.flatMap((event) => (event.type === 'start' ? [event.classes] : [])),
        [['dark', 'light']],
      );
    }));

  test('is there on the command line too, with a configuration that imports its file', () =>
    withTempDir((dir) => {
      writeFileSync(path.join(dir, 'my.greys'), list);
      const kind = path.join(root, 'dist', 'test', 'data', 'kinds', 'toy-kind.js');
      writeFileSync(path.join(dir, 'byol.config.mjs'), `import '${kind}';\nexport default { preset: 'shapes' };\n`);
      const args = ['views', 'my.greys', '--config', 'byol.config.mjs', '--count', '2'];
      const { code, stdout, stderr } = runCli(args, { cwd: dir });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /views\.png: 2 images/);
      assert.match(
        stderr,
        /my\.greys is taken for data\.kind 'greys', a list of grey squares; the settings were for 'shapes'/,
      );
    }));

  test('is believed no more than images that a script gives', () =>
    withTempDir(async (dir) => {
      const file = path.join(dir, 'my.greys');
      writeFileSync(file, '7 0\n1 255\n');
      await assert.rejects(readData({ kind: 'greys', path: file, size: 8 }), {
        code: 'ERR_BYOL_DATA',
        message: /The training images: image 0 has label 7, expected 0 to 1/,
      });
    }));

  test('comes first in the list, and only once', () => {
    assert.deepEqual(dataKinds().map(nameOf), [
      'greys',
      'cifar10',
      'cifar100',
      'stl10',
      'packed',
      'raw',
      'shapes',
      'textures',
      'set',
      'tiny-imagenet',
      'parquet',
      'shards',
      'list',
      'folder',
      'custom',
    ]);
    const wrong = { ...greys, schema: { kind: 'mine' }, opens: () => {} } as unknown as typeof greys;
    assert.throws(() => registerDataKind(wrong), {
      code: 'ERR_BYOL_USAGE',
      message:
        /schema must be z\.strictObject\(\{ kind: z\.literal\('mine'\), \.\.\. \}\) of zod 4.*'opens' is not an option; did you mean 'open'/,
    });
    assert.throws(() => registerDataKind(greys), {
      code: 'ERR_BYOL_USAGE',
      message: /there is a kind of data called 'greys' already/,
    });
  });
});
