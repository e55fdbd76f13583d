import { lookForAddon } from '../binding/find-addon.js';
import { prepareLibTorch } from '../binding/find-libtorch.js';
import { quoteCommand } from '../text/shell.js';
import { loadInChild } from './load-in-child.js';

/**
 * `byol setup`: an installed LibTorch of the addon's release, else one that is fetched into the user's cache; later processes take
 * the same. Resolves with 0 if training can run then, else 1.
 *
 * @throws ByolError ERR_BYOL_LIBTORCH_NOT_FOUND, ERR_BYOL_IO.
 */
export async function runSetup(device: 'cpu' | 'cuda' | undefined): Promise<number> {
  const { dir } = await prepareLibTorch({ output: process.stdout, ...(device !== undefined && { device }) });
  const addon = lookForAddon();
  if ('file' in addon) console.log(`addon: ${addon.from}`);
  if (device === 'cuda' && 'file' in addon && addon.facts?.cuda === false) {
    console.log(
      `The addon has no CUDA part. Built for this LibTorch it has: BYOL_LIBTORCH=${quoteCommand([dir])} npx byol build`,
    );
  }
  const loaded = loadInChild();
  if (typeof loaded === 'string') console.error(`Training cannot run here yet: ${loaded}`);
  else if (device === 'cuda' && loaded.info.cudaProblem !== '') {
    console.error(`A card cannot be used here yet: ${loaded.info.cudaProblem}`);
    return 1;
  } else console.log('Training can run here.');
  return typeof loaded === 'string' ? 1 : 0;
}
