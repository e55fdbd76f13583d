import { ByolError } from '../../errors.js';
import type { ImportOptions } from '../../import/import-encoder.js';
import type { Command, OptionValues } from '../command.js';

const options = {
  out: { type: 'string', requiresArg: true, default: 'encoder.safetensors', describe: 'The encoder file to write' },
  branch: {
    type: 'string',
    requiresArg: true,
    describe: "Of several networks: online, target (its moving average), or what a network's names begin with",
  },
  'input-size': { type: 'number', requiresArg: true, describe: 'Side of the square that the network sees, in pixels' },
  mean: { type: 'string', requiresArg: true, describe: 'Of R, G and B in [0, 1]: 0.485,0.456,0.406' },
  std: { type: 'string', requiresArg: true, describe: '0.229,0.224,0.225' },
  resampling: { choices: ['bicubic', 'bilinear'] as const, describe: 'How images are made smaller' },
  antialias: { type: 'boolean', describe: 'true: over all pixels, as PIL; false: as TensorFlow' },
  transform: {
    choices: ['official', 'torchvision'] as const,
    describe: 'What is seen of an image of another size, as evaluation.transform',
  },
  padding: { choices: ['same', 'symmetric'] as const, describe: "Of strided convolutions: TensorFlow's or PyTorch's" },
  stem: {
    choices: ['small', 'small-padded'] as const,
    describe: 'Of networks for small images: padded by 1 pixel or 2',
  },
  epsilon: { type: 'number', requiresArg: true, describe: 'Of the normalisations' },
  norm: { choices: ['batch', 'group', 'layer'] as const, describe: 'Where the tensors leave it open' },
  groups: { type: 'number', requiresArg: true, describe: 'Of group normalisation' },
  'weight-standardization': { type: 'boolean', describe: 'Convolutions standardise their weights' },
} as const;

type ImportArguments = OptionValues<typeof options> & { file: string };

export const command: Command<ImportArguments> = {
  command: 'import <file>',
  describe: "Make an encoder file of another program's checkpoint: the authors' BYOL, PyTorch, timm, lightly, ...",
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'Told by its content; nothing in it is run' })
      .options(options)
      .example('$0 import pretrain_res50x1.pkl', "the authors' checkpoint")
      .example('$0 import resnet50.pth --out resnet50.safetensors', "torchvision's")
      .example('$0 import last.ckpt --branch target', 'the moving average of two networks'),
  handler: async ({ file, ...given }) => {
    const { importEncoder } = await import('../../import/import-encoder.js');
    const { importText } = await import('../import-text.js');
    process.stdout.write(importText(file, await importEncoder(file, importOptions(given))));
  },
};

function importOptions({ mean, std, epsilon, groups, norm, ...given }: Omit<ImportArguments, 'file'>): ImportOptions {
  const { out, branch, resampling, antialias, transform, padding, stem } = given;
  const { 'input-size': inputSize, 'weight-standardization': weightStandardization } = given;
  const ofNorm = {
    ...(norm !== undefined && { encoder: norm }),
    ...(groups !== undefined && { groups }),
    ...(epsilon !== undefined && { epsilon }),
    ...(weightStandardization !== undefined && { weightStandardization }),
  };
  return {
    out,
    branch,
    inputSize,
    resampling,
    antialias,
    transform,
    padding,
    stem,
    mean: colours('--mean', mean),
    std: colours('--std', std),
    ...(Object.keys(ofNorm).length > 0 && { norm: ofNorm }),
  };
}

function colours(option: string, text: string | undefined): readonly [number, number, number] | undefined {
  if (text === undefined) return undefined;
  const [red, green, blue, ...more] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (
    red === undefined ||
    green === undefined ||
    blue === undefined ||
    more.length > 0 ||
    !Number.isFinite(red + green + blue)
  ) {
    throw new ByolError('ERR_BYOL_USAGE', `${option} must be three numbers, as in ${option} 0.5,0.5,0.5.`);
  }
  return [red, green, blue];
}
