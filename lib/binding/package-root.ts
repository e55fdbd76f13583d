import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ByolError } from '../errors.js';

interface PackageJson {
  readonly name?: unknown;
  readonly version: string;
}

interface Found {
  readonly root: string;
  readonly json: PackageJson;
}

/** The nearest folder upwards whose package.json is this package's; of another package around a bundle it is not. */
export function findPackage(from: string): Found | undefined {
  for (let dir = from; ; dir = path.dirname(dir)) {
    const json = readPackage(dir);
    if (json?.name === 'byol-torch') return { root: dir, json };
    if (dir === path.dirname(dir)) return undefined;
  }
}

function readPackage(dir: string): PackageJson | undefined {
  try {
    return JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as PackageJson;
  } catch {
    return undefined;
  }
}

let found: Found | undefined;

function ownPackage(): Found {
  const here = fileURLToPath(import.meta.url);
  found ??= findPackage(path.dirname(here));
  if (found !== undefined) return found;
  throw new ByolError('ERR_BYOL_SETUP', `byol-torch's package.json is in no folder above ${here}.`, {
    hint: 'The compiled code works within its package only: install byol-torch by npm, and leave it out of bundles (external).',
  });
}

/** The folder of package.json: of the repository, or of the installed package. Throws ERR_BYOL_SETUP where there is none. */
export function packageRoot(): string {
  return ownPackage().root;
}

/** Throws ERR_BYOL_SETUP where there is no package around this code. */
export function packageVersion(): string {
  return ownPackage().json.version;
}

/** Of this package, as in its package.json: '0.1.0'. In a bundle, where nothing else of it works, 'unknown'. */
export const VERSION: string = findPackage(path.dirname(fileURLToPath(import.meta.url)))?.json.version ?? 'unknown';
