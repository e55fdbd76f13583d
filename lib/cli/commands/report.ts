import { ByolError } from '../../errors.js';
import type { Command, OptionValues } from '../command.js';

const options = {
  out: {
    type: 'string',
    requiresArg: true,
    describe: "Page to write: FILE.html, else a run's own report.html, or comparison.html",
  },
  serve: { type: 'string', describe: 'Show all runs of a folder live in the browser, those in runs if none is given' },
  port: { type: 'number', requiresArg: true, describe: 'With --serve: the port, else any that is free' },
} as const;

type ReportArguments = OptionValues<typeof options> & { runs?: string[] | undefined };

export const command: Command<ReportArguments> = {
  command: 'report [runs..]',
  describe: 'Look at runs: one with all that it measured, several side by side in one page, or all live in the browser',
  builder: (yargs) =>
    yargs
      .positional('runs', { type: 'string', array: true, describe: 'Folders of runs, running ones too' })
      .options(options)
      .example('$0 report runs/shapes', 'report.html of the run again, up to now')
      .example('$0 report runs/a runs/b --out page.html', 'both in every chart, and where their settings differ')
      .example('$0 report --serve', 'all runs in runs, live'),
  handler: async ({ runs = [], out, serve, port }) => {
    if (serve !== undefined) {
      if (runs.length > 0 || out !== undefined) {
        throw new ByolError(
          'ERR_BYOL_USAGE',
          '--serve takes one folder, and writes no page: byol report --serve FOLDER.',
        );
      }
      const { RUNS } = await import('../../run/run-folder.js');
      const { serveReport } = await import('../serve-report.js');
      await serveReport(serve === '' ? RUNS : serve, port ?? 0);
      return;
    }
    if (port !== undefined) throw new ByolError('ERR_BYOL_USAGE', '--port goes with --serve.');
    if (runs.length === 0) {
      throw new ByolError(
        'ERR_BYOL_USAGE',
        'Say which runs to show: byol report RUN [RUN ...], or byol report --serve.',
      );
    }
    const { writeReport } = await import('../write-report.js');
    process.stdout.write(`Saved as ${await writeReport(runs, out)}\n`);
  },
};
