import type { CommandModule, InferredOptionTypes } from 'yargs';
import { setOption } from '../config-options.js';
import { count } from '../format.js';
import { withRunEncoderProgress } from '../with-run-encoder.js';

const options = {
  run: { type: 'string', requiresArg: true, demandOption: true, describe: 'Folder of the run' },
  out: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'FILE.npy, with an index of its rows in FILE.csv, or FILE.csv with both',
  },
  split: { choices: ['train', 'test'] as const, default: 'test' as const, describe: 'Which images' },
  data: { type: 'string', requiresArg: true, describe: 'Where the images lie, if not where they were' },
  device: { type: 'string', requiresArg: true, describe: 'auto, cpu, cuda or cuda:N' },
  set: { ...setOption, describe: 'One setting: evaluation.batchSize=100. May be repeated' },
  quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
} as const;

export const command: CommandModule<object, InferredOptionTypes<typeof options>> = {
  command: 'embed',
  describe: "Write a run's representations of images, one row of float32 each",
  builder: (yargs) => yargs.options(options),
  handler: async ({ out, split, ...asked }) => {
    const { checkEmbeddingFiles, writeEmbeddings } = await import('../../export/embeddings.js');
    await checkEmbeddingFiles(out);
    const { embedRun } = await import('../../run/run-embedding.js');
    await withRunEncoderProgress(
      asked,
      (options) => embedRun({ ...options, split }),
      async (embeddings) => {
        const files = await writeEmbeddings(out, embeddings);
        const { count: images, dimension, weights } = embeddings;
        process.stdout.write(
          `${count(images)} ${split} images, ${count(dimension)} features each, by ${weights}\nSaved as ${files.join(' and ')}\n`,
        );
      },
    );
  },
};
