import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { ByolError } from '../../errors.js';
import type { ScaleName } from '../../tables/scales.js';
import type { Table } from '../../tables/table.js';
import { table } from '../../text/format.js';
import { interruptedExitCode, onInterrupt } from '../interrupts.js';
import { progressOutput } from '../progress-output.js';
import { numberOrText } from '../short-forms.js';
import { TablesProgress } from '../tables-progress.js';

interface TablesArguments {
  name: string | undefined;
  list: boolean;
  scale: ScaleName;
  seeds: string | undefined;
  data: string | undefined;
  out: string;
  'keep-runs': boolean;
  quiet: boolean;
}

/** As in tables/scales.ts, which help does without. */
const SCALES = ['ci', 'card', 'paper'] as const satisfies readonly ScaleName[];

/** In the help, and read by the test. */
export const EXAMPLE = `title: How fast the target follows
rows:
  - {id: slow, label: tau 0.999, settings: {target: {tauBase: 0.999}}}
  - {id: fast, label: tau 0.9, settings: {target: {tauBase: 0.9}}}
claims:
  - {kind: learns, row: fast, says: A fast target is enough to learn.}
  - {kind: better, row: fast, than: slow, says: 'In a short run a fast target is better.'}
`;

export const command: CommandModule<object, TablesArguments> = {
  command: 'tables [name]',
  describe: "List the published tables, or run one and print the paper's numbers beside the measured ones",
  builder: (yargs) =>
    yargs
      .positional('name', {
        type: 'string',
        describe: "Which table: 5b, optimal-predictor, ...; or a YAML or JSON file with one of one's own",
      })
      .options({
        list: { type: 'boolean', default: false, describe: 'With a name: its published numbers, and nothing is run' },
        scale: {
          choices: SCALES,
          default: 'ci' as const,
          describe: 'ci: 20 minutes on two cores; card: CIFAR-10, ResNet-18; paper: ImageNet',
        },
        seeds: { type: 'string', requiresArg: true, describe: 'Runs of each row; 3 if left out, as claims need' },
        data: { type: 'string', requiresArg: true, describe: 'Where the images lie; at ci, a folder with CIFAR-10' },
        out: { type: 'string', requiresArg: true, default: 'tables', describe: 'Folder of all tables' },
        'keep-runs': { type: 'boolean', default: false, describe: 'Keep the run folders of finished runs' },
        quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
      })
      .epilogue(`A table of one's own, my-table.yaml:\n\n${EXAMPLE}`),
  handler: async (args) => {
    const { name, list } = args;
    if (name === undefined) process.stdout.write(await listTables());
    else if (list) process.stdout.write(await publishedTable(name));
    else await runNamed(name, args);
  },
};

async function runNamed(name: string, args: TablesArguments): Promise<void> {
  const { planTable } = await import('../../tables/plan.js');
  const { scale, data, out } = args;
  const seeds = wholeNumber(args.seeds);
  const plan = planTable(await tableOf(name), {
    scale,
    ...(seeds !== undefined && { seeds }),
    ...(data !== undefined && { data }),
  });
  // The native part, and what reads and writes files, come after everything that can be wrong with the command line.
  const { runTable } = await import('../../tables/run-table.js');
  const { renderMarkdown } = await import('../../tables/markdown.js');
  const { describePlace } = await import('../../run/environment.js');

  const progress = new TablesProgress(progressOutput(process.stderr, args.quiet));
  const abort = new AbortController();
  const release = onInterrupt({
    first: (signal) => {
      progress.warn(`${signal}: stopping after this step and saving. Once more leaves at once, without saving.`);
      abort.abort();
    },
    second: () => progress.close(),
  });
  try {
    progress.plan(plan);
    const { report, folder, interrupted } = await runTable(plan, {
      out,
      keepRuns: args['keep-runs'],
      origin: () => describePlace(plan.base.config),
      signal: abort.signal,
      onEvent: (event) => progress.show(event),
    });
    progress.close();
    const files = ['table.md', 'table.json', 'table.html'].map((file) => join(folder.path, file)).join(', ');
    const saved = report.finishedRuns === 0 ? '' : `\nSaved as ${files}; finished runs in ${folder.records}`;
    process.stdout.write(`${renderMarkdown(report)}${saved}\n`);
    if (!interrupted) return;
    process.stdout.write('Stopped: the same command goes on.\n');
    process.exitCode = interruptedExitCode();
  } finally {
    progress.close();
    release();
  }
}

async function listTables(): Promise<string> {
  const { tables } = await import('../../tables/published/index.js');
  const rows = tables.map(({ id, aliases = [], title, rows, missing }) => [
    [id, ...aliases].join(', '),
    title,
    `${rows.length} rows`,
    missing === undefined ? 'runs at scales ci and card' : `needs ${missing}`,
  ]);
  return `${table(rows)}\n`;
}

async function publishedTable(name: string): Promise<string> {
  const { renderPublished } = await import('../../tables/markdown.js');
  return renderPublished(await tableOf(name));
}

async function tableOf(name: string): Promise<Table> {
  const { isTableFile, readTableFile } = await import('../../tables/table-file.js');
  if (isTableFile(name)) return readTableFile(name);
  const { findTable } = await import('../../tables/find-table.js');
  return findTable(name);
}

function wholeNumber(text: string | undefined): number | undefined {
  const value = text === undefined ? undefined : numberOrText(text);
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 1))
    return value as number;
  throw new ByolError('ERR_BYOL_USAGE', `--seeds must be a whole number from 1, got '${text}'.`);
}
