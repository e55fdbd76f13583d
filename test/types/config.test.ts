import { test } from 'node:test';
import {
  type Config,
  type ConfigExport,
  type ConfigPatch,
  defineConfig,
  type EncoderConfig,
  type PresetName,
  presets,
  resolveConfig,
  type TrainSettings,
  train,
} from 'byol-torch';
import { expectTypeOf } from 'expect-type';

// These are held by the compiler: a test that runs shows that the file was compiled.

test('settings are read-only throughout', () => {
  const change = (config: Config) => {
    // @ts-expect-error a setting
    config.epochs = 3;
    // @ts-expect-error in a group
    config.optimizer.baseLearningRate = 1;
    // @ts-expect-error in a list
    config.encoder.blocks[0] = 2;
    // @ts-expect-error in a list of groups in a list
    config.views.pipelines[0].push({ kind: 'flip', p: 1 });
    // @ts-expect-error of a tuple
    config.views.mean[0] = 0.5;
    // @ts-expect-error of a preset
    presets.shapes.batchSize = 8;
  };
  expectTypeOf(change).returns.toBeVoid();
  expectTypeOf<Config['encoder']>().toEqualTypeOf<EncoderConfig>();
  expectTypeOf(resolveConfig({ preset: 'shapes' })).toEqualTypeOf<Config>();
});

test('presets keep their kinds', () => {
  expectTypeOf<keyof typeof presets>().toEqualTypeOf<PresetName>();
  expectTypeOf(presets['cifar10-small'].data.batches).toEqualTypeOf<readonly number[]>();
  expectTypeOf(presets.shapes.data.kind).toEqualTypeOf<'shapes'>();
  expectTypeOf(presets.shapes.predictor.kind).toEqualTypeOf<'mlp'>();
  expectTypeOf(presets.cifar10.optimizer.nesterov).toBeBoolean();
  expectTypeOf(presets['imagenet-300'].optimizer.trustCoefficient).toBeNumber();
  // @ts-expect-error LARS has none
  expectTypeOf(presets['imagenet-300'].optimizer.nesterov).toBeBoolean();
  expectTypeOf(presets.shapes).toExtend<Config>();
});

test('a patch leaves out what it likes, and a typing error is one', () => {
  expectTypeOf<{ epochs: 3; optimizer: { momentum: 0.9 }; predictor: null }>().toExtend<ConfigPatch>();
  const patch = (_: ConfigPatch) => {};
  patch({ data: { kind: 'shapes', trainImages: 100 } });
  patch({ evaluation: { knn: { k: 20 } } });
  // @ts-expect-error no setting
  patch({ epoch: 3 });
  // @ts-expect-error no setting of its group
  patch({ optimizer: { momentun: 0.9 } });
  // @ts-expect-error no such value
  patch({ target: { schedule: 'linear' } });
  // @ts-expect-error lists are given whole
  patch({ views: { mean: [0.5] } });
  // @ts-expect-error what cannot be removed
  patch({ encoder: null });
});

test('training takes a preset and what goes over it, or whole settings', () => {
  expectTypeOf(train).parameter(0).toEqualTypeOf<TrainSettings>();
  expectTypeOf<{ preset: 'shapes'; epochs: 3; method: 'simclr' }>().toExtend<TrainSettings>();
  expectTypeOf<typeof presets.shapes>().toExtend<TrainSettings>();
  expectTypeOf<Config>().toExtend<TrainSettings>();
  expectTypeOf<{ preset: 'shapes'; method: (base: Config) => Config }>().toExtend<TrainSettings>();
  const settings = (_: TrainSettings) => {};
  // @ts-expect-error no preset
  settings({ preset: 'shape' });
  // @ts-expect-error no method
  settings({ preset: 'shapes', method: 'simclear' });
  // @ts-expect-error no start
  settings({ epochs: 3 });
  // @ts-expect-error a typing error
  settings({ preset: 'shapes', epoch: 3 });
});

test('configuration files get their types, as settings or as a function of the command line', () => {
  expectTypeOf(defineConfig).returns.toEqualTypeOf<ConfigExport>();
  defineConfig({ preset: 'cifar10', epochs: 40 });
  defineConfig(({ flags }) => {
    expectTypeOf(flags).toEqualTypeOf<Readonly<Record<string, unknown>>>();
    return { preset: 'cifar10', epochs: flags.quick === true ? 1 : 40 };
  });
  defineConfig(async () => ({ threads: 2 }));
  // @ts-expect-error a typing error
  defineConfig({ preset: 'cifar10', epoch: 40 });
  // @ts-expect-error no value of a setting
  defineConfig(() => ({ optimizer: { kind: 'adam' } }));
});
