import { blockTensor, type Naming, networkUnder, prefixesOf, STEM_TENSOR } from './naming.js';

/** torchvision's names, which timm, MoCo, solo-learn, lightly and most others have, under any prefix. */

const FIRST = 'conv1.weight';
/** Words that names of a body begin with, in torchvision's networks and those like them; others are of heads. */
const BODY = /^(conv\d|bn\d|layer\d|stem|downsample|norm\d|maxpool|blurpool)/;

export const torchvisionNames: Naming = {
  name: 'torchvision',
  prefixes: (arrays) => prefixesOf(arrays, FIRST).filter((prefix) => arrays.has(`${prefix}layer1.0.${FIRST}`)),
  read: (arrays, prefix) => networkUnder(arrays, 'torchvision', prefix, rename),
};

function rename(own: string): string | null | undefined {
  if (STEM_TENSOR.test(own)) return own;
  const [, block, rest] = /^(layer\d+\.\d+)\.(.+)$/.exec(own) ?? [];
  if (block !== undefined && rest !== undefined) {
    const name = blockTensor(rest);
    return name === undefined ? undefined : `${block}.${name}`;
  }
  return BODY.test(own) ? undefined : null;
}
