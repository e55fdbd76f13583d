import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import { oneRate } from '../../lib/config/presets/shared.js';
import { ByolError } from '../../lib/errors.js';
import { type ConfigSources, resolveConfig } from '../../lib/methods/resolve.js';
import { withTempDir } from '../support/paths.js';

const withSet = (...overrides: string[]) => resolveConfig({ preset: 'cifar10', overrides });

/** The lines of the refusal. */
function problems(sources: ConfigSources): string[] {
  try {
    resolveConfig(sources);
  } catch (error) {
    assert.ok(error instanceof ByolError, String(error));
    assert.equal(error.code, 'ERR_BYOL_CONFIG');
    assert.equal(error.exitCode, 2);
    return error.message
      .replace(/^(Invalid setting: |\d+ invalid settings:\n)/, '')
      .split('\n')
      .map((line) => line.trim());
  }
  assert.fail('nothing was refused');
}

const problemsOf = (...overrides: string[]) => problems({ preset: 'cifar10', overrides });

test('a preset resolves to itself, as a copy', () => {
  const config = resolveConfig({ preset: 'cifar10' });
  assert.deepEqual(config, presets.cifar10);
  assert.notEqual(config.optimizer, presets.cifar10.optimizer);
});

test('each source goes over the ones before it', () =>
  withTempDir((dir) => {
    const file = path.join(dir, 'my.yaml');
    writeFileSync(file, 'epochs: 7\nbatchSize: 64\nseed: 1\noptimizer: {momentum: 0.5}\n');
    const config = resolveConfig({ preset: 'cifar10', file, patch: { batchSize: 32, seed: 2 }, overrides: ['seed=3'] });
    assert.deepEqual([config.epochs, config.batchSize, config.seed], [7, 32, 3]);
    assert.deepEqual(config.optimizer, { ...presets.cifar10.optimizer, momentum: 0.5 });
  }));

test("a file may name the preset that it starts from; the command line's goes before it", () =>
  withTempDir((dir) => {
    const file = path.join(dir, 'my.yaml');
    writeFileSync(file, 'preset: shapes\nepochs: 3\n');
    assert.deepEqual(resolveConfig({ file }), { ...presets.shapes, epochs: 3 });
    assert.deepEqual(resolveConfig({ file, preset: 'cifar10' }), { ...presets.cifar10, epochs: 3 });
    writeFileSync(file, 'preset: 3\n');
    assert.match(problems({ file })[0] as string, /^preset: expected the name of a preset, got 3 \(.*my\.yaml\)$/);
  }));

test('the settings of a run are a start like a preset', () => {
  const base = { ...resolveConfig({ preset: 'shapes' }), epochs: 5 };
  assert.deepEqual(resolveConfig({ base }), base);
  assert.equal(resolveConfig({ base, overrides: ['threads=1'] }).threads, 1);
});

test('values are YAML: numbers, lists, groups, null', () => {
  const config = withSet(
    'optimizer.weightDecay=1e-6',
    'data.batches=[1, 3]',
    'onlineProbe=false',
    'norm={decay: 0.99}',
    'predictor=null',
  );
  assert.equal(config.optimizer.weightDecay, 1e-6);
  assert.deepEqual(config.data, { ...presets.cifar10.data, batches: [1, 3] });
  assert.equal(config.onlineProbe, false);
  assert.deepEqual(config.norm, { ...presets.cifar10.norm, decay: 0.99 });
  assert.equal(config.predictor, null);
});

test('text is not read as something else', () => {
  assert.deepEqual(withSet('data.path=2024').data, { ...presets.cifar10.data, path: '2024' });
  assert.deepEqual(withSet('data.path=/a: b=c #d').data, { ...presets.cifar10.data, path: '/a: b=c #d' });
  assert.deepEqual(withSet('data.path="x y"').data, { ...presets.cifar10.data, path: 'x y' });
  assert.equal(withSet('device=cuda:1').device, 'cuda:1');
});

test('entries of lists are set by index, in both spellings, in one view only', () => {
  const config = withSet('views.pipelines.0.1.p=0.25', 'views.pipelines[0][0].area[0]=0.3');
  assert.deepEqual(config.views.pipelines[0][1], { kind: 'flip', p: 0.25 });
  const crop = { kind: 'randomResizedCrop', area: [0.3, 1], aspect: [3 / 4, 4 / 3], sampling: 'official' };
  assert.deepEqual(config.views.pipelines[0][0], crop);
  assert.deepEqual(config.views.pipelines[1], presets.cifar10.views.pipelines[1]);
  assert.deepEqual(problemsOf('views.pipelines.0.9.p=0'), [
    'views.pipelines.0.9.p: no such entry; views.pipelines.0 has the entries 0 to 4 (--set)',
  ]);
});

