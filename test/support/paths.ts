import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, from the compiled test's place in dist/. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** Real data beside the repository, or undefined where there is none. */
export function sharedData(name: string): string | undefined {
  const folder = path.resolve(root, '../shared/data', name);
  return existsSync(folder) ? folder : undefined;
}

/** Runs `body` with a fresh folder that is removed afterwards. */
export async function withTempDir<T>(body: (dir: string) => Promise<T> | T): Promise<T> {
  const dir = mkdtempSync(path.join(tmpdir(), 'byol-test-'));
  try {
    return await body(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
