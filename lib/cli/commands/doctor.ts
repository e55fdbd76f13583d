import type { CommandModule } from 'yargs';

export const command: CommandModule = {
  command: 'doctor',
  describe: 'Say what is installed here and whether training can run',
  handler: async () => {
    const { runDoctor } = await import('../doctor.js');
    process.exitCode = await runDoctor();
  },
};
