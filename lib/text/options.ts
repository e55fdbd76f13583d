import { ByolError } from '../errors.js';
import { nearest } from './nearest.js';

/** What TypeScript's types say of a call's options, for callers who are not checked by it. */
export interface OptionCheck {
  readonly accepts: (value: unknown) => boolean;
  /** "a path": what it should be, in words. */
  readonly expected: string;
  readonly required?: true;
}

export const path: OptionCheck = {
  accepts: (value) => typeof value === 'string' && value.trim() !== '' && !value.includes('\0'),
  expected: 'a path',
};
export const text: OptionCheck = { accepts: (value) => typeof value === 'string', expected: 'a text' };
export const flag: OptionCheck = { accepts: (value) => typeof value === 'boolean', expected: 'true or false' };
export const number: OptionCheck = { accepts: (value) => typeof value === 'number', expected: 'a number' };
export const listener: OptionCheck = { accepts: (value) => typeof value === 'function', expected: 'a function' };
export const signal: OptionCheck = { accepts: (value) => value instanceof AbortSignal, expected: 'an AbortSignal' };
export const settings: OptionCheck = {
  accepts: (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
  expected: 'an object with settings',
};
export const texts: OptionCheck = {
  accepts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  expected: "a list of texts like 'key.path=value'",
};
export const required = (check: OptionCheck): OptionCheck => ({ ...check, required: true });
export const oneOf = (values: readonly string[]): OptionCheck => ({
  accepts: (value) => values.includes(value as string),
  expected: values.map((value) => `'${value}'`).join(' or '),
});

/** One check for every option that the type has: one that is forgotten here would be refused as unknown. */
export type OptionChecks<T> = { readonly [K in keyof T]-?: OptionCheck };

/**
 * Refuses unknown options, naming the nearest one, and values of the wrong type. Those that are undefined count as left out.
 * Throws ERR_BYOL_USAGE with everything that is wrong.
 *
 * @param call as the caller wrote it: 'train()'.
 */
export function checkOptions<T extends object>(call: string, options: T, checks: OptionChecks<T>): void {
  if (!settings.accepts(options)) {
    throw new ByolError('ERR_BYOL_USAGE', `${call}: the options must be an object, got ${show(options)}.`);
  }
  const given = Object.entries(options as object).filter(([, value]) => value !== undefined);
  const known = Object.keys(checks);
  const problems = given.flatMap(([key, value]) => {
    const check = Object.hasOwn(checks, key) ? checks[key as keyof T] : undefined;
    if (check === undefined) return [`'${key}' is not an option; ${meant(key, known)}`];
    return check.accepts(value) ? [] : [`${key} must be ${check.expected}, got ${show(value)}`];
  });
  for (const [key, check] of Object.entries<OptionCheck>(checks)) {
    if (check.required && !given.some(([name]) => name === key)) problems.push(`${key} is missing: ${check.expected}`);
  }
  if (problems.length > 0) throw new ByolError('ERR_BYOL_USAGE', `${call}: ${problems.join('; ')}.`);
}

function meant(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined ? `there are ${known.join(', ')}` : `did you mean '${near}'?`;
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return `'${value.length <= 60 ? value : `${value.slice(0, 57)}...`}'`;
  if (Array.isArray(value)) return 'a list';
  return value !== null && typeof value === 'object'
    ? `an object (${value.constructor?.name ?? 'Object'})`
    : String(value);
}
