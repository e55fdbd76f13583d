import type { Command, OptionValues } from '../command.js';

const options = {
  out: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'The file to write: FILE.onnx or FILE.safetensors',
  },
  format: {
    choices: ['onnx', 'safetensors', 'torchvision', 'timm'] as const,
    describe: "If not by the file's ending; torchvision and timm: safetensors that these take as they are",
  },
  pixels: {
    type: 'boolean',
    default: false,
    describe: 'Of ONNX: the model takes uint8 pixels and normalises them itself',
  },
} as const;

type ExportArguments = OptionValues<typeof options> & { path: string };

export const command: Command<ExportArguments> = {
  command: 'export <path>',
  describe: 'Write an encoder for other programs: ONNX, or weights for torchvision and timm',
  builder: (yargs) =>
    yargs
      .positional('path', {
        type: 'string',
        demandOption: true,
        describe: 'Folder of a run, a checkpoint, or a file of weights',
      })
      .options(options)
      .example('$0 export runs/shapes --out encoder.onnx', 'for onnxruntime, in Node.js, Python or a browser')
      .example('$0 export resnet50.safetensors --out resnet50-timm.safetensors --format timm', ''),
  handler: async ({ path, out, format, pixels }) => {
    const { exportEncoder } = await import('../../encoder/export-encoder.js');
    const { architectureName } = await import('../../export/encoder.js');
    const { count } = await import('../../text/format.js');
    const { description, features, bytes, use } = await exportEncoder(path, { out, format, pixels });
    const network = `${architectureName(description.encoder)}, ${count(features)} features, ${(bytes / 1e6).toFixed(1)} MB`;
    process.stdout.write(`${out}: ${network}\n\n${use}\n`);
  },
};
