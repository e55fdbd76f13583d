/** What train() and its neighbours are asked to do is checked before anything is loaded or written. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../lib/config/schema.js';
import { ByolError } from '../../lib/errors.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { embedRun } from '../../lib/run/run-embedding.js';
import { evaluateRun } from '../../lib/run/run-evaluation.js';
import { makeNumberedFolder, runName } from '../../lib/run/run-folder.js';
import { type TrainOptions, type TrainSettings, train } from '../../lib/run/train.js';
import { planTable } from '../../lib/tables/plan.js';
import { runTable } from '../../lib/tables/run-table.js';
import { withTempDir } from '../support/paths.js';
import { tinyConfig } from '../support/tiny.js';

const config = tinyConfig();

test('a preset and what goes over it are enough, and are checked like whole settings', async () => {
  await withTempDir(async (dir) => {
    const started = async (settings: TrainSettings): Promise<Config> => {
      const out = path.join(dir, 'run');
      const run = train(settings, { folder: out });
      for await (const event of run) if (event.type === 'start') return event.config;
      throw new Error('it did not start');
    };
    const tiny = { data: { trainImages: 64, testImages: 16 }, batchSize: 8, epochs: 1, threads: 1 };
    const given = await started({ preset: 'shapes', method: 'simclr', ...tiny });
    const resolved = resolveConfig({ preset: 'shapes', method: 'simclr', patch: tiny });
    assert.deepEqual({ ...given, projector: resolved.projector }, resolved);
    const refused: ReadonlyArray<readonly [unknown, RegExp]> = [
      [{ preset: 'shape' }, /There is no preset 'shape'.*'shapes'/],
      [{ preset: 'shapes', epohcs: 3 }, /epohcs: .*did you mean epochs/],
      [{ preset: 'shapes', method: 'simclear' }, /There is no method 'simclear'.*'simclr'/],
      [{ epochs: 3 }, /preset|missing/],
      ['shapes', /the configuration: /],
    ];
    for (const [settings, message] of refused) {
      const { result } = train(settings as TrainSettings);
      await assert.rejects(result, (error: ByolError) => message.test(error.message), JSON.stringify(settings));
    }
  });
});

test('settings that are none are refused at once, with the nearest name', async () => {
  await withTempDir(async (dir) => {
    const out = path.join(dir, 'run');
    const cases: ReadonlyArray<readonly [unknown, RegExp]> = [
      [{ ...config, epochs: -1 }, /epochs: expected .* got -1/],
      [{ ...config, batchSize: 0 }, /batchSize: /],
      [{ ...config, epoch: 3 }, /epoch: not a setting; did you mean epochs\?/],
      [
        { ...config, optimizer: { ...config.optimizer, momentm: 0.9 } },
        /optimizer\.momentm: .*did you mean optimizer\.momentum\?/,
      ],
      [{ ...config, seed: '1' }, /seed: /],
      [{ ...config, views: undefined }, /views: missing/],
      [
        { ...config, predictor: { ...config.predictor, output: 9 } },
        /predictor\.output \(9\) must be projector\.output \(8\)/,
      ],
      [{}, /invalid settings/],
      [null, /the configuration: /],
      ['shapes', /the configuration: /],
      [[config], /the configuration: /],
    ];
    for (const [wrong, message] of cases) {
      await assert.rejects(train(wrong as Config, { folder: out }).result, { code: 'ERR_BYOL_CONFIG', message });
    }
    assert.ok(!existsSync(out));
  });
});

test('what the caller changes afterwards does not change the run', async () => {
  await withTempDir(async (dir) => {
    const mine = tinyConfig({ epochs: 1 });
    const run = train(mine, { folder: dir });
    (mine as { epochs: number }).epochs = 50;
    assert.equal((await run.result).steps, 4);
  });
});

test('options of a wrong type, unknown and contradictory ones are refused', async () => {
  await withTempDir(async (dir) => {
    const out = path.join(dir, 'run');
    const cases: ReadonlyArray<readonly [unknown, RegExp]> = [
      [{ folder: '' }, /train\(\): folder must be a path, got ''\./],
      [{ folder: ' ' }, /folder must be a path/],
      [{ folder: 5 }, /folder must be a path, got 5/],
      [{ folder: out, resume: 'yes' }, /resume must be true or false, got 'yes'/],
      [{ folder: out, initFrom: '' }, /initFrom must be a path/],
      [{ folder: out, initFrom: null }, /initFrom must be a path, got null/],
      [
        { folder: out, signal: new AbortController() },
        /signal must be an AbortSignal, got an object \(AbortController\)/,
      ],
      [{ folder: out, ressume: true }, /'ressume' is not an option; did you mean 'resume'\?/],
      [{ folder: out, place: 'x', resume: 1 }, /'place' is not an option; there are folder, .*; resume must be/],
      [{ resume: true }, /resume: true goes with folder/],
      [{ folder: out, resume: true, initFrom: 'a.safetensors' }, /not both/],
      [out, /the options must be an object, got '/],
      [null, /the options must be an object, got null/],
    ];
    for (const [wrong, message] of cases) {
      await assert.rejects(train(config, wrong as TrainOptions).result, { code: 'ERR_BYOL_USAGE', message });
    }
    assert.deepEqual(readdirSync(dir), []);
  });
});

test('the same holds for evaluateRun, embedRun, resolveConfig, planTable and runTable', async () => {
  const usage = (message: RegExp) => ({ code: 'ERR_BYOL_USAGE', message });
  const evaluate = (options: object) => evaluateRun(options as never);
  await assert.rejects(
    evaluate({}),
    usage(/^evaluateRun\(\): folder is missing: a path; protocol is missing: 'knn' or 'linear' or .*\.$/),
  );
  await assert.rejects(evaluate({ folder: '', protocol: 'knn' }), usage(/folder must be a path/));
  await assert.rejects(evaluate({ folder: 'a', protocol: 'toString' }), usage(/protocol must be 'knn' or 'linear'/));
  await assert.rejects(evaluate({ folder: 'a', protocol: 'knn', overrides: 'a=b' }), usage(/overrides must be a list/));
  await assert.rejects(evaluate({ folder: 'a', protocol: 'knn', overides: [] }), usage(/did you mean 'overrides'\?/));
  await assert.rejects(
    evaluate({ folder: 'a', protocol: 'knn', onProgress: true }),
    usage(/onProgress must be a function/),
  );
  const embed = (options: object) => embedRun(options as never);
  await assert.rejects(
    embed({ folder: 'a', split: 'all' }),
    usage(/embedRun\(\): split must be 'train' or 'val' or 'test'/),
  );
  await assert.rejects(embed({ foldr: 'a' }), usage(/did you mean 'folder'\?.*folder is missing/));
  const resolve = (sources: unknown) => () => resolveConfig(sources as never);
  assert.throws(resolve({ preset: 'shapes', overides: ['epochs=1'] }), usage(/did you mean 'overrides'\?/));
  assert.throws(resolve({ preset: 'shapes', overrides: 'epochs=1' }), usage(/overrides must be a list of texts/));
  assert.throws(
    resolve({ preset: 'shapes', patch: ['epochs'] }),
    usage(/patch must be an object with settings, got a list/),
  );
  assert.throws(resolve({ preset: 5 }), usage(/preset must be a text, got 5/));
  assert.throws(resolve({ file: '' }), usage(/file must be a path/));
  assert.throws(resolve('shapes'), usage(/the options must be an object/));
  assert.throws(
    () => planTable({} as never, { scale: 'tiny' } as never),
    usage(/scale must be 'ci' or 'card' or 'paper'/),
  );
  assert.throws(() => planTable({} as never, { seed: 3 } as never), usage(/did you mean 'seeds'\?/));
  await assert.rejects(runTable({} as never, { train } as never), usage(/runTable\(\): out is missing: a path/));
});

test('runs are named after method and preset, and two that begin at once get two folders', async () => {
  await withTempDir(async (dir) => {
    const { method: _, ...plain } = config;
    assert.equal(runName(plain as Config), 'shapes');
    const other = { ...plain, method: 'simclr' } as Config;
    assert.equal(runName(other), 'simclr-shapes');
    const home = process.cwd();
    process.chdir(dir);
    try {
      mkdirSync('runs/shapes-2', { recursive: true });
      const folders = await Promise.all([1, 2, 3].map(() => makeNumberedFolder(plain as Config)));
      assert.deepEqual(folders.map((folder) => folder.path).sort(), [
        'runs/shapes-1',
        'runs/shapes-3',
        'runs/shapes-4',
      ]);
      assert.equal((await makeNumberedFolder(other)).path, 'runs/simclr-shapes-1');
    } finally {
      process.chdir(home);
    }
  });
});

test('a run without a folder of its own that is refused leaves none', async () => {
  await withTempDir(async (dir) => {
    const home = process.cwd();
    process.chdir(dir);
    try {
      await assert.rejects(train(tinyConfig({ batchSize: 65 })).result, (error) => error instanceof ByolError);
      assert.deepEqual(readdirSync(dir), []);
    } finally {
      process.chdir(home);
    }
  });
});
