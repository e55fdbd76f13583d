import type { Config } from '../../config/schema.js';
import { ByolError } from '../../errors.js';
import type { Command } from '../command.js';
import {
  type ConfigArguments,
  configFromArguments,
  configOptions,
  imagesArgument,
  requireSource,
  withImages,
} from '../config-options.js';

interface ViewsArguments extends ConfigArguments {
  images?: string | undefined;
  out: string;
  count: number;
}

export const command: Command<ViewsArguments> = {
  command: 'views [images]',
  describe: 'Show what the network will see: a picture of originals and their two views',
  builder: (yargs) =>
    yargs.positional('images', imagesArgument).options({
      ...configOptions,
      out: { type: 'string', requiresArg: true, default: 'views.png', describe: 'PNG file to write' },
      count: { type: 'number', requiresArg: true, default: 8, describe: 'Images to show, 1 to 64' },
    }),
  handler: async (given) => {
    const args = withImages(given);
    const { out, count } = args;
    if (!Number.isInteger(count) || count < 1 || count > 64) {
      throw new ByolError('ERR_BYOL_USAGE', '--count must be a whole number from 1 to 64.');
    }
    requireSource('views', args);
    const shown = await writeSheet(await configFromArguments(args), out, count);
    process.stdout.write(
      `${out}: ${shown === 1 ? '1 image, with its original' : `${shown} images, each with its original`}, view 1 (T) and view 2 (T').\n`,
    );
  },
};

async function writeSheet(config: Config, out: string, count: number): Promise<number> {
  const { loadNative } = await import('../../binding/load.js');
  const { ImageOpener } = await import('../../data/image-opener.js');
  const { splitTitles } = await import('../../data/dataset.js');
  const { availableCores } = await import('../../train/available-cores.js');
  const { viewPictures } = await import('../../train/view-pictures.js');
  const { readData } = await import('../../data/kinds/index.js');
  const { writeAtomically } = await import('../../files/atomic-file.js');
  const { drawContactSheet } = await import('../../report/contact-sheet.js');
  const { encodePng } = await import('../../report/png.js');
  const native = loadNative();
  const { train } = await readData(config.data);
  const opener = new ImageOpener(native, {
    threads: availableCores(),
    onBroken: (message) => process.stderr.write(`${message}\n`),
  });
  try {
    const shown = await viewPictures(native, opener.open(train, splitTitles.train), count, config);
    const rows = shown.map(({ original, views }) => [original, ...views]);
    await writeAtomically(out, encodePng(drawContactSheet({ size: config.views.size, rows })));
    return shown.length;
  } finally {
    opener.dispose();
  }
}
