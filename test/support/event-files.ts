/** TensorBoard's event files, read by code that has nothing of the writer's, and shown as TensorBoard's Python reader shows them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface ReadEvent {
  readonly time: number;
  readonly step: number;
  readonly version: string | null;
  /** SessionLog.status. */
  readonly session: number | null;
  readonly values: ReadonlyMap<string, Field[]>;
}

/** Field number and what stands there: varints as numbers, everything else as bytes. */
export type Field = readonly [number: number, value: number | Buffer];

export function parseMessage(bytes: Buffer): Field[] {
  const out: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let bits = '';
    for (;;) {
      const byte = bytes.readUInt8(at++);
      bits = (byte & 127).toString(2).padStart(7, '0') + bits;
      if (byte < 128) return Number.parseInt(bits, 2);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const type = key & 7;
    if (type === 0) {
      out.push([key >> 3, varint()]);
      continue;
    }
    const size = { 1: 8, 2: -1, 5: 4 }[type];
    if (size === undefined) throw new Error(`wire type ${type}`);
    const length = size < 0 ? varint() : size;
    out.push([key >> 3, bytes.subarray(at, at + length)]);
    at += length;
  }
  return out;
}

export const all = (fields: readonly Field[], number: number): Buffer[] =>
  fields.flatMap(([field, value]) => (field === number && typeof value !== 'number' ? [value] : []));
export const bytesOf = (fields: readonly Field[], number: number): Buffer => all(fields, number)[0] as Buffer;
export const numberOf = (fields: readonly Field[], number: number): number | undefined =>
  fields.flatMap(([field, value]) => (field === number && typeof value === 'number' ? [value] : []))[0];

export function readEventFile(file: string): ReadEvent[] {
  const bytes = readFileSync(file);
  const out: ReadEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const fields = parseMessage(bytes.subarray(at + 12, at + 12 + length));
    const summaries = all(fields, 5).flatMap((summary) => all(parseMessage(summary), 1).map(parseMessage));
    const session = all(fields, 7)[0];
    out.push({
      time: bytesOf(fields, 1).readDoubleLE(),
      step: numberOf(fields, 2) ?? 0,
      version: all(fields, 3)[0]?.toString() ?? null,
      session: session === undefined ? null : (numberOf(parseMessage(session), 1) ?? 0),
      values: new Map(summaries.map((value) => [bytesOf(value, 1).toString(), value])),
    });
    at += 16 + length;
  }
  return out;
}

/** Of all files of a folder, in the order of their names: what came before a restart, at its step and later, is not shown. */
export function shownEvents(folder: string): ReadEvent[] {
  let shown: ReadEvent[] = [];
  for (const name of readdirSync(folder).sort()) {
    for (const event of readEventFile(path.join(folder, name))) {
      if (event.session === 1) shown = shown.filter(({ step }) => step < event.step);
      shown.push(event);
    }
  }
  return shown;
}

/** Steps and values of each scalar that is shown. */
export function shownScalars(folder: string): Map<string, Array<readonly [step: number, value: number]>> {
  const out = new Map<string, Array<readonly [number, number]>>();
  for (const { step, values } of shownEvents(folder)) {
    for (const [tag, value] of values) {
      const scalar = all(value, 2)[0];
      if (scalar !== undefined) out.set(tag, [...(out.get(tag) ?? []), [step, scalar.readFloatLE()]]);
    }
  }
  return out;
}
