import { defaultsOf } from './defaults.js';
import { formatPath, nodeAt, type Path, variantFor } from './schema-tree.js';

/** Settings as they were written: checked when all layers are on top of each other. */
export type Settings = { [key: string]: unknown };

export function isSettings(value: unknown): value is Settings {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** A copy that shares nothing, not even within itself (structuredClone, and YAML's aliases, keep shared parts shared). */
export function copySettings<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copySettings) as T;
  if (!isSettings(value)) return value;
  const copy: Settings = {};
  for (const [key, item] of Object.entries(value)) define(copy, key, copySettings(item));
  return copy as T;
}

/**
 * `layer` over `base`, neither changed: groups of settings merge key by key, everything else (lists too) is replaced, but for
 * entries of a list that are given by their numbers: `{ 1: value }`. Where the layer chooses another `kind`, settings that only
 * the old kind has go, and the new kind's start from its defaults, where there are any.
 */
export function mergeLayer(base: unknown, layer: unknown, path: Path = []): unknown {
  if (!isSettings(layer)) return copySettings(layer);
  if (Array.isArray(base) && hasEntriesOf(base, layer)) {
    return base.map((item: unknown, i) =>
      Object.hasOwn(layer, i) ? mergeLayer(item, layer[i], [...path, i]) : copySettings(item),
    );
  }
  const start = startFor(isSettings(base) ? base : {}, layer, path);
  const merged: Settings = {};
  for (const key of new Set([...Object.keys(start), ...Object.keys(layer)])) {
    const value = Object.hasOwn(layer, key)
      ? mergeLayer(Object.hasOwn(start, key) ? start[key] : undefined, layer[key], [...path, key])
      : copySettings(start[key]);
    define(merged, key, value);
  }
  return merged;
}

function hasEntriesOf(list: readonly unknown[], layer: Settings): boolean {
  return Object.keys(layer).every((key) => /^\d+$/.test(key) && Number(key) < list.length);
}

/** What a layer's settings go on top of: the old ones, or the new kind's defaults with what both kinds share. */
function startFor(base: Settings, layer: Settings, path: Path): Settings {
  const kind = Object.hasOwn(layer, 'kind') ? layer.kind : base.kind;
  if (kind === base.kind) return base;
  const union = nodeAt(path, layer);
  const variant = union && variantFor(union, { kind });
  // Not a kind that exists: checked later, with what was written in view.
  if (typeof kind !== 'string' || variant === undefined) return base;
  const shared = Object.entries(base).filter(
    ([key]) => variant.properties !== undefined && Object.hasOwn(variant.properties, key),
  );
  return { ...defaultsOf(formatPath(path), kind), ...Object.fromEntries(shared), kind };
}

/** Not by assignment: that would make a file's "__proto__" the prototype instead of an unknown key. */
function define(settings: Settings, key: string, value: unknown): void {
  Object.defineProperty(settings, key, { value, enumerable: true, writable: true, configurable: true });
}
