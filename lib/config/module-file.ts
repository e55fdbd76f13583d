import { access } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ByolError } from '../errors.js';
import { type ConfigFile, readConfigFile } from './config-file.js';
import { isSettings } from './layers.js';
import type { ConfigPatch } from './patch.js';

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
export function defineConfig<T extends ConfigExport>(config: T): T {
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
