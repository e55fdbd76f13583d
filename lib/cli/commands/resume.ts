import type { Command, OptionValues } from '../command.js';
import { refuseContradictions, setOption, settingsPatch } from '../config-options.js';
import { outputOptions, runCommand } from '../run-command.js';
import { shortFormOptions } from '../short-forms.js';

const options = {
  data: { type: 'string', requiresArg: true, describe: 'Where the images lie now, if not where they lay' },
  set: setOption,
  ...shortFormOptions('log'),
  ...outputOptions,
} as const;

export const command: Command<OptionValues<typeof options> & { run: string }> = {
  command: 'resume <run>',
  describe: 'Go on with a run that was stopped, with its own settings',
  builder: (yargs) =>
    yargs.positional('run', { type: 'string', demandOption: true, describe: 'Its folder' }).options(options),
  handler: async (args) => {
    const { run, set = [] } = args;
    const { readRunConfig } = await import('../../run/run-folder.js');
    const { resolveConfig } = await import('../../methods/resolve.js');
    refuseContradictions(args, set);
    const config = resolveConfig({ base: await readRunConfig(run), patch: settingsPatch(args), overrides: set });
    await runCommand(config, { folder: run, resume: true }, args);
  },
};
