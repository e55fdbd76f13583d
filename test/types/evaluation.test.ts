import { test } from 'node:test';
import {
  type DataConfig,
  defineProtocol,
  type Encoder,
  type EvaluateEncoderOptions,
  type Evaluation,
  evaluateEncoder,
  evaluateRun,
  type ImageSplit,
  type KnnEvaluation,
  type LinearEvaluation,
  type ProtocolName,
  type ResultOf,
  type RunEvaluation,
  type SettingsOf,
} from 'byol-torch';
import { expectTypeOf } from 'expect-type';
import { z } from 'zod';

const toss = defineProtocol({
  name: 'toss',
  title: 'A coin for each image',
  needs: 'class',
  settings: z.strictObject({ coins: z.int() }),
  defaults: { coins: 1 },
  metrics: { heads: 'toss/heads' },
  run: async (_input, { coins }) => ({ protocol: 'toss', heads: coins / 2 }),
  describe: ({ heads }) => `${heads}`,
});

// As another package declares what it registers; nothing here is run.
declare module 'byol-torch' {
  interface OwnProtocols {
    toss: typeof toss;
  }
  interface OwnDataKinds {
    films: { kind: 'films'; path: string; everySeconds: number };
  }
}

test('what an evaluation gives follows from its protocol', () => {
  const run = async (encoder: Encoder, train: ImageSplit, test: ImageSplit) => {
    expectTypeOf(await evaluateRun({ folder: 'run', protocol: 'knn' })).toEqualTypeOf<RunEvaluation<'knn'>>();
    const { result } = await evaluateRun({ folder: 'run', protocol: 'linear' });
    expectTypeOf(result).toEqualTypeOf<LinearEvaluation>();
    const knn = await evaluateEncoder(encoder, { protocol: 'knn', train, test, settings: { k: 20 } });
    expectTypeOf(knn).toEqualTypeOf<Evaluation<KnnEvaluation>>();
    // @ts-expect-error there is no such protocol
    await evaluateRun({ folder: 'run', protocol: 'kn' });
  };
  expectTypeOf(run).returns.resolves.toBeVoid();
  const settings = (_: EvaluateEncoderOptions<'knn'>['settings']) => {};
  // @ts-expect-error another protocol's setting
  settings({ learningRates: [1] });
  expectTypeOf<SettingsOf<'linear'>['features']>().toEqualTypeOf<'fixed' | 'per-epoch'>();
});

test('protocols and kinds of data that are declared are known', () => {
  expectTypeOf<'toss'>().toExtend<ProtocolName>();
  expectTypeOf<ResultOf<'toss'>['heads']>().toEqualTypeOf<number>();
  expectTypeOf<SettingsOf<'toss'>>().toEqualTypeOf<{ readonly coins: number }>();
  expectTypeOf<Extract<DataConfig, { kind: 'films' }>['everySeconds']>().toEqualTypeOf<number>();
  defineProtocol({
    ...toss,
    // @ts-expect-error no number of its results
    metrics: { tails: 'toss/tails' },
  });
});
