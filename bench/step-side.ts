/**
 * node step-side.js CHECKOUT: steps of the package built there, for bench/step.ts. Reads a specification, then `run N` and
 * `profile`, a line each; answers with a line of JSON. Only the compute part: what augmentation adds is benched apart.
 */
import path from 'node:path';
import { createInterface } from 'node:readline';
import type * as Plan from '../lib/augment/plan.js';
import type * as View from '../lib/augment/view-spec.js';
import type * as Load from '../lib/binding/load.js';
import type { NativeImageStore } from '../lib/binding/native.js';
import type * as Presets from '../lib/config/presets/index.js';
import type { Config } from '../lib/config/schema.js';
import type * as Spec from '../lib/methods/learner-spec.js';

interface Specification {
  readonly encoder: Pick<Config['encoder'], 'block' | 'blocks' | 'width' | 'stem'>;
  readonly hidden: number;
  readonly output: number;
  readonly size: number;
  readonly batch: number;
  readonly precision: 'bfloat16' | 'float32';
  readonly threads: number;
}

const lib = path.join(path.resolve(process.argv[2] ?? '.'), 'dist', 'lib');
const load = async <M>(...file: string[]): Promise<M> => (await import(path.join(lib, ...file))) as M;
const { evaluationPlan } = await load<typeof Plan>('augment', 'plan.js');
const { viewSpec } = await load<typeof View>('augment', 'view-spec.js');
const { loadNative } = await load<typeof Load>('binding', 'load.js');
const { presets } = await load<typeof Presets>('config', 'presets', 'index.js');
const { learnerSpec } = await load<typeof Spec>('methods', 'learner-spec.js');

function open({ encoder, hidden, output, size, batch, precision, threads }: Specification) {
  const native = loadNative();
  native.setThreads(threads);
  const head = { hidden: [hidden], output, hiddenBias: true, outputBias: false, outputNorm: false };
  const base = presets.cifar10;
  const config: Config = {
    ...base,
    encoder: { ...base.encoder, ...encoder },
    projector: head,
    predictor: { kind: 'mlp', ...head },
    views: { ...base.views, size },
  };
  const learner = new native.Learner(learnerSpec(config, { device: 'cpu', precision }, 10));
  const pixels = Uint8Array.from({ length: batch * size * size * 3 }, (_, i) => (i * 2654435761) >>> 24);
  const labels = Int32Array.from({ length: batch }, (_, i) => i % 10);
  const view = viewSpec(config.views);
  const plan = evaluationPlan(batch, size, size);
  const bothWays = { ...view, plan, spec: view };
  const sides = new Int32Array(batch).fill(size);
  const images: NativeImageStore =
    native.apiVersion < 3
      ? Reflect.construct(native.ImageStore, [pixels, batch, size, size, labels])
      : new native.ImageStore(pixels, sides, sides, labels);
  const input = {
    images,
    indices: Int32Array.from({ length: batch }, (_, i) => i),
    microBatches: 1,
    // Of both interfaces: the earlier one had a list of plans beside the views.
    plans: [plan, plan],
    views: [bothWays, bothWays],
    learningRate: 0.05,
    tau: 0.99,
    projectorRate: 1,
    predictorRate: 1,
    objectiveWeight: 1,
    supervisedLabels: null,
  };
  return { learner, input };
}

let opened: ReturnType<typeof open> | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  if (opened === undefined) {
    opened = open(JSON.parse(line) as Specification);
    continue;
  }
  const { learner, input } = opened;
  if (line === 'profile') {
    console.log(JSON.stringify(await learner.profileStep(input)));
    continue;
  }
  const seconds: number[] = [];
  for (let left = Number(line.split(' ')[1]); left > 0; left -= 1) {
    seconds.push((await learner.step(input)).computeSeconds);
  }
  console.log(JSON.stringify(seconds));
}
