import { nameOf } from '../data/data-kind.js';
import { dataKinds } from '../data/kinds/index.js';
import { oneRate } from './presets/shared.js';
import type { Config } from './schema.js';
import { formatPath, nodeAt, type Path, variantFor } from './schema-tree.js';

/** Settings of which any may be left out. Lists are given whole; `null` removes what may be removed. */
export type ConfigPatch = { readonly [K in keyof Config]?: PatchOf<Config[K]> };

/** In groups with kinds, of every kind. */
type PatchOf<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: PatchOf<T[K]> } : T;

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
  const keys = Object.keys(layer);
  return keys.length > 0 && keys.every((key) => /^\d+$/.test(key) && Number(key) < list.length);
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

/**
 * What a setting with a `kind` starts from when another kind is chosen than the preset's. Settings that both kinds have keep
 * the preset's values.
 */

type Kinds<T extends { kind: string }> = {
  readonly [K in T['kind']]: Readonly<Partial<Extract<T, { kind: K }>>> & { kind: K };
};

const optimizer: Kinds<Config['optimizer']> = {
  // The official code's (byol-facts 2.1).
  lars: {
    kind: 'lars',
    baseLearningRate: 0.2,
    weightDecay: 1.5e-6,
    momentum: 0.9,
    trustCoefficient: 1e-3,
    warmupEpochs: 10,
    ...oneRate,
  },
  // torch.optim.SGD as small-scale recipes use it.
  sgd: {
    kind: 'sgd',
    baseLearningRate: 0.1,
    weightDecay: 5e-4,
    momentum: 0.9,
    nesterov: false,
    decayNormAndBias: true,
    warmupEpochs: 0,
    ...oneRate,
  },
};

const predictor: Kinds<NonNullable<Config['predictor']>> = {
  // Hidden widths and output go with the network: they have to be given.
  mlp: { kind: 'mlp', hiddenBias: true, outputBias: false, outputNorm: false },
  optimal: { kind: 'optimal', ridge: 1e-6 },
};

const negatives: Kinds<NonNullable<Config['objective']['negatives']>> = {
  // Paper Table 5b.
  batch: { kind: 'batch', weight: 1, temperature: 0.1 },
  // MoCo v2.
  queue: { kind: 'queue', weight: 1, temperature: 0.2, size: 65_536 },
};

/** By the path of the setting that has kinds. */
const kindDefaults: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>> = {
  optimizer,
  predictor,
  'objective.negatives': negatives,
};

/** What the setting at `path` starts from with this kind; undefined: nothing. */
export function defaultsOf(path: string, kind: string): Readonly<Record<string, unknown>> | undefined {
  if (path === 'data') return dataKinds().find((known) => nameOf(known) === kind)?.defaults;
  return kindDefaults[path]?.[kind];
}