test('a removed predictor can be set again', () => {
  const predictor = { kind: 'mlp', hidden: [64], output: 16, hiddenBias: true, outputBias: false, outputNorm: false };
  const config = withSet('predictor=null', 'predictor={kind: mlp, hidden: [64], output: 16}');
  assert.deepEqual(config.predictor, predictor);
});

test('another kind keeps what both kinds have and starts the rest from its defaults', () => {
  const { baseLearningRate, weightDecay } = presets.cifar10.optimizer;
  const shared = { baseLearningRate, weightDecay, momentum: 0.9, warmupEpochs: 0, ...oneRate };
  assert.deepEqual(withSet('optimizer.kind=lars').optimizer, { kind: 'lars', ...shared, trustCoefficient: 1e-3 });
  const expected = { kind: 'lars', ...shared, trustCoefficient: 0.02 };
  assert.deepEqual(
    withSet('optimizer.trustCoefficient=0.02', 'optimizer.kind=lars').optimizer,
    expected,
    'in any order',
  );
  assert.deepEqual(withSet('optimizer={kind: lars, trustCoefficient: 0.02}').optimizer, expected, 'as a group');
  assert.deepEqual(resolveConfig({ preset: 'imagenet-300', overrides: ['optimizer.kind=sgd'] }).optimizer, {
    kind: 'sgd',
    baseLearningRate: 0.3,
    weightDecay: 1e-6,
    momentum: 0.9,
    warmupEpochs: 10,
    ...oneRate,
    nesterov: false,
    decayNormAndBias: true,
  });
  assert.deepEqual(withSet('views.pipelines.0.0={kind: center, fraction: 0.5}').views.pipelines[0][0], {
    kind: 'center',
    fraction: 0.5,
  });
});

test('data of another kind needs a path', () => {
  const needed = ['data.path: missing; expected text that is not empty (on the command line: --data PATH)'];
  assert.deepEqual(problems({ preset: 'shapes', overrides: ['data.kind=raw'] }), needed);
  const config = resolveConfig({ preset: 'shapes', patch: { data: { path: 'x' } }, overrides: ['data.kind=raw'] });
  assert.deepEqual(config.data, { kind: 'raw', path: 'x' });
  assert.deepEqual(problems({ preset: 'shapes', patch: { data: { path: 'x' } } }), [
    "data.path: only with data.kind 'cifar10', 'cifar100', 'stl10', 'packed', 'raw', 'set', 'tiny-imagenet', 'parquet', 'shards', 'list' or 'folder', but that is 'shapes'",
  ]);
});

