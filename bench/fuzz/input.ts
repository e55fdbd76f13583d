import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** The input in progress as a file: lengths of the target's name and of the bytes, four bytes each, and then these; what is after them is older. */
export class InputKeeper {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  /** One call of the system: there are thousands a second. */
  keep(target: string, bytes: Uint8Array): void {
    const name = Buffer.from(target);
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(name.length, 0);
    lengths.writeUInt32LE(bytes.length, 4);
    writeSync(this.#file, Buffer.concat([lengths, name, bytes]), 0, undefined, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** What was in progress; null: nothing. */
export function keptInput(path: string): { readonly target: string; readonly bytes: Uint8Array } | null {
  const file = readFileSync(path, { flag: 'a+' });
  if (file.length < 8) return null;
  const start = 8 + file.readUInt32LE(0);
  return { target: file.toString('utf8', 8, start), bytes: file.subarray(start, start + file.readUInt32LE(4)) };
}
