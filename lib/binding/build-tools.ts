import { createRequire } from 'node:module';
import path from 'node:path';
import { ByolError, type ErrorCode } from '../errors.js';
import { packageRoot } from './package-root.js';

/** The scripts that run before anything is compiled (scripts/, CommonJS), with types. */

export interface LibTorch {
  readonly dir: string;
  /** "2.13.0" */
  readonly version: string;
  readonly flavour: 'cpu' | 'cuda';
}

export interface FoundLibTorch extends LibTorch {
  /** In words: "python3", "the cache". */
  readonly from: string;
}

export interface PrepareOptions {
  readonly root: string;
  /** Of the addon, "2.13.0": LibTorch must be of its release. */
  readonly torch?: string;
  /** Chooses anew; 'cuda' takes a CUDA build only. */
  readonly device?: 'cpu' | 'cuda';
  readonly output: NodeJS.WriteStream;
}

export interface Tool {
  readonly name: string;
  readonly found: string | undefined;
  readonly ok: boolean;
  readonly need: string;
}

interface Scripts {
  'build-native': { buildNative(): Promise<unknown> };
  libtorch: {
    /** The user's cache of this package, which need not be there. */
    cacheDir(): string;
    /** The library in a folder, or words that say why it is none. */
    inspect(dir: string): LibTorch | string;
    /** The first usable library, and why those before it are not, a line each. */
    findLibTorch(
      root: string,
      accept?: (library: LibTorch) => string | undefined,
    ): { found: FoundLibTorch | undefined; refused: readonly string[] };
    /** "2.13" of "2.13.0". */
    minorOf(version: string): string;
  };
  'prepare-libtorch': { prepareLibTorch(options: PrepareOptions): Promise<FoundLibTorch> };
  toolchain: { inspectTools(): readonly Tool[] };
  versions: {
    /** "2.13.0": what is fetched where none is found. */
    readonly fetchedTorch: string;
    /** "linux-x64", ...: those that have a package with the addon. */
    readonly platforms: readonly string[];
  };
}

export function script<Name extends keyof Scripts>(name: Name): Scripts[Name] {
  return createRequire(import.meta.url)(path.join(packageRoot(), 'scripts', `${name}.cjs`));
}

/** What one of the scripts does; its expected failures come as errors of ours. */
export async function runScript<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (!(error instanceof Error) || typeof code !== 'string' || !code.startsWith('ERR_BYOL_')) throw error;
    throw new ByolError(code as ErrorCode, error.message, { cause: error });
  }
}
