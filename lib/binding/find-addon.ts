import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ByolError } from '../errors.js';
import { script } from './build-tools.js';
import { packageRoot, packageVersion } from './package-root.js';

/** byol-build.json, written beside the addon when its build is finished. */
export interface BuildFacts {
  /** The folder that it was linked against; left out of an addon that was built elsewhere. */
  readonly libtorch?: string;
  /** "2.13.0" */
  readonly torch: string;
  readonly flavour: 'cpu' | 'cuda';
  /** byol_cuda.so, which the addon opens for a card, lies beside it. */
  readonly cuda: boolean;
  readonly napi: number;
  /** SHA-256 of the native sources, in hex. */
  readonly sources: string;
  readonly compiler: string;
  /** ISO 8601. */
  readonly built: string;
  /** The newest symbol versions that it uses of the system's libraries; of an addon that was built elsewhere. */
  readonly floor?: { readonly glibc?: string; readonly glibcxx?: string; readonly cxxabi?: string };
}

export interface Addon {
  readonly file: string;
  /** In words: "build/Release (built here)", "@byol-torch/linux-x64 0.1.0". */
  readonly from: string;
  /** undefined: byol-build.json is missing or damaged. */
  readonly facts: BuildFacts | undefined;
}

/** What the addon of this platform is called on npm. */
export const platformPackage = `@byol-torch/${process.platform}-${process.arch}`;

export const HOW_TO_BUILD = 'npx byol build (it needs g++ and CMake, and fetches LibTorch if there is none)';

const require = createRequire(import.meta.url);

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function addonIn(folder: string, from: string): Addon {
  const facts = readJson(path.join(folder, 'byol-build.json')) as BuildFacts | undefined;
  return { file: path.join(folder, 'byol.node'), from, facts };
}

/** An addon that was built here, or a sentence's end that says why there is none. */
function ownBuild(): Addon | string {
  const folder = path.join(packageRoot(), 'build', 'Release');
  if (!existsSync(path.join(folder, 'byol.node'))) return `${folder}: nothing was built here`;
  const addon = addonIn(folder, 'build/Release');
  // Set-up takes a package of the same sources where there is one.
  return {
    ...addon,
    from: `build/Release (${addon.facts?.libtorch === undefined ? 'a prebuilt package' : 'built here'})`,
  };
}

/** That of the platform's package, which npm installs beside this one. */
function prebuilt(): Addon | string {
  let manifest: string;
  try {
    manifest = require.resolve(`${platformPackage}/package.json`);
  } catch {
    return `${platformPackage}: it is not installed`;
  }
  const { version } = (readJson(manifest) ?? {}) as { version?: string };
  const folder = path.dirname(manifest);
  const wanted = packageVersion();
  if (version !== wanted) return `${folder}: it is version ${version}, this is byol-torch ${wanted}`;
  for (const name of ['byol.node', 'byol-build.json']) {
    if (!existsSync(path.join(folder, name))) return `${folder}: ${name} is missing`;
  }
  return addonIn(folder, `${platformPackage} ${version}`);
}

/** In order of preference: whoever builds wants to use what was built. */
const attempts = [ownBuild, prebuilt];

/** The addon to load, or why it is in none of the places that were looked at, a line each. */
export function lookForAddon(): Addon | readonly string[] {
  const refused: string[] = [];
  for (const attempt of attempts) {
    const found = attempt();
    if (typeof found !== 'string') return found;
    refused.push(found);
  }
  return refused;
}

/** LibTorch is built for glibc, not for musl (Alpine); Node says which one it runs with. */
function hasGlibc(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}

function howToGetAddon(): string {
  if (!script('versions').platforms.includes(`${process.platform}-${process.arch}`) || !hasGlibc()) {
    return 'It runs on Linux with glibc (Debian, Ubuntu, Fedora, ...; not Alpine) on x64 or arm64 only.';
  }
  return `Get it prebuilt: npm install ${platformPackage}@${packageVersion()}\nOr build it: ${HOW_TO_BUILD}`;
}

/** @throws ByolError ERR_BYOL_NATIVE_NOT_BUILT, naming the places that were looked at, and what to do. */
export function findAddon(): Addon {
  const found = lookForAddon();
  if ('file' in found) return found;
  throw new ByolError(
    'ERR_BYOL_NATIVE_NOT_BUILT',
    `The native part of byol-torch is not there for ${process.platform}-${process.arch}. Looked at:\n` +
      found.map((line) => `  - ${line}`).join('\n'),
    { hint: howToGetAddon() },
  );
}

/** Facts about the addon that is in use; undefined if there is none, or it came without. */
export function buildFacts(): BuildFacts | undefined {
  const found = lookForAddon();
  return 'file' in found ? found.facts : undefined;
}
