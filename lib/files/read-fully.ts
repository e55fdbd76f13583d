import type { FileHandle } from 'node:fs/promises';

/** Node refuses single reads of 2 GiB and more. */
const CHUNK = 2 ** 28;

/** A part of a file. Rejects where the file ends before, and with what keeps it from being read. */
export async function readFully(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, CHUNK), offset + done);
    if (bytesRead === 0) throw new Error(`it ends at byte ${offset + done}, within what should be read`);
    done += bytesRead;
  }
  return bytes;
}
