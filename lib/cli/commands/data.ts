import type { Command, OptionValues } from '../command.js';
import { fetch } from '../data-fetch.js';
import { pack, verify } from '../data-pack.js';
import { withTerminal } from '../with-encoder.js';

const checkOptions = {
  json: { type: 'boolean', default: false, describe: 'What was found as JSON' },
  out: { type: 'string', requiresArg: true, describe: 'Page to write, with pictures: FILE.html' },
  quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
} as const;

type CheckArguments = OptionValues<typeof checkOptions> & { readonly path: string };

const check: Command<CheckArguments> = {
  command: 'check <path>',
  describe: 'Read all images once: how many, of which sizes and formats, what is broken, odd or there twice',
  builder: (yargs) =>
    yargs
      .positional('path', { type: 'string', demandOption: true, describe: 'Folder or file with the images' })
      .options(checkOptions),
  handler: async ({ path, json, out, quiet }) => {
    const { checkImages } = await import('../../data/check/check-images.js');
    const { GalleryKeeper } = await import('../../data/check/gallery.js');
    const { CheckKeeper } = await import('../../data/check/summary.js');
    const { inferData } = await import('../../data/infer.js');
    const { readData } = await import('../../data/kinds/index.js');
    const { writeAtomically } = await import('../../files/atomic-file.js');
    const { renderPhotosPage } = await import('../../report/photos-page.js');
    const { checkPage, checkText } = await import('../check-text.js');
    const { config, title } = await inferData(path);
    const heading = `${path}: ${title} (data.kind '${config.kind}')`;
    await withTerminal(
      quiet,
      async ({ signal, onProgress }) => {
        const reading = {
          signal,
          onProgress: (progress: { readonly phase: string; readonly done: number; readonly total: number | null }) =>
            onProgress({ ...progress, total: progress.total ?? progress.done }),
        };
        // To be told, all that is broken has to be borne.
        const data = await readData('brokenLimit' in config ? { ...config, brokenLimit: 1 } : config, reading);
        const summary = new CheckKeeper(data, 'brokenLimit' in config ? config.brokenLimit : null);
        const gallery = out === undefined ? null : new GalleryKeeper();
        for await (const image of checkImages(data, reading)) {
          summary.add(image);
          await gallery?.add(image);
        }
        return { summary: summary.finish(), gallery };
      },
      async ({ summary, gallery }) => {
        if (gallery !== null && out !== undefined) {
          await writeAtomically(out, renderPhotosPage(checkPage(heading, path, summary, gallery.finish())));
        }
        process.stdout.write(`${json ? JSON.stringify(summary, null, 2) : checkText(heading, summary)}\n`);
        if (out !== undefined && !json) process.stdout.write(`Saved as ${out}\n`);
      },
    );
  },
};

export const command: Command = {
  command: 'data',
  describe: 'Look at images, pack them into one file, or fetch public ones',
  builder: (yargs) =>
    yargs
      .command(check)
      .command(pack)
      .command(verify)
      .command(fetch)
      .demandCommand(1, 'Say what to do: check PATH, pack PATH, verify FILE or fetch NAME.'),
  handler: () => {},
};
