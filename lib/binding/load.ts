import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ByolError } from '../errors.js';
import { script } from './build-tools.js';
import { findAddon, HOW_TO_BUILD } from './find-addon.js';
import { libtorchToPreload } from './find-libtorch.js';
import { loadError } from './load-error.js';
import { API_VERSION, type NativeModule } from './native.js';

const { RTLD_NOW, RTLD_GLOBAL } = os.constants.dlopen;
/** Keeps a library mapped although Node closes its handle when nothing registered itself. */
const RTLD_NODELETE = 0x1000;

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

function load(): NativeModule {
  const addon = findAddon();
  const { file, facts } = addon;
  const libtorch = facts && libtorchToPreload(facts);
  if (libtorch !== undefined) preload(libtorch);
  const module = { exports: {} as NativeModule };
  try {
    // RTLD_NOW: a symbol that another LibTorch lacks throws here instead of killing the process at its first use.
    process.dlopen(module, file, RTLD_NOW);
  } catch (error) {
    throw loadError(file, error, addon);
  }
  const native = module.exports;
  if (native.apiVersion !== API_VERSION) {
    throw new ByolError(
      'ERR_BYOL_NATIVE_NOT_BUILT',
      `${file} (${addon.from}) is from another version of byol-torch (interface ${native.apiVersion}, needed is ${API_VERSION}). ` +
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
