import { z } from 'zod';
import { settingsSchema } from './schema.js';

/** The schema as a tree that can be walked and put into words: JSON Schema, as zod makes it. */

export type Path = readonly (string | number)[];

export interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly prefixItems?: readonly SchemaNode[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly pattern?: string;
}

const roots = new WeakMap<object, SchemaNode>();

/** Made when first needed: help and presets do without. */
export function schemaRoot(): SchemaNode {
  const schema = settingsSchema();
  const known = roots.get(schema);
  if (known !== undefined) return known;
  // io 'input': defaults and the like, if there are ever any, are described as a user writes them.
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
  roots.set(schema, root);
  return root;
}

/** 'views.pipelines.0.0.kind' */
export function formatPath(path: Path): string {
  return path.join('.');
}

/** The value at a path, undefined if it does not lead anywhere. Inherited properties do not count. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const key of path) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}

/** The schema at a path; `value` tells which of several kinds is meant. undefined: no such setting, or the kind is unknown. */
export function nodeAt(path: Path, value: unknown): SchemaNode | undefined {
  let node: SchemaNode | undefined = schemaRoot();
  let current = value;
  for (const key of path) {
    node = node && child(variantFor(node, current), key);
    current = valueAt(current, [key]);
  }
  return node;
}

/** The one of a union's alternatives that the value's tag ('kind') asks for; other nodes as they are. */
export function variantFor(node: SchemaNode, value: unknown): SchemaNode | undefined {
  const variants = alternatives(node).filter((option) => option.type !== 'null');
  if (variants.length === 1) return variants[0];
  const tag = tagOf(node);
  return tag === undefined
    ? undefined
    : variants.find((option) => option.properties?.[tag]?.const === valueAt(value, [tag]));
}

/** The key whose value tells the alternatives apart; undefined if there is none. */
export function tagOf(node: SchemaNode): string | undefined {
  const variants = alternatives(node).filter((option) => option.type !== 'null');
  if (variants.length < 2) return undefined;
  return Object.keys(variants[0]?.properties ?? {}).find((key) =>
    variants.every((option) => option.properties?.[key]?.const !== undefined),
  );
}

/** Alternatives of a union, nested ones included; a list of the node itself if it is none. */
export function alternatives(node: SchemaNode): readonly SchemaNode[] {
  const options = node.anyOf ?? node.oneOf;
  return options === undefined ? [node] : options.flatMap(alternatives);
}

/** Paths of all settings of all kinds, entries of lists left out. */
export function allPaths(): string[][] {
  const walk = (node: SchemaNode, path: readonly string[]): string[][] =>
    alternatives(node).flatMap((option) =>
      Object.entries(option.properties ?? {}).flatMap(([key, next]) => [[...path, key], ...walk(next, [...path, key])]),
    );
  return walk(schemaRoot(), []);
}

/** What a setting takes, in words: "a whole number above 0", "'lars' or 'sgd'". */
export function describe(node: SchemaNode): string {
  const options = alternatives(node);
  if (options.length > 1) {
    const tag = tagOf(node);
    if (tag !== undefined)
      return `settings with ${tag} ${listWords(options.flatMap((option) => tagWord(option, tag)))}`;
    return listWords(options.flatMap((option) => option.enum?.map(quote) ?? [describe(option)]));
  }
  if (node.const !== undefined) return quote(node.const);
  if (node.enum !== undefined) return listWords(node.enum.map(quote));
  switch (node.type) {
    case 'integer':
      return `a whole number${describeRange(node)}`;
    case 'number':
      return `a number${describeRange(node)}`;
    case 'string':
      if (node.pattern?.startsWith('^cuda:')) return "'cuda:N'";
      return node.minLength === undefined ? 'text' : 'text that is not empty';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return describeList(node);
    default:
      return `settings: ${Object.keys(node.properties ?? {}).join(', ')}`;
  }
}

/** "a", "a or b", "a, b or c". */
export function listWords(words: readonly string[], last = 'or'): string {
  const distinct = [...new Set(words)];
  if (distinct.length < 2) return distinct.join('');
  return `${distinct.slice(0, -1).join(', ')} ${last} ${distinct.at(-1)}`;
}

export function quote(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

function tagWord(option: SchemaNode, tag: string): string[] {
  const value = option.properties?.[tag]?.const;
  return value === undefined ? [] : [quote(value)];
}

function child(node: SchemaNode | undefined, key: string | number): SchemaNode | undefined {
  if (node?.type === 'array') {
    const index = Number(key);
    return Number.isInteger(index) && index >= 0 ? (node.prefixItems?.[index] ?? node.items) : undefined;
  }
  return node?.properties !== undefined && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined;
}

function describeRange(node: SchemaNode): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = node;
  if (isLimit(minimum) && isLimit(maximum)) return ` from ${minimum} to ${maximum}`;
  const parts: string[] = [];
  if (exclusiveMinimum !== undefined) parts.push(`above ${exclusiveMinimum}`);
  else if (isLimit(minimum)) parts.push(`of at least ${minimum}`);
  if (exclusiveMaximum !== undefined) parts.push(`below ${exclusiveMaximum}`);
  else if (isLimit(maximum)) parts.push(`of at most ${maximum}`);
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}

/** Whole numbers are always limited to what a double can tell apart; nobody wants to read that. */
function isLimit(bound: number | undefined): bound is number {
  return bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
}

function describeList(node: SchemaNode): string {
  const { prefixItems, items, minItems = 0, maxItems } = node;
  const each = prefixItems?.[0] ?? items;
  const entry = each === undefined ? '' : `, each ${describe(each)}`;
  if (prefixItems !== undefined) return `a list of ${prefixItems.length}${entry}`;
  if (isLimit(maxItems)) return `a list of ${minItems} to ${maxItems}${entry}`;
  return `a list${minItems > 0 ? ` of at least ${minItems}` : ''}${entry}`;
}
