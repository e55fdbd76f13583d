import { basename, extname } from 'node:path';
import { z } from 'zod';
import { readConfigFile } from '../config/config-file.js';
import type { ConfigPatch } from '../config/layers.js';
import { ByolError } from '../errors.js';
import { rowsOf } from './claims.js';
import { accuracies, type Measure, measures } from './judging/measures.js';
import { tables } from './published/index.js';
import type { Table } from './table.js';

/** A table of one's own as a YAML or JSON file: the same data as a file in published/, with settings as a configuration file has them. */

const identifier = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "expected lower case letters, digits, '-' and '.'");
const text = z.string().min(1);
const number = z.union([z.number(), z.tuple([z.number(), z.number().min(0)])]).nullable();
const drop = z.strictObject({ from: text, to: text });

const accuracy = z.enum(accuracies).optional();
const measure = z.enum(Object.keys(measures) as [Measure]).optional();

const anyClaim = { says: text, explained: text.optional() };
const claimSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...anyClaim, kind: z.enum(['collapses', 'doesNotCollapse']), row: text }),
  z.strictObject({ ...anyClaim, kind: z.literal('learns'), row: text, by: accuracy }),
  z.strictObject({ ...anyClaim, kind: z.literal('better'), row: text, than: text, by: measure }),
  z.strictObject({
    ...anyClaim,
    kind: z.literal('close'),
    row: text,
    to: text,
    by: measure,
    within: z.number().positive().optional(),
  }),
  z.strictObject({ ...anyClaim, kind: z.literal('losesMore'), drop, thanDrop: drop, by: measure }),
]);

const settings = z.record(z.string(), z.unknown());

const tableSchema = z.strictObject({
  /** Of its folder; the file's name if left out. */
  id: identifier.optional(),
  title: text,
  /** Where published numbers are from. */
  source: text.optional(),
  columns: z.array(text).min(1).default(['top-1']),
  rows: z
    .array(
      z.strictObject({
        id: identifier,
        label: text,
        published: z.array(number).default([]),
        source: text.optional(),
        settings: settings.optional(),
      }),
    )
    .min(1),
  claims: z.array(claimSchema).default([]),
  judgedBy: accuracy,
  ciSettings: settings.optional(),
  notes: z.array(text).optional(),
});

/** Whether a name on the command line is that of a file and not of a published table. */
export function isTableFile(name: string): boolean {
  return /^\.(ya?ml|json[c5]?)$/i.test(extname(name));
}

/**
 * Throws ERR_BYOL_CONFIG: the file cannot be read, or a list of everything that is wrong in it. What rows set is checked when
 * the table is planned.
 */
export function readTableFile(path: string): Table {
  const parsed = tableSchema.safeParse(readConfigFile(path));
  if (!parsed.success) {
    throw wrongFile(
      path,
      parsed.error.issues.map(({ path: at, message }) => `${at.length === 0 ? 'table' : at.join('.')}: ${message}`),
    );
  }
  const { rows, claims, source, ciSettings, ...rest } = parsed.data;
  const id = parsed.data.id ?? basename(path, extname(path)).toLowerCase();
  const problems = [
    ...(identifier.safeParse(id).success ? [] : [`id: '${id}', from the file's name, cannot name a folder; give one`]),
    ...(tables.some((table) => table.id === id) ? [`id: '${id}' is a published table; give another`] : []),
    ...duplicates(rows.map((row) => row.id)).map((row) => `rows: '${row}' is there twice`),
    ...claims.flatMap((claim, index) =>
      rowsOf(claim)
        .filter((row) => !rows.some((item) => item.id === row))
        .map((row) => `claims.${index}: there is no row '${row}'`),
    ),
  ];
  if (problems.length > 0) throw wrongFile(path, problems);
  return {
    ...rest,
    id,
    source: source ?? basename(path),
    rows: rows.map((row) => ({ ...row, settings: (row.settings ?? {}) as ConfigPatch })),
    claims,
    ...(ciSettings !== undefined && { ciSettings: ciSettings as ConfigPatch }),
  } as Table;
}

function duplicates(ids: readonly string[]): string[] {
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}

function wrongFile(path: string, problems: readonly string[]): ByolError {
  return new ByolError('ERR_BYOL_CONFIG', `${path} is not a table: ${problems.join('; ')}.`, {
    hint: 'An example: byol tables --help',
  });
}
