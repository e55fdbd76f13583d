import { createRequire } from 'node:module';
import path from 'node:path';
import { packageRoot } from './package-root.js';

/** The scripts that run before anything is compiled (scripts/, CommonJS), with types. */

export interface LibTorch {
  readonly dir: string;
  /** "2.13.0" */
  readonly version: string;
  readonly flavour: 'cpu' | 'cuda';
}

export interface Tool {
  readonly name: string;
  readonly found: string | undefined;
  readonly ok: boolean;
  readonly need: string;
}

interface Scripts {
  'build-native': { buildNative(): Promise<void> };
  libtorch: {
    /** The user's cache of this package, which need not be there. */
    cacheDir(): string;
    /** The library in a folder, or words that say why it is none. */
    inspect(dir: string): LibTorch | string;
    /** The first usable library, and why those before it are not, a line each. */
    findLibTorch(
      root: string,
      accept?: (library: LibTorch) => string | undefined,
    ): { found: (LibTorch & { readonly from: string }) | undefined; refused: readonly string[] };
  };
  toolchain: { inspectTools(): readonly Tool[] };
}

export function script<Name extends keyof Scripts>(name: Name): Scripts[Name] {
  return createRequire(import.meta.url)(path.join(packageRoot(), 'scripts', `${name}.cjs`));
}
