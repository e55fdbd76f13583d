import { existsSync } from 'node:fs';
import { configHash } from '../config/hash.js';
import type { ConfigPatch } from '../config/layers.js';
import type { Config } from '../config/schema.js';
import { dataKind } from '../data/kinds/index.js';
import { ByolError } from '../errors.js';
import { resolveConfig } from '../methods/resolve.js';
import * as option from '../text/options.js';
import { type EncoderTable, isEncoderTable } from './encoders/encoder-table.js';
import { type Base, DEFAULT_SEEDS, type ScaleChanges, type ScaleName, scaleBase, scaleNames } from './scales.js';
import type { Row, Table } from './table.js';

/** Which runs a table takes. Nothing is read or written here. */

export interface PlannedRow {
  readonly row: Row;
  /** With seed 0; null: not run at this scale. */
  readonly config: Config | null;
  /** Why it is not run. */
  readonly notRun?: string;
}

export interface PlannedRun {
  /** "no-target-seed0": names its record and its run folder. */
  readonly name: string;
  readonly row: Row;
  readonly seed: number;
  readonly config: Config;
  /** configHash() of the configuration: a record with another one is of another experiment. */
  readonly key: string;
}

/** The runs of a table at a scale. */
export interface TablePlan {
  readonly table: Table;
  readonly scale: ScaleName;
  readonly seeds: number;
  readonly base: Base;
  readonly rows: readonly PlannedRow[];
  /** Seed by seed, so that the first third of the time already shows every row. */
  readonly runs: readonly PlannedRun[];
}

/** At which scale, how often and on which images a table is run. */
export interface PlanOptions extends ScaleChanges {
  readonly scale?: ScaleName;
  /** Seeds 0 to seeds - 1 of every row. */
  readonly seeds?: number;
}

/**
 * Which runs a table takes, for runTable().
 *
 * @throws ByolError ERR_BYOL_USAGE: a table whose protocol is missing, or whose rows are encoders, fewer than one seed. ERR_BYOL_DATA: a scale whose images
 * this version cannot read. ERR_BYOL_CONFIG: a row's settings are wrong.
 */
export function planTable(table: Table | EncoderTable, options: PlanOptions = {}): TablePlan {
  option.checkOptions('planTable()', options, {
    scale: option.oneOf(scaleNames),
    seeds: option.number,
    data: option.path,
    epochs: option.number,
    limit: option.number,
  });
  const { scale = 'ci', seeds = DEFAULT_SEEDS, ...changes } = options;
  if (isEncoderTable(table)) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      `The rows of table ${table.id} (${table.title}) are encoders that are asked several things: planEncoderTable() plans it.`,
    );
  }
  if (table.missing !== undefined) {
    throw new ByolError(
      'ERR_BYOL_USAGE',
      `Table ${table.id} (${table.title}) cannot run yet. Missing: ${table.missing}.`,
      {
        hint: `Its published numbers: byol tables ${table.id} --list`,
      },
    );
  }
  const { epochs, limit } = changes;
  for (const [what, number] of Object.entries({ seeds, epochs, images: limit })) {
    if (number === undefined || (Number.isInteger(number) && number >= 1)) continue;
    throw new ByolError('ERR_BYOL_USAGE', `The number of ${what} must be a whole number from 1, got ${number}.`);
  }
  const plan = planRows(table, scale, changes);
  refuseUnreadable(plan.base.config, scale);
  const runs = Array.from({ length: seeds }, (_, seed) =>
    plan.rows.flatMap((row) => plannedRun(row, seed) ?? []),
  ).flat();
  return { table, scale, seeds, ...plan, runs };
}

/** The run of a row with a seed, which need not be one of the plan's; null: the row is not run at this scale. */
export function plannedRun({ row, config: ofRow }: PlannedRow, seed: number): PlannedRun | null {
  if (ofRow === null) return null;
  const config = { ...ofRow, seed };
  return { name: runName(row.id, seed), row, seed, config, key: configHash(config) };
}

/** PlannedRun.name of a row, by its id. */
export function runName(row: string, seed: number): string {
  return `${row}-seed${seed}`;
}

/** Every row's configuration at a scale, whether or not its images can be read. */
export function planRows(
  table: Table,
  scale: ScaleName,
  changes: ScaleChanges = {},
): { readonly base: Base; readonly rows: readonly PlannedRow[] } {
  const skipped = (row: Row): string | undefined =>
    scale === 'ci' && table.ciRows !== undefined && !table.ciRows.includes(row.id)
      ? "left out at scale 'ci', which has time for some rows only"
      : undefined;
  const base = scaleBase(scale, table, changes);
  const rows = table.rows.map((row): PlannedRow => {
    const notRun =
      skipped(row) ?? (patchOf(row, base.config) === null ? "it does not apply to this scale's settings" : undefined);
    if (notRun !== undefined) return { row, config: null, notRun };
    return { row, config: rowConfig(table, row, base.config) };
  });
  return { base, rows };
}

function patchOf({ settings = {} }: Row, base: Config): ConfigPatch | null {
  return typeof settings === 'function' ? settings(base) : settings;
}

function rowConfig(table: Table, row: Row, base: Config): Config {
  try {
    return resolveConfig({ base, patch: patchOf(row, base) ?? {} });
  } catch (error) {
    if (!(error instanceof ByolError)) throw error;
    throw new ByolError(error.code, `Table ${table.id}, row '${row.id}': ${error.message}`, { cause: error });
  }
}

function refuseUnreadable({ data, preset }: Config, scale: ScaleName): void {
  const { title, open } = dataKind(data);
  const path = 'path' in data ? data.path : undefined;
  const missing = path !== undefined && !existsSync(path);
  if (open !== undefined && !missing) return;
  const place = path === undefined ? '' : ` (${path})`;
  throw new ByolError(
    'ERR_BYOL_DATA',
    `Scale '${scale}' trains preset ${preset} on ${title}${place}, which ${missing ? 'is not there' : 'this version cannot read'}.`,
    {
      hint: missing
        ? 'Say where the images lie: --data PATH.'
        : "Scales that run: 'ci' (two cores) and 'card' (CIFAR-10).",
    },
  );
}
