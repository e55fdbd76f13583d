import type { z } from 'zod';
import { nearest } from '../text/nearest.js';
import { isSettings } from './layers.js';
import {
  allPaths,
  alternatives,
  describe,
  formatPath,
  listWords,
  nodeAt,
  type Path,
  quote,
  type SchemaNode,
  tagOf,
  valueAt,
  variantFor,
} from './schema-tree.js';

/** One thing that is wrong with a configuration, in words. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** What the schema found, one problem per setting, in the order of the schema. */
export function problemsOf(issues: readonly Issue[], value: unknown): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(path, key, value) }));
    }
    return [{ path, message: wrongValue(issue, path, value) }];
  });
}

/** "baseLearningRte is not a setting; did you mean optimizer.baseLearningRate?" without the path itself. */
function unknownKey(parent: Path, key: string, value: unknown): string {
  const union = nodeAt(parent, value);
  const here = union && variantFor(union, valueAt(value, parent));
  const known = Object.keys(here?.properties ?? {});
  if (key.includes('.')) return nested(parent, key, value);
  const sibling = nearest(key, known);
  const elsewhereInUnion = union && otherVariant(union, parent, key, value);
  if (elsewhereInUnion !== undefined && (sibling === undefined || !sameWord(sibling, key))) return elsewhereInUnion;
  if (sibling !== undefined) return `not a setting; did you mean ${formatPath([...parent, sibling])}?`;
  const paths = allPaths();
  const name = nearest(key, [...new Set(paths.map((path) => path.at(-1) as string))]);
  if (name !== undefined) {
    const places = paths.filter((path) => path.at(-1) === name).map(formatPath);
    return `not a setting; did you mean ${listWords([...new Set(places)])}?`;
  }
  return `not a setting; ${parent.length === 0 ? 'there are' : `${formatPath(parent)} has`} ${listWords(known, 'and')}`;
}

/** In a file or an object, a path as in --set is no key. */
function nested(parent: Path, key: string, value: unknown): string {
  const known = allPaths().map((path) => path.join('.'));
  const written = formatPath([...parent, key]);
  const meant = nodeAt(written.split('.'), value) === undefined ? nearest(written, known) : written;
  if (meant === undefined) return 'not a setting; groups of settings are nested: data: {path: images}';
  const given = valueAt(value, [...parent, key]);
  const tail = meant.split('.').slice(parent.length);
  const inner = `${tail.at(-1)}: ${typeof given === 'string' ? given : JSON.stringify(given)}`;
  const example = tail.slice(0, -1).reduceRight((text, group) => `${group}: {${text}}`, inner);
  return `not a setting as it stands; groups are nested: ${example}`;
}

function sameWord(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** A key that belongs to another kind: "only with optimizer.kind 'lars', which is 'sgd'". */
function otherVariant(union: SchemaNode, parent: Path, key: string, value: unknown): string | undefined {
  const tag = tagOf(union);
  if (tag === undefined) return undefined;
  const owners = alternatives(union).filter(
    (option) => option.properties !== undefined && Object.hasOwn(option.properties, key),
  );
  if (owners.length === 0) return undefined;
  const kinds = listWords(owners.map((option) => quote(option.properties?.[tag]?.const)));
  const tagPath = [...parent, tag];
  return `only with ${formatPath(tagPath)} ${kinds}, but that is ${quote(valueAt(value, tagPath))}`;
}

function wrongValue(issue: Issue, path: Path, value: unknown): string {
  const got = valueAt(value, path);
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) return wrongTag(path, got, value);
  const node = nodeAt(path, value);
  // Checks that JSON Schema cannot express carry their own words.
  const expected = node === undefined || issue.code === 'custom' ? issue.message : `expected ${describe(node)}`;
  if (got === undefined) return `missing; ${expected}`;
  // What is wrong about a group as a whole is said by its own check.
  if (issue.code === 'custom' && isSettings(got)) return expected;
  const hint = typeof got === 'string' && node !== undefined ? rewritten(got, node) : '';
  return `${expected}, got ${show(got)}${hint}`;
}

/** `path` leads to the tag itself. */
function wrongTag(path: Path, got: unknown, value: unknown): string {
  const tag = String(path.at(-1));
  const union = nodeAt(path.slice(0, -1), value);
  const known = (union ? alternatives(union) : []).flatMap((option) => option.properties?.[tag]?.const ?? []);
  const expected = `expected ${listWords(known.map(quote))}`;
  if (got === undefined) return `missing; ${expected}`;
  return `${expected}, got ${show(got)}${typeof got === 'string' ? suggestion(got, known) : ''}`;
}

function literals(node: SchemaNode): unknown[] {
  return alternatives(node).flatMap((option) => option.enum ?? (option.const === undefined ? [] : [option.const]));
}

/** What text was meant to be: one of the words that are taken, a number in quotes, YAML 1.1's words for true and false. */
function rewritten(got: string, node: SchemaNode): string {
  const types = alternatives(node).map(({ type }) => type);
  if (types.includes('boolean') && /^(y|yes|on)$/i.test(got)) return '; write true';
  if (types.includes('boolean') && /^(n|no|off)$/i.test(got)) return '; write false';
  const digits = got.replace(/(?<=\d)[_,](?=\d)/g, '').trim();
  if ((types.includes('number') || types.includes('integer')) && digits !== '' && Number.isFinite(Number(digits))) {
    return `; write the number ${Number(digits)}, without quotes`;
  }
  return suggestion(got, literals(node));
}

function suggestion(got: string, known: readonly unknown[]): string {
  const near = nearest(
    got,
    known.filter((item) => typeof item === 'string'),
  );
  return near === undefined ? '' : `; did you mean '${near}'?`;
}

/** Short enough for one line. */
function show(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const text = quote(value) ?? typeof value;
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
