import { join } from 'node:path';
import { ByolError } from '../errors.js';
import type { EncoderTable } from '../tables/encoders/encoder-table.js';
import type { EncoderTableReport } from '../tables/encoders/report.js';
import type { SetName } from '../tables/encoders/sets.js';
import type { TableFolder } from '../tables/record-files.js';
import type { TableReport } from '../tables/report.js';
import type { ScaleName } from '../tables/scales.js';
import type { Table } from '../tables/table.js';
import { EncoderTablesProgress } from './encoder-tables-progress.js';
import { progressOutput } from './progress-output.js';
import { numberOrText } from './short-forms.js';
import { TablesProgress } from './tables-progress.js';

/** A table as `byol tables` runs it. */

export interface TablesArguments {
  name: string | undefined;
  list: boolean;
  scale: ScaleName;
  seeds: string | undefined;
  epochs: string | undefined;
  limit: string | undefined;
  data: string | undefined;
  'data-of': string[] | undefined;
  encoder: string | undefined;
  out: string;
  'keep-runs': boolean;
  jobs: string | undefined;
  budget: string | undefined;
  quiet: boolean;
}

/** Minutes of a table at scale 'ci', more seeds for claims that are open included. */
const CI_BUDGET = 20;

/** A table whose plan is made, and what runs it. */
export interface Prepared {
  readonly progress: { warn(text: string): void; close(): void };
  readonly run: (signal: AbortSignal) => Promise<Ended>;
}

interface Ended {
  /** The table as people read it. */
  readonly text: string;
  readonly report: TableReport | EncoderTableReport;
  readonly interrupted: boolean;
}

export async function prepareTrainings(table: Table, args: TablesArguments): Promise<Prepared> {
  const { planTable } = await import('../tables/plan.js');
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
  const epochs = wholeNumber('--epochs', args.epochs);
  const limit = wholeNumber('--limit', args.limit);
  const jobs = wholeNumber('--jobs', args.jobs);
  const budget = args.budget === '0' ? 0 : wholeNumber('--budget', args.budget);
  const plan = planTable(table, {
    scale,
    ...(seeds !== undefined && { seeds }),
    epochs,
    limit,
    ...(data !== undefined && { data }),
  });
  const progress = new TablesProgress(progressOutput(process.stderr, args.quiet));
  return {
    progress,
    run: async (signal) => {
      // The native part, and what reads and writes files, come after everything that can be wrong with the command line.
      const { runTable } = await import('../tables/run-table.js');
      const { renderMarkdown } = await import('../tables/markdown.js');
      const { describePlace } = await import('../run/environment.js');
      progress.plan(plan);
      const { report, folder, interrupted } = await runTable(plan, {
        out,
        keepRuns: args['keep-runs'],
        ...(jobs !== undefined && { jobs }),
        budgetMinutes: budget ?? (scale === 'ci' ? CI_BUDGET : 0),
        origin: () => describePlace(plan.base.config),
        signal,
        onEvent: (event) => progress.show(event),
      });
      const text = `${renderMarkdown(report)}${savedText(report, folder, 'runs')}\n`;
      return { text, report, interrupted };
    },
  };
}

export async function prepareEncoders(table: EncoderTable, args: TablesArguments): Promise<Prepared> {
  const { planEncoderTable } = await import('../tables/encoders/plan.js');
  const { scale, data, out, encoder } = args;
  for (const option of ['epochs', 'limit', 'jobs', 'budget'] as const) {
    if (args[option] === undefined) continue;
    throw new ByolError(
      'ERR_BYOL_USAGE',
      `--${option} is of tables whose rows are settings of trainings; those of table ${table.id} are encoders.`,
    );
  }
  const dataOf = placesOf(args['data-of'] ?? []);
  const seeds = wholeNumber('--seeds', args.seeds);
  const plan = await planEncoderTable(table, { scale, seeds, data, dataOf, encoder });
  const progress = new EncoderTablesProgress(progressOutput(process.stderr, args.quiet));
  return {
    progress,
    run: async (signal) => {
      const { runEncoderTable } = await import('../tables/encoders/run-encoder-table.js');
      const { renderEncoderMarkdown } = await import('../tables/encoders/render.js');
      progress.plan(plan);
      const { report, folder, encoders, interrupted } = await runEncoderTable(plan, {
        out,
        signal,
        onEvent: (event) => progress.show(event),
      });
      const kept = encoder === undefined ? `; trained encoders in ${encoders}, for other tables too` : '';
      const saved = savedText(report, folder, 'evaluations');
      return { text: `${renderEncoderMarkdown(report)}${saved && `${saved}${kept}`}\n`, report, interrupted };
    },
  };
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

function wholeNumber(option: string, text: string | undefined): number | undefined {
  const value = text === undefined ? undefined : numberOrText(text);
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 1))
    return value as number;
  throw new ByolError('ERR_BYOL_USAGE', `${option} must be a whole number from 1, got '${text}'.`);
}
