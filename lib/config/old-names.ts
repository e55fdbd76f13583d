/**
 * Settings that were renamed. Files, patches, `--set` and run folders that have the old names keep their meaning, and so do
 * finished results: configHash() goes by the names that settings had first.
 */

export interface Rename {
  /** As in `--set`; `*` is any entry of a list. */
  readonly from: string;
  /** In the same group as `from`, or in a group within that. */
  readonly to: string;
  /** Values that were renamed with it, new ones by their old ones. */
  readonly values?: Readonly<Record<string, string>>;
}

/** In the order of their application: a later one goes by the names that earlier ones made. */
export const renames: readonly Rename[] = [
  { from: 'views.view1', to: 'views.pipelines.0' },
  { from: 'views.view2', to: 'views.pipelines.1' },
  { from: 'views.pipelines.*.*.method', to: 'views.pipelines.*.*.sampling' },
  { from: 'optimizer.projectorRate', to: 'optimizer.projectorLearningRateScale' },
  { from: 'optimizer.predictorRate', to: 'optimizer.predictorLearningRateScale' },
  { from: 'supervision.labelled', to: 'supervision.labelFraction' },
  { from: 'supervision.labelledShare', to: 'supervision.labelledPerBatch' },
  {
    from: 'evaluation.linear.views',
    to: 'evaluation.linear.features',
    values: { cached: 'fixed', 'crop-flip': 'per-epoch' },
  },
  { from: 'evaluation.linear.heldOut', to: 'evaluation.linear.validationFraction' },
];

type Key = string | number;
type Group = Readonly<Record<string, unknown>>;

/**
 * Settings under the names of now, as a copy where some have old ones. Where a setting has both its names, the old one stays:
 * the schema refuses it. One entry of a list is given as that entry alone, `{ 1: value }`, as mergeLayer() takes it.
 *
 * @param source where the settings come from, for the warning: one that names those of which nothing has been said yet.
 */
export function currentNames(settings: Group, source?: string): Group {
  let current = settings;
  const found: Rename[] = [];
  for (const rename of renames) {
    const moved = move(current, rename);
    if (moved !== current) found.push(rename);
    current = moved;
  }
  warn(found, source);
  return wholeLists(current);
}

/** Where a setting is found now, for a path of `--set`; `text` is its value as it was written. */
export function currentPlace(
  path: readonly Key[],
  text: string,
  source?: string,
): { readonly path: readonly Key[]; readonly text: string } {
  let current = { path, text };
  const found: Rename[] = [];
  for (const rename of renames) {
    const from = rename.from.split('.');
    const wildcards = matchStart(current.path, from);
    if (wildcards === undefined) continue;
    const value = current.path.length === from.length ? newValue(rename, unquoted(current.text)) : undefined;
    current = {
      path: [...bind(rename.to, wildcards), ...current.path.slice(from.length)],
      text: value ?? current.text,
    };
    found.push(rename);
  }
  warn(found, source);
  return current;
}

/** A group of settings, or another value, that goes to `path` (a place of now), with the names of now within it. */
export function currentValue(path: readonly Key[], value: unknown, source?: string): unknown {
  return at(currentNames(put({}, path, value) as Group, source), path);
}

/** The opposite of currentNames(): settings under the names that they had at first. */
export function firstNames(settings: Group): Group {
  return renames.reduceRight((current, { from, to, values = {} }) => {
    const back = Object.fromEntries(Object.entries(values).map(([old, now]) => [now, old]));
    return move(current, { from: to, to: from, values: back });
  }, settings);
}

/** undefined: the value was not renamed. */
function newValue({ values = {} }: Rename, value: string): string | undefined {
  return Object.hasOwn(values, value) ? values[value] : undefined;
}

