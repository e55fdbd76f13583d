import type { Command } from '../command.js';

export const command: Command = {
  command: 'doctor',
  describe: 'Say what is installed here and whether training can run',
  handler: async () => {
    const { runDoctor } = await import('../doctor.js');
    process.exitCode = await runDoctor();
  },
};
