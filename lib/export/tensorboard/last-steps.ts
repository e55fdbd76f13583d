import { WireType } from '../protobuf.js';
import { EVENT, FRAME_HEAD, maskedCrc } from './event-file.js';

/**
 * Goes on with `found`, the last step that is shown of each tag, through the next event file of a run, so that whoever goes on knows what
 * is there. What a killed process left in the middle, and all behind it, is passed over, as TensorBoard does.
 */
export function lastSteps(file: Buffer, found: Map<string, number>): void {
  for (const event of frames(file)) {
    let step = 0;
    let restart = false;
    const tags: string[] = [];
    for (const [field, value] of fields(event)) {
      if (field === EVENT.step && typeof value === 'number') step = value;
      if (field === EVENT.sessionLog) restart = true;
      if (field !== EVENT.summary || typeof value === 'number') continue;
      for (const [, summary] of fields(value)) {
        if (typeof summary === 'number') continue;
        for (const [name, tag] of fields(summary)) if (name === 1) tags.push(tag.toString());
      }
    }
    if (restart) for (const [tag, last] of found) if (last >= step) found.set(tag, step - 1);
    for (const tag of tags) found.set(tag, step);
  }
}

/** The data of whole frames. */
function* frames(file: Buffer): Generator<Buffer> {
  for (let at = 0; at + FRAME_HEAD <= file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const end = at + FRAME_HEAD + length;
    if (end + 4 > file.length) return;
    const data = file.subarray(at + FRAME_HEAD, end);
    if (file.readUInt32LE(end) !== maskedCrc(data)) return;
    yield data;
    at = end + 4;
  }
}

/** Of a message: numbers of varints, bytes of everything else. Ends where the message is not whole. */
function* fields(message: Buffer): Generator<readonly [field: number, value: number | Buffer]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < message.length; scale *= 128) {
      const byte = message[at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < message.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    if (key % 8 === WireType.Varint) {
      yield [field, varint()];
      continue;
    }
    const length = key % 8 === WireType.Fixed64 ? 8 : key % 8 === WireType.Fixed32 ? 4 : varint();
    if (at + length > message.length) return;
    yield [field, message.subarray(at, at + length)];
    at += length;
  }
}
