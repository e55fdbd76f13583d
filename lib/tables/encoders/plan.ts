import { createHash } from 'node:crypto';
import { canonicalJson, configHash } from '../../config/hash.js';
import type { Config } from '../../config/schema.js';
import { roleOf } from '../../config/setting-roles.js';
import type { DataConfig } from '../../data/kinds/index.js';
import { ByolError } from '../../errors.js';
import { methods } from '../../methods/index.js';
import { resolveConfig } from '../../methods/resolve.js';
import * as option from '../../text/options.js';
import { LEAST_SEEDS } from '../judging/looks.js';
import { type ScaleName, scaleNames } from '../scales.js';
import { type EncoderBase, encoderBase, type PlacedSet, type SetPlaces } from './base.js';
import type { CellClaim } from './cell-claims.js';
import type { ColumnMeasure, EncoderRow, EncoderTable } from './encoder-table.js';
import { type EvaluationName, tableEvaluation } from './evaluations.js';
import { fileIdentity } from './file-identity.js';
import { type SetName, setNames } from './sets.js';

/** Which encoders a table takes, and what each is asked. Nothing is trained, and nothing written. */

/** As many as claims need: an encoder takes long, and is then asked many things. */
export const ENCODER_SEEDS = LEAST_SEEDS;

/** An encoder of a row with one seed. */
export type PlannedEncoder = {
  /** What it is, as far as its numbers depend on it. */
  readonly key: string;
  readonly seed: number;
} & (
  | { readonly kind: 'trained'; readonly name: string; readonly config: Config }
  | { readonly kind: 'untrained'; readonly config: Config }
  | { readonly kind: 'given'; readonly path: string }
);

/** One evaluation of one encoder, of which several columns may show numbers. */
export interface PlannedEvaluation {
  /** "byol-linear-imagenet-seed0": names its record. */
  readonly name: string;
  readonly row: EncoderRow;
  readonly seed: number;
  readonly encoder: PlannedEncoder;
  readonly by: EvaluationName;
  readonly protocol: string;
  readonly settings: object;
  readonly set: PlacedSet & { readonly config: DataConfig };
  /** A record with another one is of another experiment. */
  readonly key: string;
}

export interface PlannedColumn extends ColumnMeasure {
  readonly name: string;
  readonly set: SetName;
  /** Why it is not measured. */
  readonly notRun?: string;
}

export interface PlannedEncoderRow {
  readonly row: EncoderRow;
  /** With seed 0; null: not measured, or an encoder that is given. */
  readonly config: Config | null;
  /** Why it is not measured. */
  readonly notRun?: string;
}

/** The encoders and evaluations of a table at a scale. */
export interface EncoderPlan {
  readonly table: EncoderTable;
  readonly scale: ScaleName;
  readonly seeds: number;
  readonly base: EncoderBase;
  readonly columns: readonly PlannedColumn[];
  readonly rows: readonly PlannedEncoderRow[];
  /** The table's; none where an encoder is given, of which it says nothing. */
  readonly claims: readonly CellClaim[];
  /** Seed by seed and encoder by encoder. */
  readonly evaluations: readonly PlannedEvaluation[];
}

/** At which scale, of how many seeds, and of which encoder. */
export interface EncoderPlanOptions extends SetPlaces {
  readonly scale?: ScaleName | undefined;
  /** Seeds 0 to seeds - 1 of every row; 3 if left out, of an encoder that is given 1. */
  readonly seeds?: number | undefined;
  /** A file of weights or the folder of a run: it is asked, in place of the table's rows. */
  readonly encoder?: string | undefined;
}

/**
 * Which encoders a table takes and what each is asked, for runEncoderTable().
 *
 * @throws ByolError ERR_BYOL_USAGE: fewer than one seed, a set that there is not. ERR_BYOL_DATA: nothing can be measured, since
 * no images are there. ERR_BYOL_IO: the encoder that is given is not there.
 */
export async function planEncoderTable(table: EncoderTable, options: EncoderPlanOptions = {}): Promise<EncoderPlan> {
  option.checkOptions('planEncoderTable()', options, {
    scale: option.oneOf(scaleNames),
    seeds: option.number,
    data: option.path,
    dataOf: option.settings,
    encoder: option.path,
  });
  const { scale = 'ci', encoder, data, dataOf = {} } = options;
  const seeds = options.seeds ?? (encoder === undefined ? ENCODER_SEEDS : 1);
  if (!Number.isInteger(seeds) || seeds < 1) {
    throw new ByolError('ERR_BYOL_USAGE', `The number of seeds must be a whole number from 1, got ${seeds}.`);
  }
  for (const name of Object.keys(dataOf)) requireSet(name);
  const base = await encoderBase(scale, table, { data, dataOf });
  const given = encoder === undefined ? null : { path: encoder, ...(await fileIdentity(encoder)) };
  const columns = table.columns.map((name, index): PlannedColumn => {
    const measure = table.measures[index] as ColumnMeasure;
    const { config, text } = setOf(base, measure.set);
    return { ...measure, name, ...(config === null && { notRun: text }) };
  });
  const rows: readonly PlannedEncoderRow[] = [
    ...table.rows.map(
      (row): PlannedEncoderRow =>
        given === null ? planRow(table, row, scale, base) : { row, config: null, notRun: 'another encoder is given' },
    ),
    ...(given === null ? [] : givenRows(table, given.name).map((row): PlannedEncoderRow => ({ row, config: null }))),
  ];
  const evaluations = Array.from({ length: seeds }, (_, seed) =>
    rows.flatMap(({ row, config, notRun }) => {
      if (notRun !== undefined) return [];
      const planned: PlannedEncoder | null =
        given !== null
          ? { kind: 'given', path: given.path, key: given.key, seed }
          : config && encoderOf(row, { ...config, seed });
      return planned === null ? [] : evaluationsOf(row, planned, columns, scale, base);
    }),
  ).flat();
  if (evaluations.length === 0) throw nothingToMeasure(scale, columns, rows);
  const folder = given === null ? base.folder : `${base.folder}-${given.name}`;
  return {
    table,
    scale,
    seeds,
    base: { ...base, folder },
    columns,
    rows,
    claims: given === null ? table.claims : [],
    evaluations,
  };
}

