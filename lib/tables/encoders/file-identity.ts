import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ByolError } from '../../errors.js';
import { ioError } from '../../files/atomic-file.js';

/**
 * What an encoder that is given is known by: `key`, the SHA-256 of its file, and a `name` fit for a folder. Throws ERR_BYOL_IO
 * where there is none, ERR_BYOL_RUN for a run that has no encoder yet.
 */
export async function fileIdentity(path: string): Promise<{ readonly key: string; readonly name: string }> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    (error) => {
      throw ioError(path, 'read', error);
    },
  );
  const file = isFolder ? join(path, 'encoder.safetensors') : path;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash).catch((error: NodeJS.ErrnoException) => {
    if (isFolder && error.code === 'ENOENT') {
      throw new ByolError(
        'ERR_BYOL_RUN',
        `${path} has no encoder.safetensors: it is no run, or one that is not finished.`,
      );
    }
    throw ioError(file, 'read', error);
  });
  const key = hash.digest('hex');
  const base = basename(resolve(path)).replace(/\.[a-z]+$/i, '');
  const name =
    base
      .toLowerCase()
      .replace(/[^a-z0-9.-]+/g, '-')
      .replace(/^[.-]+/, '') || 'encoder';
  return { key, name: `${name}-${key.slice(0, 8)}` };
}
