import { crc32c } from '../../files/crc32c.js';
import { Message } from '../protobuf.js';

/**
 * TensorBoard's event files: TFRecord frames (length, masked CRC-32C of it, data, masked CRC-32C of them) around protobuf
 * messages tensorflow.Event (tensorboard/compat/proto/event.proto and summary.proto).
 */

/** What a step has to show under one name. */
export type BoardValue = { readonly tag: string } & (
  | { readonly scalar: number }
  /** A PNG file of an RGB picture, and its size in pixels. */
  | { readonly image: { readonly width: number; readonly height: number; readonly png: Uint8Array } }
  /** Of a plugin that keeps what it needs in the description of a value. */
  | { readonly plugin: { readonly name: string; readonly content: Uint8Array } }
);

export interface BoardEvent {
  readonly step: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly values: readonly BoardValue[];
}

/** What every file begins with; 2 is the version of the format. */
export function encodeFileStart(time: number): Uint8Array {
  return frame(new Message().double(EVENT.time, time).text(EVENT.fileVersion, 'brain.Event:2'));
}

/**
 * A program goes on: what earlier files have of this step and later ones, which it is about to make again, is not shown any more.
 * (TensorBoard's Python reader goes by this; its other one lets go of later steps of a tag at each value that comes for an earlier one.)
 */
export function encodeRestart(step: number, time: number): Uint8Array {
  const session = new Message().integer(1, SESSION_START);
  return frame(new Message().double(EVENT.time, time).integer(EVENT.step, step).message(EVENT.sessionLog, session));
}

export function encodeEvent({ step, time, values }: BoardEvent): Uint8Array {
  const summary = new Message();
  for (const value of values) summary.message(1, encodeValue(value));
  return frame(new Message().double(EVENT.time, time).integer(EVENT.step, step).message(EVENT.summary, summary));
}

/** Fields of tensorflow.Event. */
export const EVENT = { time: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
/** Of tensorflow.SessionLog.SessionStatus. */
const SESSION_START = 1;
/** RGB, by tensorflow.Summary.Image. */
const COLOURS = 3;

function encodeValue(value: BoardValue): Message {
  const message = new Message().text(1, value.tag);
  if ('scalar' in value) return message.float(2, value.scalar);
  if ('image' in value) {
    const { width, height, png } = value.image;
    return message.message(4, new Message().integer(1, height).integer(2, width).integer(3, COLOURS).blob(4, png));
  }
  const { name, content } = value.plugin;
  return message.message(9, new Message().message(1, new Message().text(1, name).blob(2, content)));
}

/** Bytes before a frame's data: their length and its checksum. */
export const FRAME_HEAD = 12;

function frame(message: Message): Uint8Array {
  const data = message.toBytes();
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

function checksum(data: Uint8Array): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(maskedCrc(data));
  return out;
}

/** TFRecord rotates and shifts the checksum, since checksums of data that hold checksums are weak. */
export function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