function unquoted(text: string): string {
  return text.replace(/^(['"])(.*)\1$/, '$2');
}

const told = new Set<string>();

function warn(found: readonly Rename[], source = 'The configuration'): void {
  const news = found.filter(({ from }) => !told.has(from));
  if (news.length === 0) return;
  for (const { from } of news) told.add(from);
  const list = news.map(({ from, to }) => `${from} (now ${to})`).join(', ');
  process.emitWarning(`${source} has old names of settings, which are still read: ${list}.`, {
    type: 'DeprecationWarning',
    code: 'BYOL_OLD_NAME',
  });
}

/** Settings that are not there, and those whose new name is taken, are left as they are. */
function move(settings: Group, rename: Rename): Group {
  let current: unknown = settings;
  for (const { path, wildcards, value } of placesOf(settings, rename.from.split('.'))) {
    const target = bind(rename.to, wildcards);
    if (at(current, target) !== undefined) continue;
    const renamed = typeof value === 'string' ? (newValue(rename, value) ?? value) : value;
    current = without(put(current, target, renamed), path);
  }
  return current as Group;
}

interface Place {
  readonly path: readonly string[];
  /** What each `*` of the pattern stands for. */
  readonly wildcards: readonly string[];
  readonly value: unknown;
}

function placesOf(value: unknown, [key, ...rest]: readonly string[]): Place[] {
  if (key === undefined) return value === undefined ? [] : [{ path: [], wildcards: [], value }];
  if (value === null || typeof value !== 'object') return [];
  const keys = key === '*' ? Object.keys(value) : [key];
  return keys.flatMap((name) =>
    placesOf(entry(value, name), rest).map((place) => ({
      path: [name, ...place.path],
      wildcards: key === '*' ? [name, ...place.wildcards] : place.wildcards,
      value: place.value,
    })),
  );
}

/** What each `*` stands for where the path begins as the pattern; undefined: it does not. */
function matchStart(path: readonly Key[], pattern: readonly string[]): string[] | undefined {
  const fits = path.length >= pattern.length && pattern.every((key, i) => key === '*' || key === String(path[i]));
  return fits ? pattern.flatMap((key, i) => (key === '*' ? [String(path[i])] : [])) : undefined;
}

/** A pattern with its `*` filled in; numbers are places in lists. */
function bind(pattern: string, wildcards: readonly string[]): Key[] {
  const left = [...wildcards];
  return pattern.split('.').map((key) => {
    const name = key === '*' ? (left.shift() ?? key) : key;
    return /^\d+$/.test(name) ? Number(name) : name;
  });
}

function entry(value: object, key: Key): unknown {
  return Object.hasOwn(value, key) ? (value as Readonly<Record<Key, unknown>>)[key] : undefined;
}

function at(value: unknown, path: readonly Key[]): unknown {
  return path.reduce<unknown>(
    (group, key) => (group !== null && typeof group === 'object' ? entry(group, key) : undefined),
    value,
  );
}

/** A copy of `value` with `item` at the path; groups on the way are made. */
function put(value: unknown, [key, ...rest]: readonly Key[], item: unknown): unknown {
  if (key === undefined) return item;
  if (Array.isArray(value)) return value.map((old, i) => (i === Number(key) ? put(old, rest, item) : old));
  const group = value !== null && typeof value === 'object' ? value : {};
  return { ...group, [key]: put(entry(group, key), rest, item) };
}

/** A copy of `value` without what is at the path; groups, and lists, that become empty by it go as well. */
function without(value: unknown, [key, ...rest]: readonly Key[]): unknown {
  if (value === null || typeof value !== 'object' || key === undefined) return undefined;
  const left = rest.length === 0 ? undefined : without(entry(value, key), rest);
  if (left !== undefined) return put(value, [key], left);
  const entries = Object.entries(value).filter(([name]) => name !== String(key));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Entries of a list that came one by one are a list where all are there that have a place in one. */
function wholeLists(settings: Group): Group {
  const lists = new Map<string, number>();
  for (const { to } of renames) {
    const [, list, index] = /^(.*)\.(\d+)$/.exec(to) ?? [];
    if (list !== undefined) lists.set(list, Math.max(lists.get(list) ?? 0, Number(index) + 1));
  }
  let current: unknown = settings;
  for (const [list, length] of lists) {
    const path = list.split('.');
    const found = at(current, path);
    if (found === undefined || found === null || typeof found !== 'object' || Array.isArray(found)) continue;
    const entries = Array.from({ length }, (_, i) => entry(found, i));
    if (entries.includes(undefined) || Object.keys(found).length > length) continue;
    current = put(current, path, entries);
  }
  return current as Group;
}
