import { script } from '../binding/build-tools.js';
import { ByolError, type ErrorCode } from '../errors.js';

/**
 * `byol build`: finds or fetches LibTorch and builds the addon. Resolves with the exit code.
 *
 * @throws ByolError ERR_BYOL_TOOLCHAIN, ERR_BYOL_LIBTORCH_NOT_FOUND, ERR_BYOL_BUILD, ERR_BYOL_IO.
 */
export async function runBuild(): Promise<number> {
  try {
    await script('build-native').buildNative();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (!(error instanceof Error) || typeof code !== 'string' || !code.startsWith('ERR_BYOL_')) throw error;
    throw new ByolError(code as ErrorCode, error.message, { cause: error });
  }
  console.log('addon: built');
  return 0;
}
