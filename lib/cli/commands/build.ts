import type { Command } from '../command.js';

export const command: Command = {
  command: 'build',
  describe: 'Build the native part from source, where no package fits, or for another LibTorch',
  handler: async () => {
    const { runBuild } = await import('../build.js');
    process.exitCode = await runBuild();
  },
};
