import { readFile } from 'node:fs/promises';
import { ioError, writeAtomically } from './atomic-file.js';

/** undefined: there is no such file. Throws ERR_BYOL_IO, and SyntaxError if it is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw ioError(path, 'read', error);
  }
  return JSON.parse(text) as unknown;
}

/** Indented, and atomically. Throws ERR_BYOL_IO. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}
