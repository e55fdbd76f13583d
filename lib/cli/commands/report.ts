import type { CommandModule, InferredOptionTypes } from 'yargs';
import { ByolError } from '../../errors.js';

const options = {
  out: {
    type: 'string',
    requiresArg: true,
    describe: "Page to write: FILE.html, else a run's own report.html, or comparison.html",
  },
} as const;

type ReportArguments = InferredOptionTypes<typeof options> & { runs?: string[] | undefined };

export const command: CommandModule<object, ReportArguments> = {
  command: 'report [runs..]',
  describe: 'Look at runs: one with all that it measured, or several side by side in one page',
  builder: (yargs) =>
    yargs
      .positional('runs', { type: 'string', array: true, describe: 'Folders of runs, running ones too' })
      .options(options)
      .example('$0 report runs/shapes', 'report.html of the run again, up to now')
      .example('$0 report runs/a runs/b --out page.html', 'both in every chart, and where their settings differ'),
  handler: async ({ runs = [], out }) => {
    if (runs.length === 0) {
      throw new ByolError('ERR_BYOL_USAGE', 'Say which runs to show: byol report RUN [RUN ...].');
    }
    const { writeReport } = await import('../write-report.js');
    process.stdout.write(`Saved as ${await writeReport(runs, out)}\n`);
  },
};
