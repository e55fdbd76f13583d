import type { FetchedSet, FetchProgress } from '../data/fetch/fetch-set.js';
import type { PublicSet } from '../data/fetch/sets.js';
import { ByolError } from '../errors.js';
import { count, duration, table } from '../text/format.js';
import { nearest } from '../text/nearest.js';
import { quoteArgument } from '../text/shell.js';
import type { Command, OptionValues } from './command.js';
import { withTerminal } from './with-encoder.js';

/** `byol data fetch`. */

const options = {
  out: { type: 'string', default: 'data', requiresArg: true, describe: 'Folder that the set is put in' },
  json: { type: 'boolean', default: false, describe: 'The result as JSON' },
  quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
} as const;

type FetchArguments = OptionValues<typeof options> & { readonly name?: string | undefined };

export const fetch: Command<FetchArguments> = {
  command: 'fetch [name]',
  describe: 'Download a public set of images, check and unpack it; without a name, list them',
  builder: (yargs) =>
    yargs.positional('name', { type: 'string', describe: 'Which set: imagenette-160, ...' }).options(options),
  handler: async ({ name, out, json, quiet }) => {
    const { elsewhere, publicSets } = await import('../data/fetch/sets.js');
    const { fetchSet } = await import('../data/fetch/fetch-set.js');
    const sets: Readonly<Record<string, PublicSet>> = publicSets;
    if (name === undefined) {
      process.stdout.write(`${json ? JSON.stringify(publicSets, null, 2) : listText(sets, elsewhere)}\n`);
      return;
    }
    const set = Object.hasOwn(sets, name) ? sets[name] : undefined;
    if (set === undefined) throw unknownSet(name, Object.keys(sets), elsewhere);
    const speed = new Speed();
    await withTerminal(
      quiet,
      ({ signal, onProgress }) =>
        fetchSet(name, set, {
          out,
          signal,
          onProgress: (progress) => onProgress(speed.told(progress)),
        }),
      (fetched) => {
        process.stdout.write(`${json ? JSON.stringify(fetched, null, 2) : fetchedText(set, fetched)}\n`);
      },
      { stopping: 'Stopping; give the same command again, and it goes on here.' },
    );
  },
};

function unknownSet(name: string, known: readonly string[], elsewhere: Readonly<Record<string, string>>): ByolError {
  if (Object.hasOwn(elsewhere, name)) return new ByolError('ERR_BYOL_USAGE', elsewhere[name] as string);
  const likely = nearest(name, [...known, ...Object.keys(elsewhere)]);
  return new ByolError(
    'ERR_BYOL_USAGE',
    `There is no public set called '${name}'${likely === undefined ? '' : `: did you mean '${likely}'?`}`,
    { hint: 'All of them: npx byol data fetch' },
  );
}

function megabytes({ files }: PublicSet): string {
  const bytes = files.map((file) => file.bytes);
  if (bytes.includes(null)) return '?';
  return count(bytes.reduce<number>((sum, each) => sum + (each ?? 0), 0) / 1e6);
}

function listText(sets: Readonly<Record<string, PublicSet>>, elsewhere: Readonly<Record<string, string>>): string {
  const rows = Object.entries(sets).map(([name, set]) => {
    const unchecked = set.files.some(({ checksum }) => checksum === null) ? ' (no checksum is published)' : '';
    return [name, megabytes(set), count(set.images), `${set.title}${unchecked}`];
  });
  return [
    table([['name', 'MB', 'images', ''], ...rows], [1, 2]),
    '',
    ...Object.entries(elsewhere).map(([name, text]) => `${name}: ${text}`),
    '',
    'Fetch one with: npx byol data fetch NAME --out DIR',
  ].join('\n');
}

function fetchedText(set: PublicSet, { data, outcome, unchecked }: FetchedSet): string {
  return [
    outcome === 'there' ? `${set.title} is there already.` : `${set.title}: ${count(set.images)} images.`,
    `Terms: ${set.terms} ${set.home}`,
    ...(outcome === 'fetched' && unchecked.length > 0
      ? [`No checksum is published of ${unchecked.join(', ')}: only its length could be compared.`]
      : []),
    `Train with it: npx byol train ${quoteArgument(data)}`,
  ].join('\n');
}

/** Bytes a second of the file at hand, since this process began with it. */
class Speed {
  #file = '';
  #start = 0;
  #began = 0;

  told({ phase, file, done, total }: FetchProgress): { phase: string; done: number; total: number } {
    if (phase === 'unpacking') return { phase: `unpacking ${file}, file`, done, total: total ?? done };
    if (this.#file !== file) [this.#file, this.#start, this.#began] = [file, done, performance.now()];
    const perSecond = (done - this.#start) / Math.max(1e-3, (performance.now() - this.#began) / 1000);
    const left = total === null || perSecond === 0 ? '' : `, ${duration((total - done) / perSecond)} left`;
    const phaseText = `downloading ${file}, ${(perSecond / 1e6).toFixed(1)} MB/s${left}; MB`;
    return { phase: phaseText, done: Math.floor(done / 1e6), total: Math.ceil((total ?? done) / 1e6) };
  }
}
