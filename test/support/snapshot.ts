import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Every file under a folder by its path there, with its bytes: to show that nothing has been touched. */
export function snapshot(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [path.relative(dir, file), readFileSync(file).toString('base64')]),
  );
}
