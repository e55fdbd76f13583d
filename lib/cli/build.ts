import { createRequire } from 'node:module';
import path from 'node:path';
import { packageRoot } from '../binding/package-root.js';
import { ByolError } from '../errors.js';

/** `byol build`: finds or fetches LibTorch and builds the addon. Resolves with the exit code. */
export async function runBuild(): Promise<number> {
  const require = createRequire(import.meta.url);
  const { buildNative } = require(path.join(packageRoot, 'scripts', 'build-native.cjs')) as {
    buildNative(): Promise<unknown>;
  };
  try {
    await buildNative();
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new ByolError(String(error.code), error.message, { cause: error });
    throw error;
  }
  console.log('addon: built');
  return 0;
}
