import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { ByolError } from '../errors.js';
import { API_VERSION, type NativeModule } from './native.js';
import { packageRoot } from './package-root.js';

const require = createRequire(import.meta.url);

/** byol-build.json, written beside the addon when its build is finished. */
export interface BuildFacts {
  readonly libtorch: string;
  readonly torch: string;
  readonly flavour: 'cpu' | 'cuda';
  readonly built: string;
}

/** Keeps a library mapped although Node closes its handle after the failed self-registration. */
const RTLD_NODELETE = 0x1000;

const how = 'Build it with: npx byol build (it needs a C++20 compiler, CMake and LibTorch, which it fetches if there is none).';

function findAddon(root: string): string {
  try {
    return (require('node-gyp-build') as { resolve(dir: string): string }).resolve(root);
  } catch (cause) {
    throw new ByolError(
      'ERR_BYOL_NATIVE_NOT_BUILT',
      `The native part of byol-torch is not built for ${process.platform}-${process.arch}; install scripts were probably skipped. ${how}`,
      { cause },
    );
  }
}

/** Facts about the build that is in use, or undefined for a prebuilt binary without any. */
export function buildFacts(root: string = packageRoot): BuildFacts | undefined {
  const file = path.join(path.dirname(findAddon(root)), 'byol-build.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as BuildFacts) : undefined;
}

// Opens LibTorch's libraries under their names, so that an addon that was linked against another folder finds them.
function preload(libtorch: string, facts: BuildFacts): void {
  const version = /TORCH_VERSION_MAJOR (\d+)[\s\S]*?TORCH_VERSION_MINOR (\d+)/.exec(
    ['include/torch/headeronly/version.h', 'include/torch/csrc/api/include/torch/version.h']
      .map((header) => path.join(libtorch, header))
      .filter((header) => existsSync(header))
      .map((header) => readFileSync(header, 'utf8'))
      .join('\n'),
  );
  if (!existsSync(path.join(libtorch, 'lib', 'libtorch_cpu.so'))) {
    throw new ByolError('ERR_BYOL_LIBTORCH_NOT_FOUND', `${libtorch} is not a LibTorch folder: lib/libtorch_cpu.so is missing.`);
  }
  const minor = version ? `${version[1]}.${version[2]}` : 'an unknown version';
  if (!facts.torch.startsWith(`${minor}.`)) {
    throw new ByolError(
      'ERR_BYOL_LIBTORCH_MISMATCH',
      `The addon was built for LibTorch ${facts.torch}, but ${libtorch} is ${minor}. Rebuild it with: npx byol build`,
    );
  }
  for (const name of ['torch_global_deps', 'c10', 'torch_cpu', 'c10_cuda', 'torch_cuda', 'torch']) {
    const file = path.join(libtorch, 'lib', `lib${name}.so`);
    if (existsSync(file)) openLibrary(file);
  }
}

function openLibrary(file: string): void {
  const { RTLD_NOW, RTLD_GLOBAL } = os.constants.dlopen;
  try {
    process.dlopen({ exports: {} }, file, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  } catch (error) {
    // A plain library is not a Node module: it is loaded, and Node says that nothing registered itself.
    if (!(error instanceof Error) || !/self-regist/.test(error.message)) throw explain(error, file);
  }
}

function explain(error: unknown, file: string): ByolError {
  const text = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code.startsWith('ERR_BYOL_')) return new ByolError(code, text, { cause: error });
  if (text.includes('static TLS block')) {
    return new ByolError('ERR_BYOL_NATIVE_LOAD', `${file} cannot be loaded late into this process: ${text}`, {
      cause: error,
      hint: 'Start it with GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384',
    });
  }
  return new ByolError('ERR_BYOL_NATIVE_LOAD', `${file} cannot be loaded: ${text}`, {
    cause: error,
    hint: 'If LibTorch was changed or moved since the build, rebuild with: npx byol build',
  });
}

/** Loads the addon of the package at `root`; `loadNative` is what everyone else calls. */
export function loadFrom(root: string): NativeModule {
  const file = findAddon(root);
  const facts = buildFacts(root);
  const chosen = process.env.BYOL_LIBTORCH;
  if (facts && chosen && path.resolve(chosen) !== path.resolve(facts.libtorch)) {
    preload(path.resolve(chosen), facts);
  } else if (facts && !existsSync(facts.libtorch)) {
    throw new ByolError(
      'ERR_BYOL_LIBTORCH_NOT_FOUND',
      `LibTorch ${facts.torch} is gone from ${facts.libtorch}, where it was when the addon was built.`,
      { hint: 'Set BYOL_LIBTORCH to a folder that has it, or rebuild with: npx byol build' },
    );
  }
  const module = { exports: {} as NativeModule };
  try {
    // Bound now: a symbol that another LibTorch lacks throws here instead of killing the process at its first use.
    process.dlopen(module, file, os.constants.dlopen.RTLD_NOW);
  } catch (error) {
    throw explain(error, file);
  }
  const native = module.exports;
  if (native.apiVersion !== API_VERSION) {
    throw new ByolError(
      'ERR_BYOL_NATIVE_NOT_BUILT',
      `${file} has interface version ${native.apiVersion}, this package needs ${API_VERSION}: it is from another build. ${how}`,
    );
  }
  native.setErrorClass(ByolError);
  // No cleanup hook runs on process.exit() or after an uncaught exception.
  process.on('exit', () => native.shutdown(2000));
  return native;
}

let loaded: NativeModule | undefined;

/**
 * The native addon, loaded at the first call (140 ms) and never at import.
 *
 * @throws ByolError ERR_BYOL_NATIVE_NOT_BUILT, ERR_BYOL_LIBTORCH_NOT_FOUND, ERR_BYOL_LIBTORCH_MISMATCH, ERR_BYOL_NATIVE_LOAD.
 */
export function loadNative(): NativeModule {
  loaded ??= loadFrom(packageRoot);
  return loaded;
}
