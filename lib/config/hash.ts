import { createHash } from 'node:crypto';
import { additions } from './additions.js';
import { withKnownClasses } from './classes.js';
import { firstNames } from './old-names.js';
import type { Config } from './schema.js';
import { settingRoles } from './setting-roles.js';

/** JSON with sorted keys and no white space: equal values give equal text, whatever order their keys were written in. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(value);
}

/**
 * SHA-256 (hex) of what decides a run's numbers, so that results of the same experiment can be found and compared. Left out
 * are added settings that change nothing (additions.ts), where it ran and where its files lie: the names of preset and method,
 * device, threads, the data's path, how often it was saved. Renamed settings go by their first names (old-names.ts): whatever
 * settings are called, a finished result stays the same experiment.
 */
export function configHash(config: Config): string {
  const experiment = structuredClone(withKnownClasses(config)) as Record<string, unknown>;
  for (const [path, { decides }] of Object.entries(settingRoles)) {
    if (decides !== 'numbers') leaveOut(experiment, path.split('.'));
  }
  for (const [path, before] of Object.entries(additions)) leaveOut(experiment, path.split('.'), canonicalJson(before));
  return createHash('sha256')
    .update(canonicalJson(firstNames(experiment)))
    .digest('hex');
}

/** Removes what is at `path`; with `value` only where it is that. */
function leaveOut(settings: object, path: readonly string[], value?: string): void {
  const [key, ...rest] = path as [string, ...string[]];
  const entries = settings as Record<string, unknown>;
  const found = entries[key];
  if (rest.length === 0) {
    if (found !== undefined && (value === undefined || canonicalJson(found) === value)) delete entries[key];
  } else if (found !== null && typeof found === 'object') leaveOut(found, rest, value);
}