function requireSet(name: string): void {
  if ((setNames as readonly string[]).includes(name)) return;
  throw new ByolError('ERR_BYOL_USAGE', `There is no set '${name}' in the tables. There are: ${setNames.join(', ')}.`);
}

function setOf({ sets }: EncoderBase, name: SetName): PlacedSet {
  return sets.get(name) as PlacedSet;
}

/** A given encoder has a row for each way in which the table asks. */
function givenRows({ rows }: EncoderTable, name: string): EncoderRow[] {
  const ways = new Set(rows.map(({ by }) => by));
  return [...ways].map((by) => {
    const way = by === undefined ? '' : `-${by}`;
    return {
      id: `given${way}`,
      label: by === undefined ? name : `${tableEvaluation(by).short}: ${name}`,
      published: [],
      source: 'measured only',
      ...(by !== undefined && { by }),
    };
  });
}

function planRow(table: EncoderTable, row: EncoderRow, scale: ScaleName, base: EncoderBase): PlannedEncoderRow {
  const { encoder } = row;
  const not = (notRun: string): PlannedEncoderRow => ({ row, config: null, notRun });
  if (encoder === undefined) return not('published only');
  if (scale === 'ci' && table.ciRows !== undefined && !table.ciRows.includes(row.id)) {
    return not("left out at scale 'ci', which has time for some rows only");
  }
  const images = setOf(base, encoder.on ?? 'imagenet');
  // An untrained network needs no images, but is only there to be compared with.
  if (images.config === null) return not(`there is nothing to train with: ${images.text}`);
  const patch = encoder.settings?.(base.config) ?? {};
  const network = resolveConfig({
    base: base.config,
    patch: { ...patch, data: images.config, ...(images.epochs !== undefined && { epochs: images.epochs }) },
  });
  const { method } = encoder;
  return { row, config: method === 'untrained' ? network : methods[method](network) };
}

function encoderOf({ encoder }: EncoderRow, config: Config): PlannedEncoder {
  const { seed } = config;
  const hash = configHash(config);
  if (encoder?.method === 'untrained')
    return { kind: 'untrained', config, seed, key: `untrained ${untrainedHash(config)}` };
  const name = `${encoder?.method}-${encoder?.on ?? 'imagenet'}-seed${seed}-${hash.slice(0, 8)}`;
  return { kind: 'trained', name, config, seed, key: hash };
}

/** Of what an untrained network is: not of how one would have been trained. */
function untrainedHash({ encoder, norm, views, seed, precision, evaluation: { transform } }: Config): string {
  const { size, resampling, antialias, mean, std } = views;
  return sha256({ encoder, norm, size, resampling, antialias, mean, std, seed, precision, transform });
}

function evaluationsOf(
  row: EncoderRow,
  encoder: PlannedEncoder,
  columns: readonly PlannedColumn[],
  scale: ScaleName,
  base: EncoderBase,
): PlannedEvaluation[] {
  const found = new Map<string, PlannedEvaluation>();
  for (const { set: setName, by: ofColumn } of columns) {
    const by = row.by ?? ofColumn;
    const set = setOf(base, setName);
    const { config } = set;
    if (config === null) continue;
    const name = `${row.id}-${by}-${setName}-seed${encoder.seed}`;
    const { protocol, settings } = tableEvaluation(by);
    const given = settings(scale, base.config);
    const key = sha256({
      encoder: encoder.key,
      seed: encoder.seed,
      protocol,
      settings: given,
      set: set.text,
      data: withoutPlace(config),
    });
    found.set(name, {
      name,
      row,
      seed: encoder.seed,
      encoder,
      by,
      protocol,
      settings: given,
      set: { ...set, config },
      key,
    });
  }
  return [...found.values()];
}

/** Where images lie changes no number. */
function withoutPlace(data: DataConfig): object {
  return Object.fromEntries(Object.entries(data).filter(([key]) => roleOf(`data.${key}`)?.decides === 'numbers'));
}

function sha256(value: object): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function nothingToMeasure(
  scale: ScaleName,
  columns: readonly PlannedColumn[],
  rows: readonly PlannedEncoderRow[],
): ByolError {
  const ofColumns = columns.flatMap(({ notRun }) => notRun ?? []);
  const ofRows = rows.flatMap(({ row, notRun }) =>
    notRun === undefined || row.encoder === undefined ? [] : [`${row.label}: ${notRun}`],
  );
  // Where no column has images, rows have none either. Several columns ask about the same ones.
  const reasons = new Set(ofColumns.length === columns.length ? ofColumns : [...ofColumns, ...ofRows]);
  return new ByolError(
    'ERR_BYOL_DATA',
    `Nothing of the table can be measured at scale '${scale}': ${[...reasons].join('; ')}.`,
    {
      hint:
        scale === 'ci'
          ? 'Where they lie: --data DIR, --data-of NAME=PATH; npx byol data fetch NAME --out DIR brings public ones. Without any, images are generated.'
          : 'Where images lie: --data PATH, --data-of NAME=PATH. Without any: --scale ci.',
    },
  );
}
