import type { Command, OptionValues } from '../command.js';

const options = {
  device: {
    choices: ['cpu', 'cuda'],
    requiresArg: true,
    describe: 'Choose anew: cuda takes a CUDA build of LibTorch (2.5 GB where none is installed)',
  },
} as const;

export const command: Command<OptionValues<typeof options>> = {
  command: 'setup',
  describe: 'Find LibTorch, or fetch it into the cache, and say whether training can run',
  builder: (yargs) => yargs.options(options),
  handler: async ({ device }) => {
    const { runSetup } = await import('../setup.js');
    process.exitCode = await runSetup(device);
  },
};
