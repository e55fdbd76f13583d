import { createHash } from 'node:crypto';
import type { Config } from './schema.js';

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
 * is where it ran and where its files lie: the names of preset and method, device, threads, the data's path, how often it was saved.
 */
export function configHash(config: Config): string {
  const {
    preset: _preset,
    method: _method,
    device: _device,
    threads: _threads,
    checkpoint: _checkpoint,
    data,
    ...experiment
  } = config;
  const images = Object.fromEntries(Object.entries(data).filter(([key]) => key !== 'path'));
  return createHash('sha256')
    .update(canonicalJson({ ...experiment, data: images }))
    .digest('hex');
}
