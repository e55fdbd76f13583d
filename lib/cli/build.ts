import { runScript, script } from '../binding/build-tools.js';

/**
 * `byol build`: finds or fetches LibTorch and builds the addon. Resolves with the exit code.
 *
 * @throws ByolError ERR_BYOL_TOOLCHAIN, ERR_BYOL_LIBTORCH_NOT_FOUND, ERR_BYOL_BUILD, ERR_BYOL_IO.
 */
export async function runBuild(): Promise<number> {
  await runScript(() => script('build-native').buildNative());
  console.log('addon: built');
  return 0;
}
