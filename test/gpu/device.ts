import { loadNative } from '../../lib/binding/load.js';
import type { Config } from '../../lib/config/schema.js';
import { type GivenData, takeData } from '../../lib/data/given-data.js';
import { generateShapes } from '../../lib/data/kinds/shapes/generate.js';
import { readSafetensors } from '../../lib/export/safetensors.js';
import { resolveDevice } from '../../lib/methods/learner-spec.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { openResources, type TrainingResources } from '../../lib/train/resources.js';
import { stepInput } from '../../lib/train/step-input.js';

/** What is tested: BYOL_GPU_TEST_DEVICE, else the first card. 'cpu' tries the tests themselves on a machine without one. */
const asked = (process.env.BYOL_GPU_TEST_DEVICE ?? 'cuda') as Config['device'];

function openDevice(): { readonly device: string } | { readonly missing: string } {
  try {
    return { device: resolveDevice(asked, loadNative().info()) };
  } catch (error) {
    return { missing: (error as Error).message };
  }
}

const opened = openDevice();
export const device = 'device' in opened ? opened.device : 'none';
/** For node:test: why there is nothing to test, or false. */
export const skip = 'missing' in opened && opened.missing;
/** The device has streams, graphs and kernels of its own. */
export const isCard = device.startsWith('cuda');

let made: Promise<GivenData> | undefined;

/** 128 labelled images of 32 pixels. */
function images(): Promise<GivenData> {
  made ??= generateShapes({ trainImages: 128, testImages: 64, size: 32, seed: 1 }).then(takeData);
  return made;
}

const SMALL = [
  'precision=float32',
  'deterministic=true',
  'threads=1',
  'views.size=32',
  'encoder.blocks=[1,2]',
  'encoder.width=16',
  'batchSize=32',
];

/** Settings of a step of milliseconds: all kinds of layers in a small ResNet, both official views, 32 images; `overrides` over them. */
export function smallConfig(overrides: readonly string[] = [], method?: string): Config {
  const keyOf = (override: string): string => override.slice(0, override.indexOf('='));
  // Of a key that comes twice the last one counts.
  const byKey = new Map([...SMALL, ...overrides].map((override) => [keyOf(override), override]));
  return resolveConfig({
    preset: 'shapes',
    patch: { ...(method !== undefined && { method }) },
    overrides: [...byKey.values()],
  });
}

/** What trains with these settings, there. */
export async function openOn(place: string, config: Config): Promise<TrainingResources> {
  const given = await images();
  return openResources({ ...config, device: place as Config['device'], data: given.config }, { given });
}

/** Does steps `from` to `to` of a training, one after the other. */
export async function doSteps(resources: TrainingResources, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step += 1) {
    const { input, release } = await stepInput(resources, step);
    const done = resources.learner.step(input);
    release();
    await done;
  }
}

/** Of each part of two training states ('online', 'momentum', ...), the norm of the difference over the norm. */
export function differences(expected: string, actual: string): Record<string, number> {
  const [a, b] = [readSafetensors(expected).tensors, readSafetensors(actual).tensors];
  const sums: Record<string, { difference: number; norm: number }> = {};
  for (const [name, { data: values }] of a) {
    // Which form of a convolution the CPU found faster is no number of the step.
    if (name === 'convolutions') continue;
    const others = b.get(name)?.data;
    if (others === undefined || others.length !== values.length) throw new Error(`${name} is not in both states.`);
    const part = name.split('.')[0] as string;
    sums[part] ??= { difference: 0, norm: 0 };
    for (const [i, value] of values.entries()) {
      sums[part].difference += (Number(value) - Number(others[i])) ** 2;
      sums[part].norm += Number(value) ** 2;
    }
  }
  return Object.fromEntries(
    Object.entries(sums).map(([part, { difference, norm }]) => [
      part,
      difference === 0 ? 0 : Math.sqrt(difference / (norm || 1)),
    ]),
  );
}
