import { ByolError } from '../../errors.js';
import type { Command, OptionValues } from '../command.js';

const options = {
  run: { type: 'string', requiresArg: true, demandOption: true, describe: 'Folder of the run' },
  out: { type: 'string', requiresArg: true, describe: 'CSV file to write' },
  tensorboard: { type: 'string', requiresArg: true, describe: "TensorBoard's folder; the run gets one in it" },
} as const;

export const command: Command<OptionValues<typeof options>> = {
  command: 'metrics',
  describe: "Write a run's metrics as CSV, or for TensorBoard, also while it runs",
  builder: (yargs) => yargs.options(options),
  handler: async ({ run, out, tensorboard }) => {
    if (out === undefined && tensorboard === undefined) {
      throw new ByolError('ERR_BYOL_USAGE', 'Say what to write: --out FILE.csv, --tensorboard DIR, or both.');
    }
    if (out !== undefined && !out.endsWith('.csv')) {
      throw new ByolError('ERR_BYOL_USAGE', `Metrics are written as .csv, and ${out} is not.`);
    }
    const { quoteArgument } = await import('../../text/shell.js');
    const { writeMetricsCsv, writeTensorboard } = await import('../../run/run-metrics.js');
    if (out !== undefined) {
      await writeMetricsCsv(run, out);
      process.stdout.write(`Saved as ${out}\n`);
    }
    if (tensorboard !== undefined) {
      const path = await writeTensorboard(run, tensorboard);
      process.stdout.write(`Saved as ${path}; see it with: tensorboard --logdir ${quoteArgument(tensorboard)}\n`);
    }
  },
};
