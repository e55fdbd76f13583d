import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withTempDir } from './paths.js';

/** Small image files made byte by byte, so that tests need no decoder to make them. */

/** A JPEG's headers with a size, and no pixels behind them: what a listing reads, and no decoder takes. */
export function jpegHeader(width: number, height: number, orientation = 1): Buffer {
  const exif = Buffer.concat([
    Buffer.from('Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0', 'latin1'),
    Buffer.from([orientation, 0, 0, 0, 0, 0, 0, 0]),
  ]);
  const segment = (marker: number, body: Buffer) =>
    Buffer.concat([Buffer.from([0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255]), body]);
  const frame = Buffer.from([8, height >> 8, height & 255, width >> 8, width & 255, 3, 1, 17, 0, 2, 17, 1, 3, 17, 1]);
  return Buffer.concat([Buffer.from([0xff, 0xd8]), segment(0xe1, exif), segment(0xc0, frame)]);
}

/** Files below a folder, by their paths with '/'; null: an empty folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array | string | null>>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(content === null ? file : path.dirname(file), { recursive: true });
    if (content !== null) writeFileSync(file, content);
  }
}

/** With a folder for photos, and a cache of its own. */
export function withPhotoFolder(body: (folder: string, cache: string) => Promise<void>): Promise<void> {
  return withTempDir(async (dir) => {
    const before = process.env.BYOL_CACHE;
    process.env.BYOL_CACHE = path.join(dir, 'cache');
    mkdirSync(path.join(dir, 'photos'));
    try {
      await body(path.join(dir, 'photos'), path.join(dir, 'cache'));
    } finally {
      if (before === undefined) delete process.env.BYOL_CACHE;
      else process.env.BYOL_CACHE = before;
    }
  });
}
