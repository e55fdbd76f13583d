import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { ByolError, type ErrorCode } from '../errors.js';
import { script } from './build-tools.js';
import { API_VERSION, type NativeModule } from './native.js';
import { packageRoot } from './package-root.js';

/** byol-build.json, written beside the addon when its build is finished. */
export interface BuildFacts {
  /** The folder that it was linked against. */
  readonly libtorch: string;
  /** "2.13.0" */
  readonly torch: string;
  readonly flavour: 'cpu' | 'cuda';
  /** byol_cuda.so, which the addon opens for a card, lies beside it. */
  readonly cuda: boolean;
  readonly napi: number;
  readonly compiler: string;
  /** ISO 8601. */
  readonly built: string;
}

const HOW_TO_BUILD = 'npx byol build (it needs a C++20 compiler and CMake, and fetches LibTorch if there is none)';

const { RTLD_NOW, RTLD_GLOBAL } = os.constants.dlopen;
/** Keeps a library mapped although Node closes its handle when nothing registered itself. */
const RTLD_NODELETE = 0x1000;

function findAddon(): string {
  try {
    const { resolve } = createRequire(import.meta.url)('node-gyp-build') as { resolve(dir: string): string };
    return resolve(packageRoot());
  } catch (cause) {
    throw new ByolError(
      'ERR_BYOL_NATIVE_NOT_BUILT',
      `The native part of byol-torch is not built for ${process.platform}-${process.arch} ` +
        `(install scripts were probably skipped). Build it with: ${HOW_TO_BUILD}.`,
      { cause },
    );
  }
}

/** Facts about the build that is in use; undefined if there is none, or it came without. */
export function buildFacts(): BuildFacts | undefined {
  try {
    return JSON.parse(readFileSync(path.join(path.dirname(findAddon()), 'byol-build.json'), 'utf8')) as BuildFacts;
  } catch {
    return undefined;
  }
}

const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.');

/** The folder whose LibTorch must be opened first, or undefined where the addon finds by itself what it was linked against. */
function libtorchToPreload(facts: BuildFacts): string | undefined {
  const chosen = process.env.BYOL_LIBTORCH;
  if (existsSync(facts.libtorch) && (!chosen || sameFolder(chosen, facts.libtorch))) return undefined;
  if (chosen) {
    const library = script('libtorch').inspect(chosen);
    if (typeof library === 'string') {
      throw new ByolError(
        'ERR_BYOL_LIBTORCH_NOT_FOUND',
        `BYOL_LIBTORCH (${chosen}) is not a usable LibTorch: ${library}.`,
      );
    }
    if (minorOf(library.version) !== minorOf(facts.torch)) {
      throw new ByolError(
        'ERR_BYOL_LIBTORCH_MISMATCH',
        `The addon was built for LibTorch ${facts.torch}, but the one in ${chosen} (BYOL_LIBTORCH) is ${library.version}. ` +
          'Rebuild it with: npx byol build',
      );
    }
    return library.dir;
  }
  const { found, refused } = script('libtorch').findLibTorch(packageRoot(), ({ version }) =>
    minorOf(version) === minorOf(facts.torch) ? undefined : `it is ${version}`,
  );
  if (found !== undefined) return found.dir;
  throw new ByolError(
    'ERR_BYOL_LIBTORCH_NOT_FOUND',
    `LibTorch ${minorOf(facts.torch)}, for which the addon was built, is gone from ${facts.libtorch}. Looked at:\n` +
      refused.map((line) => `  - ${line}`).join('\n'),
    {
      hint: 'Rebuild with: npx byol build, or set BYOL_LIBTORCH to a folder that has it (pip install torch brings one).',
    },
  );
}

function sameFolder(a: string, b: string): boolean {
  return existsSync(a) && realpathSync(a) === realpathSync(b);
}

/** Opens LibTorch's libraries: an addon that asks for them by name then gets these, wherever it was linked. */
function preload(libtorch: string): void {
  for (const name of ['torch_global_deps', 'c10', 'torch_cpu', 'c10_cuda', 'torch_cuda', 'torch']) {
    const file = path.join(libtorch, 'lib', `lib${name}.so`);
    if (!existsSync(file)) continue;
    try {
      process.dlopen({ exports: {} }, file, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
    } catch (error) {
      // Node says of any library that is not an addon that nothing registered itself; by then it is open.
      if (!(error instanceof Error) || !error.message.includes('did not self-register')) throw loadError(file, error);
    }
  }
}

/** What the system, or the addon itself, says about a library that does not load, as an error of ours. */
export function loadError(file: string, cause: unknown): ByolError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && code.startsWith('ERR_BYOL_'))
    return new ByolError(code as ErrorCode, text, { cause });
  const hint = text.includes('static TLS block')
    ? 'LibTorch came too late into this process. Start it with GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384'
    : 'If LibTorch was changed or moved since the build, rebuild with: npx byol build';
  return new ByolError('ERR_BYOL_NATIVE_LOAD', `${file} cannot be loaded: ${text}`, { cause, hint });
}

function load(): NativeModule {
  const file = findAddon();
  const facts = buildFacts();
  const libtorch = facts && libtorchToPreload(facts);
  if (libtorch !== undefined) preload(libtorch);
  const module = { exports: {} as NativeModule };
  try {
    // RTLD_NOW: a symbol that another LibTorch lacks throws here instead of killing the process at its first use.
    process.dlopen(module, file, RTLD_NOW);
  } catch (error) {
    throw loadError(file, error);
  }
  const native = module.exports;
  if (native.apiVersion !== API_VERSION) {
    throw new ByolError(
      'ERR_BYOL_NATIVE_NOT_BUILT',
      `${file} is from another version of byol-torch (interface ${native.apiVersion}, needed is ${API_VERSION}). ` +
        `Build it again with: ${HOW_TO_BUILD}.`,
    );
  }
  // Native code knows the codes by heart; a test holds them against the table.
  native.setErrorClass(ByolError as new (code: string, message: string) => ByolError);
  const cache = script('libtorch').cacheDir();
  native.rememberConvolutions(path.join(cache, 'convolutions.txt'));
  native.keepKernels(path.join(cache, 'kernels'));
  // No cleanup hook runs on process.exit() or after an uncaught exception.
  process.on('exit', () => native.shutdown(2000));
  return native;
}

let loaded: NativeModule | undefined;

/**
 * The native addon, loaded at the first call (0.1 to 0.4 s) and never at import.
 *
 * @throws ByolError ERR_BYOL_NATIVE_NOT_BUILT, ERR_BYOL_LIBTORCH_NOT_FOUND, ERR_BYOL_LIBTORCH_MISMATCH, ERR_BYOL_NATIVE_LOAD.
 */
export function loadNative(): NativeModule {
  loaded ??= load();
  return loaded;
}
