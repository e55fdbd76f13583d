import { join } from 'node:path';
import type { Config } from '../../config/schema.js';
import { ByolError } from '../../errors.js';
import type { Command, OptionValues } from '../command.js';
import { configFromArguments, configOptions, imagesArgument, requireSource, withImages } from '../config-options.js';
import { outputOptions, runCommand } from '../run-command.js';
import { shortFormOptions } from '../short-forms.js';

const options = {
  ...configOptions,
  ...shortFormOptions('epochs', 'batch-size', 'accumulate', 'lr', 'weight-decay', 'tau', 'size', 'limit'),
  ...shortFormOptions('device', 'precision', 'threads', 'log'),
  out: {
    type: 'string',
    requiresArg: true,
    describe: 'Folder of the run; runs/PRESET or runs/METHOD-PRESET if left out',
  },
  resume: { type: 'string', describe: 'Go on with the run in this folder, or in that of --out' },
  overwrite: { type: 'boolean', default: false, describe: 'Replace a run that is in the folder already' },
  'init-from': {
    type: 'string',
    requiresArg: true,
    describe: 'Start from the weights of this file; nothing else of it counts',
  },
  ...outputOptions,
} as const;

type TrainArguments = OptionValues<typeof options> & { readonly images?: string | undefined };

export const command: Command<TrainArguments> = {
  command: 'train [images]',
  describe: 'Train an encoder, or go on with a run that was stopped',
  builder: (yargs) => yargs.positional('images', imagesArgument).options(options),
  handler: async (given) => {
    const args = withImages(given);
    const { config, out } = await settingsAndFolder(args);
    const { resume, overwrite, 'init-from': initFrom } = args;
    const asked = { folder: out, resume: resume !== undefined, overwrite, ...(initFrom !== undefined && { initFrom }) };
    await runCommand(config, asked, args);
  },
};

/** A run that goes on starts from its own settings, so that nothing has to be repeated. */
async function settingsAndFolder(args: TrainArguments): Promise<{ readonly config: Config; readonly out: string }> {
  const { resume, out } = args;
  if (resume !== undefined && resume !== '' && out !== undefined) {
    throw new ByolError('ERR_BYOL_USAGE', `--resume ${resume} and --out ${out} both name a run folder; one is enough.`);
  }
  const given = resume === undefined || resume === '' ? out : resume;
  if (resume !== undefined && given !== undefined && args.preset === undefined && args.config === undefined) {
    const { readRunConfig } = await import('../../run/run-folder.js');
    return { config: await configFromArguments(args, await readRunConfig(given)), out: given };
  }
  requireSource('train', args);
  const { RUNS, runName } = await import('../../run/run-folder.js');
  const config = await configFromArguments(args);
  return { config, out: given ?? join(RUNS, runName(config)) };
}
