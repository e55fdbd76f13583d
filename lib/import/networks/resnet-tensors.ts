import type { EncoderConfig } from '../../config/schema.js';
import { ImportProblem } from '../problem.js';
import type { NamedNetwork } from './naming.js';

/** Names and shapes of all tensors of a ResNet, in the order of its layers. `statistics`: with those of batch normalisation. */
export function resnetTensors(
  encoder: Pick<EncoderConfig, 'block' | 'blocks' | 'width' | 'stem' | 'shortcut'>,
  norms: { readonly parameters: boolean; readonly statistics: boolean },
): Map<string, readonly number[]> {
  const tensors = new Map<string, readonly number[]>();
  const unit = (convolution: string, norm: string, inputs: number, outputs: number, kernel: number): void => {
    tensors.set(`${convolution}.weight`, [outputs, inputs, kernel, kernel]);
    const suffixes = [...(norms.parameters ? ['weight', 'bias'] : [])];
    if (norms.statistics) suffixes.push('running_mean', 'running_var');
    for (const suffix of suffixes) tensors.set(`${norm}.${suffix}`, [outputs]);
  };
  const { block, blocks, width, stem, shortcut } = encoder;
  const expansion = block === 'bottleneck' ? 4 : 1;
  unit('conv1', 'bn1', 3, width, stem === 'imagenet' ? 7 : 3);
  let inputs = width;
  for (const [group, count] of blocks.entries()) {
    const inner = width * 2 ** group;
    const outputs = inner * expansion;
    for (let index = 0; index < count; index += 1) {
      const place = `layer${group + 1}.${index}`;
      if (block === 'bottleneck') {
        unit(`${place}.conv1`, `${place}.bn1`, inputs, inner, 1);
        unit(`${place}.conv2`, `${place}.bn2`, inner, inner, 3);
        unit(`${place}.conv3`, `${place}.bn3`, inner, outputs, 1);
      } else {
        unit(`${place}.conv1`, `${place}.bn1`, inputs, inner, 3);
        unit(`${place}.conv2`, `${place}.bn2`, inner, outputs, 3);
      }
      const reshapes = index === 0 && (group > 0 || inputs !== outputs || shortcut === 'official');
      if (reshapes) unit(`${place}.downsample.0`, `${place}.downsample.1`, inputs, outputs, 1);
      inputs = outputs;
    }
  }
  return tensors;
}

/** Names that are shown of those that do not fit. */
const SHOWN = 4;

/** Throws ImportProblem naming the first tensors of the network that are missing, of another shape, or of no such ResNet. */
export function checkTensors(network: NamedNetwork, expected: ReadonlyMap<string, readonly number[]>): void {
  const problems: string[] = [];
  for (const [name, shape] of expected) {
    const found = network.tensors.get(name);
    if (found === undefined) problems.push(`the tensor that torchvision calls '${name}' is missing`);
    else if (found.array.shape.join() !== shape.join()) {
      problems.push(`'${found.source}' has shape [${found.array.shape}] instead of [${shape}]`);
    }
  }
  for (const [name, { source }] of network.tensors) {
    const counter = name.endsWith('.num_batches_tracked');
    if (!counter && !expected.has(name)) problems.push(strange(source));
  }
  refuse(problems);
}

/** Throws ImportProblem naming the first of its tensors that have names of no ResNet that this package has. */
export function refuseStrange(network: NamedNetwork): void {
  refuse(network.strange.map(strange));
}

function strange(name: string): string {
  return `'${name}' is of no ResNet that this package has`;
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length > SHOWN ? `, and ${problems.length - SHOWN} more` : '';
  throw new ImportProblem(`its network does not fit: ${problems.slice(0, SHOWN).join('; ')}${more}`);
}
