import { type EncoderTable, isEncoderTable } from '../../tables/encoders/encoder-table.js';
import type { ScaleName } from '../../tables/scales.js';
import type { Table } from '../../tables/table.js';
import { table } from '../../text/format.js';
import { runAll } from '../all-tables.js';
import type { Command } from '../command.js';
import { withInterrupts } from '../interrupts.js';
import { prepareEncoders, prepareTrainings, type TablesArguments } from '../prepare-table.js';

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

export const command: Command<TablesArguments> = {
  command: 'tables [name]',
  describe: "List the published tables, or run one and print the paper's numbers beside the measured ones",
  builder: (yargs) =>
    yargs
      .positional('name', {
        type: 'string',
        describe: "Which table: 5b, optimal-predictor, ...; all of them; or a YAML or JSON file with one of one's own",
      })
      .options({
        list: { type: 'boolean', default: false, describe: 'With a name: its published numbers, and nothing is run' },
        scale: {
          choices: SCALES,
          default: 'ci' as const,
          describe:
            'ci: half an hour on two cores, or more; card: CIFAR-10, ResNet-18, an hour by estimate; paper: ImageNet',
        },
        seeds: {
          type: 'string',
          requiresArg: true,
          describe: 'Runs of each row; if left out 5, of tables of encoders 3, of a given encoder 1',
        },
        epochs: {
          type: 'string',
          requiresArg: true,
          describe: "Of every run, in place of the scale's: tries a scale short, in a folder of its own",
        },
        limit: {
          type: 'string',
          requiresArg: true,
          describe: 'The most images of each split, in every run: tries a scale on a part, in a folder of its own',
        },
        data: {
          type: 'string',
          requiresArg: true,
          describe:
            'Where the images lie; at ci, a folder with CIFAR-10, of tables of encoders (also with all) one with sets as byol data fetch puts them there',
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
        budget: {
          type: 'string',
          requiresArg: true,
          describe:
            'Minutes within which claims that are still open get more seeds; 20 at ci, else 0: planned ones only',
        },
        quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
      })
      .epilogue(`A table of one's own, my-table.yaml:\n\n${EXAMPLE}`),
  handler: async (args) => {
    const { name, list } = args;
    if (name === undefined) process.stdout.write(await listTables());
    else if (list) process.stdout.write(await publishedTable(name));
    else if (name === 'all') await runAll(args);
    else await runNamed(name, args);
  },
};

async function runNamed(name: string, args: TablesArguments): Promise<void> {
  const table = await tableOf(name);
  const prepared = isEncoderTable(table) ? await prepareEncoders(table, args) : await prepareTrainings(table, args);
  await withInterrupts(prepared.progress, async (signal) => {
    const { text, interrupted } = await prepared.run(signal);
    prepared.progress.close();
    process.stdout.write(text);
    return interrupted;
  });
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
