import type { CommandModule } from 'yargs';

export const command: CommandModule = {
  command: 'build',
  describe: 'Find or fetch LibTorch and build the native part',
  handler: async () => {
    const { runBuild } = await import('../build.js');
    process.exitCode = await runBuild();
  },
};
