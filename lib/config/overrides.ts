import { isSettings, mergeLayer, type Settings } from './layers.js';
import { currentPlace, currentValue } from './old-names.js';
import type { Problem } from './problems.js';
import { alternatives, formatPath, nodeAt, type Path, valueAt } from './schema-tree.js';
import { parseYaml } from './yaml.js';

/** `--set key.path=value`: one setting each, or a group of them: `--set predictor={hidden: [512], output: 128}`. */
export interface Override {
  readonly path: Path;
  /** As written, behind the first `=`. */
  readonly text: string;
}

/** Reads 'views.pipelines.0.1.p=0.5'; entries of lists may also be written pipelines[0]. A string: what is wrong with it. */
export function parseOverride(argument: string): Override | string {
  const equals = argument.indexOf('=');
  if (equals < 1) return `expected key.path=value, got '${argument}'`;
  const keys = argument
    .slice(0, equals)
    .trim()
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.');
  const text = argument.slice(equals + 1).trim();
  if (keys.some((key) => key === '')) return `the path in '${argument}' has an empty part`;
  if (text === '') return `'${argument}' has no value; write null to remove a setting that may be removed`;
  const path = keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  return currentPlace(path, text, '--set');
}

/** Sets one value in place; returns what is wrong, if something is. Whether the value fits is checked later. */
export function applyOverride(settings: Settings, { path, text }: Override): Problem | undefined {
  const parent = path.slice(0, -1);
  const problem = openPath(settings, path);
  if (problem !== undefined) return problem;
  const read = readValue(text, path, settings);
  if (read instanceof Error) return { path, message: `cannot be read as YAML: ${read.message}` };
  const value = currentValue(path, read, '--set');
  const container = valueAt(settings, parent) as Settings;
  const key = path.at(-1) as string;
  const previous = valueAt(settings, path);
  if (key === 'kind' && parent.length > 0) {
    // The same as a file that says only { kind }: the kind's own settings come along.
    return replaceAt(settings, parent, mergeLayer(container, { kind: value }, parent));
  }
  container[key] = isSettings(value) ? mergeLayer(previous, value, path) : value;
  return undefined;
}

/** `kind` first: what else is set is meant for the new kind, in whatever order it was written. */
export function orderOverrides(overrides: readonly Override[]): Override[] {
  const isKind = ({ path }: Override): boolean => path.at(-1) === 'kind';
  return [...overrides.filter(isKind), ...overrides.filter((item) => !isKind(item))];
}

/** Makes the groups on the way that are not there yet; the schema says later whether they may be. */
function openPath(settings: Settings, path: Path): Problem | undefined {
  let current: unknown = settings;
  for (const [depth, key] of path.entries()) {
    const here = path.slice(0, depth);
    if (Array.isArray(current)) {
      if (typeof key !== 'number' || key >= current.length) {
        const entries = current.length === 0 ? 'is empty' : `has the entries 0 to ${current.length - 1}`;
        return { path, message: `no such entry; ${formatPath(here)} ${entries}` };
      }
    } else if (!isSettings(current)) {
      return {
        path,
        message: `not a setting; ${formatPath(here)} is ${JSON.stringify(current)}, without settings of its own`,
      };
    } else if (key === '__proto__') {
      return { path, message: 'not a setting' };
    }
    if (depth === path.length - 1) return undefined;
    const group = current as Settings;
    if (!Object.hasOwn(group, key) || group[key] === null) group[key] = {};
    current = group[key];
  }
  return undefined;
}

/** Text is taken as it is where nothing but text is allowed: a path called 2024 is not a number. */
function readValue(text: string, path: Path, settings: Settings): unknown {
  const node = nodeAt(path, settings);
  const quoted = /^(['"]).*\1$/s.test(text);
  if (node !== undefined && !quoted && alternatives(node).every((option) => option.type === 'string')) return text;
  const parsed = parseYaml(text);
  return 'problem' in parsed ? new Error(parsed.problem.message) : parsed.value;
}

/** The value of a setting that is text and nothing else. */
export function overrideText({ text, path }: Override): unknown {
  return readValue(text, path, {});
}

function replaceAt(settings: Settings, path: Path, value: unknown): undefined {
  (valueAt(settings, path.slice(0, -1)) as Settings)[path.at(-1) as string] = value;
}
