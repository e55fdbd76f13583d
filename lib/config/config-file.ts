import { readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ByolError } from '../errors.js';
import { type ConfigPatch, isSettings, type Settings } from './layers.js';
import { parseYaml, type YamlProblem } from './yaml.js';

/** Settings and the file that they are from. */
export interface ConfigFile {
  readonly path: string;
  readonly settings: Settings;
}

/**
 * A file of settings: YAML, or JSON in which comments are allowed. Throws ERR_BYOL_CONFIG naming file, line and column if it
 * cannot be read; what the settings mean is not looked at.
 */
export function readConfigFile(path: string): Settings {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'it does not exist' : code === 'EISDIR' ? 'it is a folder' : message;
    throw new ByolError('ERR_BYOL_CONFIG', `Cannot read the configuration file ${path}: ${reason}.`, { cause: error });
  }
  return parseSettings(textOf(bytes, path), path);
}

/** JSON is YAML but for the comments, and with trailing commas forgiven. */
export function parseSettings(text: string, path: string): Settings {
  const isJson = /^\.json[c5]?$/.test(extname(path));
  const source = isJson ? blankComments(text) : text;
  const parsed = parseYaml(source);
  if ('problem' in parsed) {
    const { message, line, column } = (isJson ? jsonError(source) : undefined) ?? parsed.problem;
    const place = `${path}:${line}:${column}`;
    throw new ByolError('ERR_BYOL_CONFIG', `${place}: not valid ${isJson ? 'JSON' : 'YAML'}: ${message}.`);
  }
  const { value } = parsed;
  if (isSettings(value)) return value;
  const got = Array.isArray(value)
    ? 'a list'
    : value === null
      ? 'an empty file'
      : `'${String(value).slice(0, 40).replace(/\s+/g, ' ')}'`;
  throw new ByolError('ERR_BYOL_CONFIG', `${path}: expected settings ("key: value"), got ${got}.`);
}

function textOf(bytes: Uint8Array, path: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Told below.
  }
  throw new ByolError(
    'ERR_BYOL_CONFIG',
    `${path} is not a text file (UTF-8): expected a configuration as YAML or JSON, got something binary.`,
  );
}

/** The same mistake in JSON's terms; undefined where JSON.parse does not say where it is. */
function jsonError(source: string): YamlProblem | undefined {
  try {
    JSON.parse(source);
  } catch (error) {
    const match = /^(.*?)(?: in JSON)? at position (\d+)/s.exec((error as Error).message);
    if (match !== null) {
      const before = source.slice(0, Number(match[2])).split('\n');
      return { message: match[1] as string, line: before.length, column: (before.at(-1) as string).length + 1 };
    }
  }
  return undefined;
}

/** Spaces for comments, and for tabs, which YAML does not take as indentation: positions stay. Strings stay. */
function blankComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\t/g, (part) =>
    part.startsWith('"') ? part : part.replace(/[^\n]/g, ' '),
  );
}

/** What a configuration that is a function is called with. */
export interface ConfigContext {
  /** The options of the command line that were given, by name without the dashes; empty from a script. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** The default export of a configuration in TypeScript or JavaScript. */
export type ConfigExport = ConfigPatch | ((context: ConfigContext) => ConfigPatch | Promise<ConfigPatch>);

/**
 * Gives a configuration file its types: `export default defineConfig({ preset: 'cifar10', epochs: 40 })`, or a function of the
 * command line's options. Returns what it is given.
 */
export function defineConfig(config: ConfigExport): ConfigExport {
  return config;
}

const MODULES = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/**
 * Reads a file of settings, for `file` of resolveConfig(): YAML, JSON, or a module in TypeScript or JavaScript whose default export
 * is settings or a function that returns them. A module is run: it can do whatever your own code can.
 *
 * Throws ERR_BYOL_CONFIG, naming the file: it cannot be read, is not valid, fails while it runs, or exports no settings.
 */
export async function loadConfigFile(path: string, context: ConfigContext = { flags: {} }): Promise<ConfigFile> {
  if (!isModule(path)) return { path, settings: readConfigFile(path) };
  await access(path).catch((cause: unknown) => {
    throw new ByolError('ERR_BYOL_CONFIG', `Cannot read the configuration file ${path}: it does not exist.`, { cause });
  });
  try {
    const exported = await importDefault(path);
    const settings: unknown = typeof exported === 'function' ? await exported(context) : exported;
    if (isSettings(settings)) return { path, settings };
    throw new Error(
      exported === undefined
        ? 'it has no default export'
        : `its default export must be settings, or a function that returns them, got ${typeof settings}`,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ByolError('ERR_BYOL_CONFIG', `Cannot use the configuration file ${path}: ${reason}.`.replace('..', '.'), {
      cause: error,
    });
  }
}

/** Whether the file is code, by its name. */
export function isModule(path: string): boolean {
  return MODULES.includes(extname(path));
}

async function importDefault(path: string): Promise<unknown> {
  if (!/\.[mc]?ts$/.test(path)) {
    return ((await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }).default;
  }
  // Node runs TypeScript itself from 22.18 on, and refuses it before.
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url).import(resolve(path), { default: true });
}
