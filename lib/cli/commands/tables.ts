import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { ByolError } from '../../errors.js';
import { type EncoderTable, isEncoderTable } from '../../tables/encoders/encoder-table.js';
import type { SetName } from '../../tables/encoders/sets.js';
import type { TableFolder } from '../../tables/record-files.js';
import type { ScaleName } from '../../tables/scales.js';
import type { Table } from '../../tables/table.js';
import { table } from '../../text/format.js';
import { EncoderTablesProgress } from '../encoder-tables-progress.js';
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
  'data-of': string[] | undefined;
  encoder: string | undefined;
  out: string;
  'keep-runs': boolean;
  jobs: string | undefined;
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
        seeds: {
          type: 'string',
          requiresArg: true,
          describe: 'Runs of each row; if left out 5, of tables of encoders 3, of a given encoder 1',
        },
        data: {
          type: 'string',
          requiresArg: true,
          describe:
            'Where the images lie; at ci, a folder with CIFAR-10, of tables of encoders one with folders of sample sets',
        },
        'data-of': {
          type: 'string',
          array: true,
          requiresArg: true,
          describe: 'Of tables of encoders: where one set lies, flowers102=PATH. May be repeated',
        },
        encoder: {
          type: 'string',
          requiresArg: true,
          describe: 'Of tables of encoders: a file of weights or the folder of a run, asked in place of the rows',
        },
        out: { type: 'string', requiresArg: true, default: 'tables', describe: 'Folder of all tables' },
        'keep-runs': { type: 'boolean', default: false, describe: 'Keep the run folders of finished runs' },
        jobs: {
          type: 'string',
          requiresArg: true,
          describe:
            'Trainings at once on a processor; left out: as many as are faster, which is measured; 1: one by one',
        },
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
  const table = await tableOf(name);
  if (isEncoderTable(table)) return runEncoders(table, args);
  const { planTable } = await import('../../tables/plan.js');
  const { scale, data, out, encoder } = args;
  if (encoder !== undefined || args['data-of'] !== undefined) {
    const option = encoder === undefined ? '--data-of' : '--encoder';
    throw new ByolError(
      'ERR_BYOL_USAGE',
      `${option} is of tables whose rows are encoders; the rows of table ${table.id} are settings of trainings.`,
      { hint: 'Which tables are of encoders: byol tables' },
    );
  }
  const seeds = wholeNumber('--seeds', args.seeds);
  const jobs = wholeNumber('--jobs', args.jobs);
  const plan = planTable(table, {
    scale,
    ...(seeds !== undefined && { seeds }),
    ...(data !== undefined && { data }),
  });
  // The native part, and what reads and writes files, come after everything that can be wrong with the command line.
  const { runTable } = await import('../../tables/run-table.js');
  const { renderMarkdown } = await import('../../tables/markdown.js');
  const { describePlace } = await import('../../run/environment.js');
  await withProgress(new TablesProgress(progressOutput(process.stderr, args.quiet)), async (progress, signal) => {
    progress.plan(plan);
    const { report, folder, interrupted } = await runTable(plan, {
      out,
      keepRuns: args['keep-runs'],
      ...(jobs !== undefined && { jobs }),
      origin: () => describePlace(plan.base.config),
      signal,
      onEvent: (event) => progress.show(event),
    });
    const saved = savedText(report, folder, 'runs');
    return { text: `${renderMarkdown(report)}${saved}\n`, interrupted };
  });
}

async function runEncoders(table: EncoderTable, args: TablesArguments): Promise<void> {
  const { planEncoderTable } = await import('../../tables/encoders/plan.js');
  const { scale, data, out, encoder } = args;
  const dataOf = placesOf(args['data-of'] ?? []);
  const plan = await planEncoderTable(table, {
    scale,
    seeds: wholeNumber('--seeds', args.seeds),
    data,
    dataOf,
    encoder,
  });
  const { runEncoderTable } = await import('../../tables/encoders/run-encoder-table.js');
  const { renderEncoderMarkdown } = await import('../../tables/encoders/render.js');
  const output = progressOutput(process.stderr, args.quiet);
  await withProgress(new EncoderTablesProgress(output), async (progress, signal) => {
    progress.plan(plan);
    const { report, folder, encoders, interrupted } = await runEncoderTable(plan, {
      out,
      signal,
      onEvent: (event) => progress.show(event),
    });
    const kept = encoder === undefined ? `; trained encoders in ${encoders}, for other tables too` : '';
    const saved = savedText(report, folder, 'evaluations');
    return { text: `${renderEncoderMarkdown(report)}${saved && `${saved}${kept}`}\n`, interrupted };
  });
}

/** 'flowers102=PATH' each; which sets there are is checked with the plan. */
function placesOf(given: readonly string[]): Partial<Record<SetName, string>> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, path] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (name !== undefined && path !== undefined) return [name, path];
      throw new ByolError('ERR_BYOL_USAGE', `--data-of must be NAME=PATH, got '${text}'.`);
    }),
  );
}

function savedText({ finishedRuns }: { finishedRuns: number }, folder: TableFolder, what: string): string {
  if (finishedRuns === 0) return '';
  const files = ['table.md', 'table.json', 'table.html'].map((file) => join(folder.path, file)).join(', ');
  return `\nSaved as ${files}; finished ${what} in ${folder.records}`;
}

/** The table's text is written when the progress is gone; a first signal stops after the step of now. */
async function withProgress<P extends { warn(text: string): void; close(): void }>(
  progress: P,
  work: (progress: P, signal: AbortSignal) => Promise<{ readonly text: string; readonly interrupted: boolean }>,
): Promise<void> {
  const abort = new AbortController();
  const release = onInterrupt({
    first: (signal) => {
      progress.warn(`${signal}: stopping after this step and saving. Once more leaves at once, without saving.`);
      abort.abort();
    },
    second: () => progress.close(),
  });
  try {
    const { text, interrupted } = await work(progress, abort.signal);
    progress.close();
    process.stdout.write(text);
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
  const rows = tables.map(({ id, aliases = [], title, rows, missing, ...table }) => [
    [id, ...aliases].join(', '),
    title,
    `${rows.length} rows`,
    missing !== undefined
      ? `needs ${missing}`
      : 'measures' in table
        ? 'runs; takes --encoder'
        : 'runs at scales ci and card',
  ]);
  return `${table(rows)}\n`;
}

async function publishedTable(name: string): Promise<string> {
  const { renderPublished } = await import('../../tables/markdown.js');
  return renderPublished(await tableOf(name));
}

async function tableOf(name: string): Promise<Table | EncoderTable> {
  const { isTableFile, readTableFile } = await import('../../tables/table-file.js');
  if (isTableFile(name)) return readTableFile(name);
  const { findTable } = await import('../../tables/find-table.js');
  return findTable(name);
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  const value = text === undefined ? undefined : numberOrText(text);
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 1))
    return value as number;
  throw new ByolError('ERR_BYOL_USAGE', `${option} must be a whole number from 1, got '${text}'.`);
}
