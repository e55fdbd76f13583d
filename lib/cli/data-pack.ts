import type { PackProgress, PackResult } from '../data/packed/pack.js';
import { ByolError } from '../errors.js';
import { count, duration } from '../text/format.js';
import { quoteArgument } from '../text/shell.js';
import type { Command, OptionValues } from './command.js';
import { withTerminal } from './with-encoder.js';

/** `byol data pack` and `byol data verify`. */

const packOptions = {
  out: { type: 'string', requiresArg: true, demandOption: true, describe: 'Store to write: FILE.byol' },
  size: {
    type: 'number',
    default: 256,
    requiresArg: true,
    describe: 'Pixels of the shorter side; smaller images stay as they are',
  },
  'broken-limit': {
    type: 'number',
    requiresArg: true,
    describe: 'The most images that may be broken, as a part of all (0.05)',
  },
  overwrite: { type: 'boolean', default: false, describe: 'Replace a store of other images' },
  json: { type: 'boolean', default: false, describe: 'What was done as JSON' },
  quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
} as const;

type PackArguments = OptionValues<typeof packOptions> & { readonly path: string };

export const pack: Command<PackArguments> = {
  command: 'pack <path>',
  describe: 'Decode all images once and write them smaller, to one file that training reads fast',
  builder: (yargs) =>
    yargs
      .positional('path', { type: 'string', demandOption: true, describe: 'Folder or file with the images' })
      .options(packOptions),
  handler: async ({ path, out, size, 'broken-limit': brokenLimit, overwrite, json, quiet }) => {
    checkSize(size);
    checkLimit(brokenLimit);
    const { loadNative } = await import('../binding/load.js');
    const { inferData } = await import('../data/infer.js');
    const { readData } = await import('../data/kinds/index.js');
    const { packImages } = await import('../data/packed/pack.js');
    const { availableCores } = await import('../train/available-cores.js');
    const { config } = await inferData(path);
    const limit = brokenLimit ?? ('brokenLimit' in config ? config.brokenLimit : 0);
    await withTerminal(
      quiet,
      async ({ signal, onProgress }) => {
        const data = await readData('brokenLimit' in config ? { ...config, brokenLimit: limit } : config, {
          signal,
          onProgress: (progress) => onProgress({ ...progress, total: progress.total ?? progress.done }),
        });
        const options = { place: path, out, size, brokenLimit: limit, overwrite, threads: availableCores(), signal };
        return packImages(loadNative(), data, {
          ...options,
          onProgress: (progress) => onProgress({ ...progress, phase: progressText(progress) }),
        });
      },
      (result) => {
        process.stdout.write(`${json ? JSON.stringify(result, null, 2) : packText(result)}\n`);
      },
      { stopping: 'Stopping; give the same command again, and it goes on here.' },
    );
  },
};

function checkSize(size: number): void {
  if (Number.isInteger(size) && size >= 1 && size <= 16_384) return;
  throw new ByolError('ERR_BYOL_USAGE', `--size is a whole number of pixels from 1 to 16384, not ${size}.`);
}

function checkLimit(limit: number | undefined): void {
  if (limit === undefined || (limit >= 0 && limit <= 1)) return;
  throw new ByolError('ERR_BYOL_USAGE', `--broken-limit is a part of all images, from 0 to 1, not ${limit}.`);
}

function progressText({ imagesPerSecond, secondsLeft }: PackProgress): string {
  return `packing, ${count(imagesPerSecond)} images/s, ${duration(secondsLeft)} left:`;
}

function packText({ path, images, bytes, before, outcome, broken }: PackResult): string {
  const lines =
    outcome === 'there'
      ? [`${path} holds these ${count(images)} images already.`]
      : [`${count(images)} images, ${(bytes / 1e6).toFixed(1)} MB, saved as ${path}`];
  if (outcome === 'packed' && before > 0) lines.push(`Went on after the first ${count(before)}, which were there.`);
  if (broken.length > 0) {
    lines.push(`Broken, and left out: ${count(broken.length)}`);
    lines.push(...broken.slice(0, 10).map(({ location, reason }) => `  ${location}: it ${reason}`));
    if (broken.length > 10) lines.push(`  and ${count(broken.length - 10)} more: npx byol data check PATH`);
  }
  lines.push(`Train with it: npx byol train ${quoteArgument(path)}`);
  return lines.join('\n');
}

const verifyOptions = {
  json: { type: 'boolean', default: false, describe: 'What was found as JSON' },
  quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
} as const;

type VerifyArguments = OptionValues<typeof verifyOptions> & { readonly file: string };

export const verify: Command<VerifyArguments> = {
  command: 'verify <file>',
  describe: 'Compare all checksums of a packed store',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'What byol data pack has written' })
      .options(verifyOptions),
  handler: async ({ file, json, quiet }) => {
    const { verifyStore } = await import('../data/packed/verify.js');
    await withTerminal(
      quiet,
      ({ signal, onProgress }) =>
        verifyStore(file, {
          signal,
          onProgress: (progress) => onProgress({ ...progress, total: progress.total ?? progress.done }),
        }),
      (verdict) => {
        const { images, bytes, damaged } = verdict;
        if (json) process.stdout.write(`${JSON.stringify(verdict, null, 2)}\n`);
        if (damaged.length > 0) {
          const some = damaged.slice(0, 10).join(', ');
          throw new ByolError(
            'ERR_BYOL_DATA',
            `${file} is damaged: ${count(damaged.length)} of ${count(images)} images have other pixels than were packed: ${some}${damaged.length > 10 ? ', ...' : ''}.`,
            { hint: 'Pack the images again: npx byol data pack PATH --out FILE --overwrite' },
          );
        }
        if (!json)
          process.stdout.write(
            `${file}: ${count(images)} images, ${(bytes / 1e6).toFixed(1)} MB, all checksums are right.\n`,
          );
      },
    );
  },
};
