import { type Naming, networkUnder, prefixesOf } from './naming.js';

/** Those of ResNetModel and ResNetForImageClassification of Hugging Face's transformers (models/resnet/modeling_resnet.py). */

const FIRST = 'embedder.embedder.convolution.weight';
const LAYERS = { convolution: ['conv', '0'], normalization: ['bn', '1'] } as const;

export const transformersNames: Naming = {
  name: 'transformers',
  prefixes: (arrays) => prefixesOf(arrays, FIRST),
  read: (arrays, prefix) => networkUnder(arrays, 'transformers', prefix, rename),
};

function rename(own: string): string | null | undefined {
  const stem = /^embedder\.embedder\.(convolution|normalization)\.(\w+)$/.exec(own);
  if (stem !== null) return `${LAYERS[stem[1] as keyof typeof LAYERS][0]}1.${stem[2]}`;
  const block = /^encoder\.stages\.(\d+)\.layers\.(\d+)\.(.+)$/.exec(own);
  if (block === null) return /^(embedder|encoder)\./.test(own) ? undefined : null;
  const [, stage, index, rest = ''] = block;
  const place = `layer${Number(stage) + 1}.${index}`;
  const layer = /^layer\.(\d+)\.(convolution|normalization)\.(\w+)$/.exec(rest);
  if (layer !== null) {
    return `${place}.${LAYERS[layer[2] as keyof typeof LAYERS][0]}${Number(layer[1]) + 1}.${layer[3]}`;
  }
  const shortcut = /^shortcut\.(convolution|normalization)\.(\w+)$/.exec(rest);
  if (shortcut === null) return undefined;
  return `${place}.downsample.${LAYERS[shortcut[1] as keyof typeof LAYERS][1]}.${shortcut[2]}`;
}