test('unknown settings are refused, naming the nearest known one by its path', () => {
  const expected: Readonly<Record<string, string>> = {
    'optimizer.baseLearningRte=1': 'optimizer.baseLearningRte: not a setting; did you mean optimizer.baseLearningRate?',
    'optimizer.trustCoefficient=1': "optimizer.trustCoefficient: only with optimizer.kind 'lars', but that is 'sgd'",
    'tauBase=0.9': 'tauBase: not a setting; did you mean target.tauBase?',
    'momentum=0.9':
      'momentum: not a setting; did you mean optimizer.momentum, evaluation.linear.momentum or evaluation.fine-tune.momentum?',
    'lr=1': 'lr: not a setting; did you mean optimizer.baseLearningRate?',
    'norm.foo=1':
      'norm.foo: not a setting; norm has encoder, projector, predictor, groups, weightStandardization, decay and epsilon',
    'views.pipelines.1.1.q=1': 'views.pipelines.1.1.q: not a setting; views.pipelines.1.1 has kind and p',
    'seed.x=1': 'seed.x: not a setting; seed is 0, without settings of its own',
    '__proto__.x=1': '__proto__.x: not a setting',
  };
  for (const [override, line] of Object.entries(expected)) assert.deepEqual(problemsOf(override), [`${line} (--set)`]);
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

test('values that do not fit are refused with what was expected and what was there', () => {
  const expected: Readonly<Record<string, string>> = {
    'epochs=2.5': 'epochs: expected a whole number above 0, got 2.5',
    'epochs=many': "epochs: expected a whole number above 0, got 'many'",
    'batchSize=1': 'batchSize: expected a whole number of at least 2, got 1',
    'optimizer.momentum=1.5': 'optimizer.momentum: expected a number from 0 to 1, got 1.5',
    'optimizer.baseLearningRate=.nan': 'optimizer.baseLearningRate: expected a number above 0, got NaN',
    'evaluation.linear.validationFraction=1':
      'evaluation.linear.validationFraction: expected a number above 0 and below 1, got 1',
    'precision=fp16': "precision: expected 'auto', 'float32' or 'bfloat16', got 'fp16'",
    'views.resampling=Bicubic':
      "views.resampling: expected 'bicubic' or 'bilinear', got 'Bicubic'; did you mean 'bicubic'?",
    'optimizer.kind=adam': "optimizer.kind: expected 'lars' or 'sgd', got 'adam'",
    'data.batches=[]': 'data.batches: expected a list of at least 1, each a whole number from 1 to 5, got []',
    'data.batches=[1, 6]': 'data.batches.1: expected a whole number from 1 to 5, got 6',
    'views.mean=[0, 1]': 'views.mean: expected a list of 3, each a number, got [0,1]',
    'encoder.blocks={}': 'encoder.blocks: expected a list of 1 to 6, each a whole number above 0, got {}',
    'encoder.blocks=2': 'encoder.blocks: expected a list of 1 to 6, each a whole number above 0, got 2',
    'projector=null': 'projector: expected settings: hidden, output, hiddenBias, outputBias, outputNorm, got null',
    'onlineProbe=yes': "onlineProbe: expected true or false, got 'yes'; write true",
    'device=cuda:-1': "device: expected 'cuda:N' with N from 0, got 'cuda:-1'; did you mean 'cuda'?",
    'views.pipelines.0.0.area=[0.9, 0.1]':
      'views.pipelines.0.0.area: must be [low, high] with low <= high, got [0.9,0.1]',
    'encoder.width=[1': 'encoder.width: cannot be read as YAML: Flow sequence must end with a ]',
  };
  for (const [override, line] of Object.entries(expected)) assert.deepEqual(problemsOf(override), [`${line} (--set)`]);
});

test('groups of normalisation must divide the channels of every layer that has them', () => {
  const uneven = (...overrides: string[]) => problemsOf(...overrides).join();
  assert.deepEqual(problemsOf('norm.encoder=group', 'norm.groups=48'), [
    "norm.groups: expected a divisor of the channels of every layer with norm 'group', which it is not of encoder.width 64, got 48 (--set)",
  ]);
  assert.match(
    uneven('norm.projector=group', 'norm.predictor=group', 'projector.hidden=[96, 40]', 'predictor.hidden=[8]'),
    /not of projector\.hidden\.1 40, predictor\.hidden\.0 8, got 16/,
  );
  assert.match(
    uneven('norm.projector=group', 'projector.output=100', 'projector.outputNorm=true', 'norm.groups=32'),
    /not of projector\.output 100,/,
  );
  assert.match(
    uneven('norm.encoder=instance'),
    /expected 'batch', 'group', 'layer', 'affine' or 'none', got 'instance'/,
  );
  // The last Linear has a norm only where it is asked for; other kinds have no groups.
  assert.equal(withSet('norm.projector=group', 'projector.output=100').norm.projector, 'group');
  assert.equal(withSet('norm.encoder=layer', 'norm.projector=affine', 'norm.groups=7').norm.groups, 7);
  assert.equal(withSet('predictor=null', 'norm.predictor=group', 'norm.groups=7').predictor, null);
});

test('arguments that are not key.path=value are refused', () => {
  assert.deepEqual(problemsOf('epochs'), ["--set: expected key.path=value, got 'epochs'"]);
  assert.deepEqual(problemsOf('=3'), ["--set: expected key.path=value, got '=3'"]);
  assert.deepEqual(problemsOf('a..b=3'), ["--set: the path in 'a..b=3' has an empty part"]);
  assert.match(problemsOf('epochs=')[0] as string, /^--set: 'epochs=' has no value; write null/);
});

test('all problems are told at once, with where they came from', () =>
  withTempDir((dir) => {
    const file = path.join(dir, 'my.yaml');
    writeFileSync(file, 'epochs: 0\nfoo: {bar: 1}\npredictor: {output: no}\n');
    const lines = problems({ preset: 'cifar10', file, patch: { batchSize: 0 }, overrides: ['seed=-1', 'x'] });
    assert.deepEqual(lines.map((line) => line.split(':')[0]).sort(), [
      '--set',
      'batchSize',
      'epochs',
      'foo',
      'predictor.output',
      'seed',
    ]);
    const from = (key: string) => lines.find((line) => line.startsWith(key));
    assert.ok(from('epochs')?.endsWith(`(${file})`));
    assert.ok(from('foo')?.endsWith(`(${file})`));
    assert.ok(from('seed')?.endsWith('(--set)'));
    assert.equal(from('batchSize'), 'batchSize: expected a whole number of at least 2, got 0');
  }));

test('without anything to start from every setting is named as missing', () => {
  const lines = problems({});
  assert.ok(lines.includes('epochs: missing; expected a whole number above 0'));
  assert.ok(lines.includes("optimizer: missing; expected settings with kind 'lars' or 'sgd'"));
});

test('an unknown preset is refused with the nearest and all names', () => {
  const [line] = problems({ preset: 'cifar10-smal' });
  assert.match(
    line as string,
    /^There is no preset 'cifar10-smal'\. Did you mean 'cifar10-small'\? There are: textures, shapes, .*imagenet-1000\.$/,
  );
});
