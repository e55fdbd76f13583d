import { relative } from 'node:path';
import type { SplitName } from '../../data/dataset.js';
import type { ImageParts } from '../../data/image-places.js';
import type { EmbeddedFiles } from '../../encoder/embed-to-file.js';
import type { Encoder } from '../../encoder/encoder.js';
import { ByolError } from '../../errors.js';
import { count } from '../../text/format.js';
import type { Command, OptionValues } from '../command.js';
import { onlyData } from '../data-settings.js';
import { readingState } from '../reading-state.js';
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
    describe: 'FILE.npy or FILE.safetensors, with an index of its rows in FILE.csv, FILE.parquet or FILE.csv',
  },
  split: {
    choices: ['train', 'val', 'test', 'all'] as const,
    describe: "Which images of a data set: of a run's own test, else all",
    defaultDescription: 'test or all',
  },
  ...encoderOptions,
  set: {
    ...encoderOptions.set,
    describe: "One setting over a run's, or data.KEY=VALUE of images that are given. May be repeated",
  },
} as const;

type EmbedArguments = OptionValues<typeof options> & {
  path?: string | undefined;
  images?: string[] | undefined;
};

export const command: Command<EmbedArguments> = {
  command: 'embed [path] [images..]',
  describe: "Write an encoder's representations of images, one row of float32 each",
  builder: (yargs) =>
    yargs
      .positional('path', { type: 'string', describe: 'Folder of a run, or a file of weights' })
      .positional('images', {
        type: 'string',
        array: true,
        describe: "Image files, folders, lists, shards: whatever holds images; else a run's own",
      })
      .options(options)
      .example('$0 embed runs/shapes --out test.npy', "the run's test images")
      .example('$0 embed runs/photos photos --out photos.parquet', 'all images in a folder, with their names')
      .epilogue('What is stopped or killed goes on with the same command: FILE.partial has what is done.'),
  handler: async ({ out, split, images = [], ...asked }) => {
    const { checkEmbeddingFiles } = await import('../../export/embeddings.js');
    const { tallyNames } = await import('../../data/photos/tally.js');
    const { path, isRun } = await encoderPlace(asked, 'byol embed');
    await checkEmbeddingFiles(out);
    if (images.length > 0 && asked.data !== undefined) {
      throw new ByolError('ERR_BYOL_USAGE', `Images are given and --data ${asked.data} too; one is enough.`);
    }
    if (images.length === 0 && !isRun && asked.data === undefined) {
      throw new ByolError(
        'ERR_BYOL_USAGE',
        `It is not said which images ${path} is to embed: give files, folders or --data PATH.`,
      );
    }
    const ofRun = isRun && images.length === 0;
    if (!ofRun) onlyData(asked.set ?? []);
    const job = new EmbeddingInTerminal(out);
    await withTerminal(
      asked.quiet,
      async (terminal) => {
        if (ofRun) return job.ofRun(path, split ?? 'test', asked, terminal);
        const places = images.length > 0 ? images : [asked.data as string];
        const parts = await openGiven(places, split ?? (images.length > 0 ? 'all' : 'test'), asked, terminal);
        const done = await withEncoder(path, asked, (encoder) => job.write(encoder, parts, terminal));
        return { ...done, which: images.length > 0 ? 'images' : `${split ?? 'test'} images` };
      },
      ({ files, count: rows, dimension, broken, weights, which }) => {
        const left =
          broken.length === 0
            ? ''
            : `${broken.length === 1 ? '1 broken image is' : `${count(broken.length)} broken images are`} left out: ${tallyNames(
                { count: broken.length, first: broken.slice(0, 3).map(({ location }) => location) },
              )}.\n`;
        process.stdout.write(
          `${count(rows)} ${which}, ${count(dimension)} features each, by ${isRun ? relative(path, weights) : weights}\n` +
            `${left}Saved as ${files.join(' and ')}\n`,
        );
      },
      { stopping: 'Stopping; what is done is kept.', stopped: () => job.stoppedText() },
    );
  },
};

type Done = EmbeddedFiles & { readonly weights: string };

class EmbeddingInTerminal {
  readonly #out: string;
  #state: { readonly done: number; readonly total: number } | undefined;

  constructor(out: string) {
    this.#out = out;
  }

  /** The images that a run's settings name. */
  async ofRun(folder: string, split: SplitName | 'all', args: EncoderArguments, terminal: Terminal) {
    const { datasetParts } = await import('../../data/image-places.js');
    const { readData } = await import('../../data/kinds/index.js');
    const { Encoder } = await import('../../encoder/encoder.js');
    const { runEncoderConfig } = await import('../../run/with-run-encoder.js');
    const config = await runEncoderConfig(await runEncoderOptions(folder, args, terminal));
    const { signal } = terminal;
    const dataset = await readData(config.data, { signal, onProgress: readingState(terminal) });
    const { device, precision, threads, evaluation } = config;
    await using encoder = await Encoder.load(folder, {
      device,
      precision,
      threads,
      batchSize: evaluation.batchSize,
    });
    const done = await this.write(encoder, datasetParts(dataset, split), terminal);
    return { ...done, which: split === 'all' ? 'images' : `${split} images` };
  }

  async write(encoder: Encoder, parts: ImageParts, { signal, state, line, warn }: Terminal): Promise<Done> {
    const { embedParts } = await import('../../encoder/embed-to-file.js');
    const { Pace } = await import('../../text/pace.js');
    for (const note of parts.notes) warn(note);
    for (const { location, reason } of parts.parts.every(({ split }) => split === null) ? parts.broken : [])
      warn(`${location} ${reason}. It is left out.`);
    let pace: InstanceType<typeof Pace> | undefined;
    let paced: 'images' | 'rows' | undefined;
    const done = await embedParts(encoder, parts, this.#out, {
      signal,
      onBroken: ({ message }) => warn(message),
      onProgress: (progress) => {
        if (paced !== progress.phase) {
          pace = new Pace(progress.done);
          if (paced === undefined && progress.done > 0) {
            line(`Going on after ${count(progress.done)} of ${count(progress.total)} images.`);
          }
          paced = progress.phase;
        }
        if (progress.phase === 'images') this.#state = progress;
        state(
          progress.done,
          progress.total,
          pace?.text(progress.done, progress.total, this.#what(progress.phase)) ?? '',
        );
      },
    });
    return { ...done, weights: encoder.weights };
  }

  /** After a signal. */
  stoppedText(): string {
    const { done, total } = this.#state ?? { done: 0, total: 0 };
    if (done === 0) return 'Nothing is done yet.';
    return `${count(done)} of ${count(total)} images are done and kept in ${this.#out}.partial. The same command goes on from there.`;
  }

  #what(phase: 'images' | 'rows'): string {
    return phase === 'images' ? 'images' : `rows written to ${this.#out}`;
  }
}

/** Images that are given, whatever the encoder was trained with. */
async function openGiven(
  places: readonly string[],
  split: SplitName | 'all',
  { set = [] }: EncoderArguments,
  terminal: Terminal,
): Promise<ImageParts> {
  const { openPlaces } = await import('../../data/image-places.js');
  const { configureData } = await import('../data-settings.js');
  const { signal } = terminal;
  return openPlaces(places, {
    split,
    configure: (config) => configureData(config, set),
    signal,
    onProgress: readingState(terminal),
  });
}
