import type { CommandModule, InferredOptionTypes } from 'yargs';
import type { SplitName } from '../../data/dataset.js';
import { ByolError } from '../../errors.js';
import type { Embeddings } from '../../export/embeddings.js';
import { count } from '../../text/format.js';
import {
  type EncoderArguments,
  encoderOptions,
  encoderPlace,
  runEncoderOptions,
  type Terminal,
  withEncoder,
  withTerminal,
} from '../with-encoder.js';

const options = {
  out: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'FILE.npy, with an index of its rows in FILE.csv, or FILE.csv with both',
  },
  split: {
    choices: ['train', 'val', 'test'] as const,
    default: 'test' as const,
    describe: 'Which images of a data set',
  },
  ...encoderOptions,
  set: { ...encoderOptions.set, describe: "One setting over a run's: evaluation.batchSize=100. May be repeated" },
} as const;

type EmbedArguments = InferredOptionTypes<typeof options> & {
  path?: string | undefined;
  images?: string[] | undefined;
};

export const command: CommandModule<object, EmbedArguments> = {
  command: 'embed [path] [images..]',
  describe: "Write an encoder's representations of images, one row of float32 each",
  builder: (yargs) =>
    yargs
      .positional('path', { type: 'string', describe: 'Folder of a run, or a file of weights' })
      .positional('images', { type: 'string', array: true, describe: "Image files or folders; else a run's data set" })
      .options(options)
      .example('$0 embed runs/shapes --out test.npy', "the run's test images")
      .example('$0 embed encoder.safetensors photos --out photos.csv', 'all image files in a folder'),
  handler: async ({ out, split, images = [], ...asked }) => {
    const { checkEmbeddingFiles, writeEmbeddings } = await import('../../export/embeddings.js');
    const { path, isRun } = await encoderPlace(asked, 'byol embed');
    await checkEmbeddingFiles(out);
    if ((images.length > 0 || !isRun) && asked.set !== undefined) {
      throw new ByolError(
        'ERR_BYOL_USAGE',
        "--set changes a run's settings, which files of weights or images have none of.",
      );
    }
    const embed = async (terminal: Terminal): Promise<Embeddings> => {
      if (images.length > 0) return embedFiles(path, images, asked, terminal);
      return isRun ? embedSplit(path, split, asked, terminal) : embedData(path, split, asked, terminal);
    };
    await withTerminal(asked.quiet, embed, async (embeddings) => {
      const files = await writeEmbeddings(out, embeddings);
      const { count: rows, dimension, weights } = embeddings;
      const which = images.length > 0 ? 'images' : `${split} images`;
      process.stdout.write(
        `${count(rows)} ${which}, ${count(dimension)} features each, by ${weights}\nSaved as ${files.join(' and ')}\n`,
      );
    });
  },
};

async function embedSplit(folder: string, split: SplitName, args: EncoderArguments, terminal: Terminal) {
  const { embedRun } = await import('../../run/run-embedding.js');
  return embedRun({ ...(await runEncoderOptions(folder, args, terminal)), split });
}

/** A data set that no run speaks of. */
async function embedData(path: string, split: SplitName, args: EncoderArguments, terminal: Terminal) {
  const { embedDataset } = await import('../../encoder/embed-dataset.js');
  const { inferData } = await import('../../data/infer.js');
  const { readData } = await import('../../data/kinds/index.js');
  if (args.data === undefined) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      `It is not said which images ${path} is to embed: give files, folders or --data PATH.`,
    );
  }
  const dataset = await readData((await inferData(args.data)).config);
  return withEncoder(path, args, (encoder) => embedDataset(encoder, dataset, split, terminal));
}

/** Those that cannot be read are told and left out; where none can be, that is an error. */
async function embedFiles(
  path: string,
  places: readonly string[],
  args: EncoderArguments,
  { signal, onProgress, warn }: Terminal,
): Promise<Embeddings> {
  const { findImageFiles } = await import('../../data/image-files.js');
  if (args.data !== undefined) {
    throw new ByolError('ERR_BYOL_USAGE', `Images are given and --data ${args.data} too; one is enough.`);
  }
  const files = await findImageFiles(places);
  return withEncoder(path, args, async (encoder) => {
    const images: string[] = [];
    const parts: Float32Array[] = [];
    let broken = 0;
    const onBroken = ({ message }: ByolError): void => {
      broken += 1;
      warn(`${message} It is left out.`);
    };
    for await (const { data, indices } of encoder.embedAll(files, { signal, onBroken })) {
      parts.push(data);
      images.push(...Array.from(indices, (index) => files[index] as string));
      onProgress({ phase: 'images', done: images.length + broken, total: files.length });
    }
    if (images.length === 0)
      throw new ByolError('ERR_BYOL_IMAGE', `None of the ${count(files.length)} images can be read.`);
    const features = new Float32Array(images.length * encoder.features);
    for (let at = 0; parts.length > 0; ) {
      const part = parts.shift() as Float32Array;
      features.set(part, at);
      at += part.length;
    }
    const { features: dimension, weights } = encoder;
    return { images, count: images.length, dimension, features, labels: null, classNames: [], weights };
  });
}
