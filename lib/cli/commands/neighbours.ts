import { basename } from 'node:path';
import type { ImageParts } from '../../data/image-places.js';
import type { Encoder } from '../../encoder/encoder.js';
import { ByolError } from '../../errors.js';
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
  out: { type: 'string', requiresArg: true, default: 'neighbours.html', describe: 'Page to write: FILE.html' },
  picture: { type: 'string', requiresArg: true, describe: 'A picture of it besides: FILE.svg, or FILE.png with sharp' },
  image: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Image files whose neighbours to show, else samples',
  },
  samples: { type: 'number', requiresArg: true, default: 12, describe: 'Images whose neighbours are shown' },
  most: {
    type: 'number',
    requiresArg: true,
    default: 1500,
    describe: 'Images to look at, evenly spread: the map takes seconds',
  },
  seed: {
    type: 'number',
    requiresArg: true,
    describe: "Of the samples and the untrained encoder; a run's own if left out",
  },
  split: {
    choices: ['train', 'val', 'test'] as const,
    describe: 'Which images of a data set: test where there are some',
  },
  ...encoderOptions,
  set: {
    ...encoderOptions.set,
    describe: "One setting over a run's, or data.KEY=VALUE of images that are given. May be repeated",
  },
} as const;

type NeighboursArguments = OptionValues<typeof options> & {
  path?: string | undefined;
  images?: string | undefined;
};

export const command: Command<NeighboursArguments> = {
  command: 'neighbours [path] [images]',
  describe: 'Show what an encoder takes for similar: nearest images and a map, beside the untrained encoder',
  builder: (yargs) =>
    yargs
      .positional('path', { type: 'string', describe: 'Folder of a run, or a file of weights' })
      .positional('images', { type: 'string', describe: "Where images lie; else a run's own" })
      .options(options)
      .example('$0 neighbours runs/photos', "the run's test images")
      .example('$0 neighbours encoder.safetensors photos --image mine.jpg', 'what is like mine.jpg among the photos'),
  handler: async ({ out, picture, image, samples, most, seed, split, images, ...asked }) => {
    checkNumbers({ samples, most, seed });
    const { path, isRun } = await encoderPlace(asked, 'byol neighbours');
    const place = images ?? asked.data;
    if (images !== undefined && asked.data !== undefined) {
      throw new ByolError(
        'ERR_BYOL_USAGE',
        `${images} and --data ${asked.data} both say where the images lie; one is enough.`,
      );
    }
    if (!isRun && place === undefined) {
      throw new ByolError(
        'ERR_BYOL_USAGE',
        `It is not said which images ${path} is to look at: byol neighbours ${path} PATH.`,
      );
    }
    const own = isRun && place === undefined;
    if (!own) onlyData(asked.set ?? []);
    const { checkPicture, writeNeighbours } = await import('../write-neighbours.js');
    await checkPicture(picture);
    await withTerminal(
      asked.quiet,
      async (terminal) => {
        const { openPlaces } = await import('../../data/image-places.js');
        const { exploreEncoder } = await import('../../encoder/explore-encoder.js');
        const given = image === undefined ? null : await openPlaces(image, { signal: terminal.signal });
        const explore = async (encoder: Encoder, parts: ImageParts, own: number, known: boolean) =>
          exploreEncoder(encoder, parts, {
            title: `Neighbours: ${basename(path)}`,
            seed: seed ?? own,
            known,
            most,
            samples,
            given,
            signal: terminal.signal,
            onProgress: terminal.onProgress,
            onBroken: (message) => terminal.warn(message),
          });
        if (own) return ofRun(path, split, asked, terminal, explore);
        const parts = await openGiven(place as string, split, asked, terminal);
        return withEncoder(path, asked, async (encoder) => explore(encoder, parts, 0, await isKnown(path, isRun)));
      },
      async (page) => {
        const files = await writeNeighbours(page, out, picture);
        const { neighboursSummary } = await import('../../report/neighbours-page.js');
        const summary = neighboursSummary(page);
        process.stdout.write(`${summary === null ? '' : `${summary}\n`}Saved as ${files.join(' and ')}\n`);
      },
    );
  },
};

type Explore<T> = (encoder: Encoder, parts: ImageParts, seed: number, known: boolean) => Promise<T>;

async function ofRun<T>(
  folder: string,
  split: 'train' | 'val' | 'test' | undefined,
  args: EncoderArguments,
  terminal: Terminal,
  explore: Explore<T>,
): Promise<T> {
  const { datasetParts } = await import('../../data/image-places.js');
  const { readData } = await import('../../data/kinds/index.js');
  const { Encoder } = await import('../../encoder/encoder.js');
  const { runEncoderConfig } = await import('../../run/with-run-encoder.js');
  const config = await runEncoderConfig(await runEncoderOptions(folder, args, terminal));
  const dataset = await readData(config.data, { signal: terminal.signal, onProgress: readingState(terminal) });
  const { device, precision, threads, evaluation } = config;
  await using encoder = await Encoder.load(folder, { device, precision, threads, batchSize: evaluation.batchSize });
  const parts = datasetParts(dataset, split ?? (dataset.test === undefined ? 'train' : 'test'));
  return await explore(encoder, parts, config.seed, true);
}

async function openGiven(
  place: string,
  split: 'train' | 'val' | 'test' | undefined,
  { set = [] }: EncoderArguments,
  terminal: Terminal,
): Promise<ImageParts> {
  const { openPlaces } = await import('../../data/image-places.js');
  const { configureData } = await import('../data-settings.js');
  const parts = await openPlaces([place], {
    ...(split && { split }),
    configure: (config) => configureData(config, set),
    signal: terminal.signal,
    onProgress: readingState(terminal),
  });
  for (const note of parts.notes) terminal.warn(note);
  const tested = parts.parts.filter(({ split: name }) => name === 'test');
  return tested.length > 0 && split === undefined ? { ...parts, parts: tested } : parts;
}

/** Whether a file of weights says how its network was set up. */
async function isKnown(path: string, isRun: boolean): Promise<boolean> {
  if (isRun) return true;
  const { readSafetensorsHeader } = await import('../../export/safetensors.js');
  const { metadata } = readSafetensorsHeader(path);
  return metadata['encoder'] !== undefined || metadata['config'] !== undefined;
}

function checkNumbers({
  samples,
  most,
  seed,
}: Readonly<Record<'samples' | 'most' | 'seed', number | undefined>>): void {
  const wrong =
    !Number.isInteger(samples) || (samples ?? 0) < 1 || (samples ?? 0) > 200
      ? '--samples must be a whole number from 1 to 200'
      : !Number.isInteger(most) || (most ?? 0) < 3 || (most ?? 0) > 5000
        ? '--most must be a whole number from 3 to 5000'
        : seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)
          ? '--seed must be a whole number from 0'
          : null;
  if (wrong !== null) throw new ByolError('ERR_BYOL_USAGE', `${wrong}.`);
}
