import { join } from 'node:path';
import { ByolError, exitCodes } from '../errors.js';
import { type EncoderTable, isEncoderTable } from '../tables/encoders/encoder-table.js';
import type { EncoderTableReport } from '../tables/encoders/report.js';
import type { TableReport } from '../tables/report.js';
import type { Table } from '../tables/table.js';
import { table as columns } from '../text/format.js';
import { withInterrupts } from './interrupts.js';
import { type Prepared, prepareEncoders, prepareTrainings, type TablesArguments } from './prepare-table.js';
import { progressOutput } from './progress-output.js';

/**
 * Every published table that runs at the scale with these images, one after the other. One that cannot run is named with the reason;
 * what fails while it runs ends the command, as of one table: the same command goes on with it.
 */
export async function runAll(args: TablesArguments): Promise<void> {
  const { tables } = await import('../tables/published/index.js');
  if (args.encoder !== undefined)
    throw new ByolError('ERR_BYOL_USAGE', '--encoder is of one table: byol tables NAME --encoder FILE.');
  const output = progressOutput(process.stderr, args.quiet);
  const rows: string[][] = [];
  await withInterrupts(
    output,
    async (signal) => {
      for (const table of inOrder(tables)) {
        const prepared = await prepareOrSay(table, args);
        if (typeof prepared === 'string') {
          output.line(`\nTable ${table.id} is left out: ${prepared}`);
          rows.push([table.id, table.title, 'left out', prepared]);
          continue;
        }
        output.line(`\nTable ${table.id}`);
        const { report, interrupted } = await prepared.run(signal).finally(() => prepared.progress.close());
        rows.push([table.id, table.title, `${report.finishedRuns} of ${report.plannedRuns}`, verdictsOf(report)]);
        if (interrupted) return true;
      }
      return false;
    },
    () => {
      const ran = rows.filter(([, , runs]) => runs !== 'left out').length;
      const overview =
        ran === 0 ? '' : `\nOverview: ${join(args.out, 'README.md')}, ${join(args.out, 'overview.html')}\n`;
      if (ran === 0) process.exitCode = exitCodes.failure;
      process.stdout.write(
        `${columns([['table', '', 'runs', 'claims'], ...rows])}\n${ran} tables, ${rows.length - ran} left out.${overview}`,
      );
    },
  );
}

/** Tables of trainings first, those with the fewest rows before others: their runs are taken over by larger ones that have them too. */
function inOrder(tables: ReadonlyArray<Table | EncoderTable>): Array<Table | EncoderTable> {
  const size = (one: Table | EncoderTable): number =>
    (isEncoderTable(one) ? 1000 : 0) + (one.ciRows ?? one.rows).length;
  return [...tables].sort((a, b) => size(a) - size(b));
}

/** Why a table cannot run here, in a sentence; what is wrong with the command line is thrown. */
async function prepareOrSay(table: Table | EncoderTable, args: TablesArguments): Promise<Prepared | string> {
  if (table.missing !== undefined) return `It needs ${table.missing}.`;
  const atCi = args.scale === 'ci';
  try {
    // At ci one option cannot say both where CIFAR-10 and where sample sets lie: trainings take generated images.
    if (!isEncoderTable(table)) {
      return await prepareTrainings(table, { ...args, 'data-of': undefined, data: atCi ? undefined : args.data });
    }
    for (const option of ['epochs', 'limit'] as const)
      if (args[option] !== undefined) return `--${option} is of trainings; its rows are encoders.`;
    if (atCi && args.data === undefined && args['data-of'] === undefined)
      return 'Its rows are encoders of photos: --data DIR, a folder with sets as byol data fetch puts them there.';
    return await prepareEncoders(table, {
      ...args,
      jobs: undefined,
      budget: undefined,
      data: atCi ? args.data : undefined,
    });
  } catch (error) {
    if (error instanceof ByolError && error.code === 'ERR_BYOL_DATA') return error.message;
    throw error;
  }
}

function verdictsOf({ claims }: TableReport | EncoderTableReport): string {
  const words = ['holds', 'does not hold', 'not decided at this scale'] as const;
  const counts = words.map((word) => [claims.filter(({ verdict }) => verdict === word).length, word] as const);
  return counts
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(', ');
}
