import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ImportProblem } from './problem.js';

/** What transformers says of a ResNet in the config.json beside its weights, and no tensor does (configuration_resnet.py). */
const schema = z.object({
  model_type: z.literal('resnet'),
  hidden_act: z.string().default('relu'),
  downsample_in_first_stage: z.boolean().default(false),
  downsample_in_bottleneck: z.boolean().default(false),
});

/** Throws ImportProblem where it says that the network computes something else than those here. Without such a file nothing is known. */
export function checkTransformersConfig(weights: string): void {
  const parsed = schema.safeParse(readJson(join(dirname(weights), 'config.json')));
  if (!parsed.success) return;
  const { hidden_act, downsample_in_first_stage, downsample_in_bottleneck } = parsed.data;
  const differences = [
    ...(hidden_act === 'relu' ? [] : [`activation ${hidden_act}`]),
    ...(downsample_in_first_stage ? ['a stride in its first stage'] : []),
    ...(downsample_in_bottleneck ? ['the stride of bottlenecks in their first convolution'] : []),
  ];
  if (differences.length === 0) return;
  throw new ImportProblem(`its config.json says ${differences.join(', ')}, which no ResNet of this package has`);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
