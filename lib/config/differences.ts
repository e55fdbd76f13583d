import type { Config } from './schema.js';
import { roleOf } from './setting-roles.js';

/** One setting that differs, by its path as in `--set`. */
export interface Difference {
  readonly path: string;
  readonly old: unknown;
  readonly new: unknown;
}

/** Every leaf in which two configurations differ, in the order of the old one. */
export function differences(older: unknown, newer: unknown, path = ''): Difference[] {
  if (isTree(older) && isTree(newer)) {
    const keys = [...new Set([...Object.keys(older), ...Object.keys(newer)])];
    return keys.flatMap((key) => differences(older[key], newer[key], path === '' ? key : `${path}.${key}`));
  }
  return JSON.stringify(older) === JSON.stringify(newer) ? [] : [{ path, old: older, new: newer }];
}

export interface ResumeDifferences {
  /** These make it another experiment. */
  readonly refused: readonly Difference[];
  readonly allowed: readonly Difference[];
}

export function resumeDifferences(older: Config, newer: Config): ResumeDifferences {
  const all = differences(older, newer);
  const isAllowed = ({ path }: Difference): boolean => roleOf(path)?.resumable === true;
  return { refused: all.filter((item) => !isAllowed(item)), allowed: all.filter(isAllowed) };
}

/** "batchSize: 256 -> 128", one a line. */
export function formatDifferences(items: readonly Difference[]): string {
  const show = (value: unknown): string => (value === undefined ? '(absent)' : JSON.stringify(value));
  return items.map((item) => `  ${item.path}: ${show(item.old)} -> ${show(item.new)}`).join('\n');
}

/** Plain objects and arrays of objects; lists of plain values are shown whole. */
function isTree(value: unknown): value is Record<string, unknown> {
  if (Array.isArray(value)) return value.some((item) => item !== null && typeof item === 'object');
  return value !== null && typeof value === 'object';
}
