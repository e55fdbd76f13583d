import { existsSync, realpathSync } from 'node:fs';
import { ByolError } from '../errors.js';
import { type FoundLibTorch, type PrepareOptions, runScript, script } from './build-tools.js';
import { type BuildFacts, buildFacts } from './find-addon.js';
import { packageRoot } from './package-root.js';

/**
 * The folder whose LibTorch must be opened before the addon, or undefined where the addon finds by itself what it was linked against.
 *
 * @throws ByolError ERR_BYOL_LIBTORCH_NOT_FOUND, naming the places that were looked at, and what to do; ERR_BYOL_LIBTORCH_MISMATCH.
 */
export function libtorchToPreload(facts: BuildFacts): string | undefined {
  const chosen = process.env.BYOL_LIBTORCH;
  const linked = facts.libtorch;
  if (linked !== undefined && existsSync(linked) && (!chosen || sameFolder(chosen, linked))) return undefined;
  const { findLibTorch, minorOf } = script('libtorch');
  const release = minorOf(facts.torch);
  if (chosen) return ofEnvironment(chosen, facts);
  const { found, refused } = findLibTorch(packageRoot(), ({ version }) =>
    minorOf(version) === release ? undefined : `it is ${version}`,
  );
  if (found !== undefined) return found.dir;
  const missing =
    linked === undefined
      ? `LibTorch ${release}, with which the addon computes, is not there`
      : `LibTorch ${release}, for which the addon was built, is gone from ${linked}`;
  throw new ByolError(
    'ERR_BYOL_LIBTORCH_NOT_FOUND',
    `${missing}. Looked at:\n${refused.map((line) => `  - ${line}`).join('\n')}`,
    { hint: howToGet(facts) },
  );
}

function ofEnvironment(chosen: string, facts: BuildFacts): string {
  const { inspect, minorOf } = script('libtorch');
  const library = inspect(chosen);
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

function sameFolder(a: string, b: string): boolean {
  return existsSync(a) && realpathSync(a) === realpathSync(b);
}

const isFetched = (facts: BuildFacts): boolean =>
  script('libtorch').minorOf(facts.torch) === script('libtorch').minorOf(script('versions').fetchedTorch);

function howToGet(facts: BuildFacts): string {
  const release = script('libtorch').minorOf(facts.torch);
  const others = `set BYOL_LIBTORCH to a folder that has it (pip install torch==${release}.* brings one)`;
  return isFetched(facts)
    ? `Fetch it once (some 200 MB) with: npx byol setup. Or ${others}.`
    : `Build the addon for another with: npx byol build. Or ${others}.`;
}

/** Whether an error says that LibTorch is missing and prepareLibTorch() can do something about it. */
export function canPrepareLibTorch(error: unknown): boolean {
  const facts = buildFacts();
  const isMissing = error instanceof ByolError && error.code === 'ERR_BYOL_LIBTORCH_NOT_FOUND';
  return isMissing && !process.env.BYOL_LIBTORCH && facts !== undefined && isFetched(facts);
}

/**
 * Finds or fetches the LibTorch of the addon's release, says which, and remembers it for later processes. Several may call it at once.
 *
 * @throws ByolError ERR_BYOL_LIBTORCH_NOT_FOUND, ERR_BYOL_IO.
 */
export function prepareLibTorch(options: Pick<PrepareOptions, 'device' | 'output'>): Promise<FoundLibTorch> {
  const torch = buildFacts()?.torch;
  return runScript(() =>
    script('prepare-libtorch').prepareLibTorch({
      root: packageRoot(),
      ...(torch !== undefined && { torch }),
      ...options,
    }),
  );
}
