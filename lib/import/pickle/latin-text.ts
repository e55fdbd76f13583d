import type { ByteSource } from '../bytes.js';
import { ImportProblem } from '../problem.js';

/**
 * Bytes that protocols 0 to 2 write as a text: each is a character from U+0000 to U+00FF, in UTF-8, so that those from 128 take two
 * bytes. The authors' checkpoints are such.
 */
export class LatinText implements ByteSource {
  readonly size: number;
  readonly #utf8: ByteSource;

  /** `size`: how many bytes it should give, which is known when they are read. Throws ImportProblem where that cannot be. */
  constructor(utf8: ByteSource, size: number) {
    if (size > utf8.size || 2 * size < utf8.size) throw otherSize();
    this.#utf8 = utf8;
    this.size = size;
  }

  /** Decodes all of it: where a byte lies depends on those before. */
  read(offset: number, length: number): Uint8Array {
    return decodeLatin1(this.#utf8, this.size).slice(offset, offset + length);
  }
}

/** Throws ImportProblem where it is another text, or gives another number of bytes than `size`. */
export function decodeLatin1(utf8: ByteSource, size: number): Uint8Array {
  const text = utf8.read(0, utf8.size);
  let at = 0;
  for (let from = 0; from < text.length; from += 1, at += 1) {
    const byte = text[from] as number;
    if (byte < 0x80) {
      text[at] = byte;
      continue;
    }
    from += 1;
    const next = text[from] ?? 0;
    if ((byte !== 0xc2 && byte !== 0xc3) || (next & 0xc0) !== 0x80) {
      throw new ImportProblem('its pickle is damaged: an array has characters that are no bytes');
    }
    text[at] = ((byte & 3) << 6) | (next & 0x3f);
  }
  if (at !== size) throw otherSize();
  return text.subarray(0, size);
}

function otherSize(): ImportProblem {
  return new ImportProblem('its pickle is damaged: an array has another size than its shape needs');
}
