import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readSafetensors, readSafetensorsHeader } from '../../lib/export/safetensors.js';

/** A file from its parts; `length` overrides the header's length field. */
function fileBytes(header: unknown, data: Uint8Array, length?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([prefix, text, data]);
}

const bytesOf = (array: ArrayBufferView): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

describe('safetensors', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'byol-safetensors-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const path = () => join(folder, 'file.safetensors');
  const refuses = (bytes: Uint8Array, words: RegExp, names?: string[]) => {
    writeFileSync(path(), bytes);
    assert.throws(
      () => readSafetensors(path(), names),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_BYOL_CHECKPOINT', error.stack);
        assert.match(error.message, words);
        assert.ok(error.message.includes(path()));
        return true;
      },
    );
  };

  test('reads every type, in the order of the file, whatever the layout', () => {
    const parts = [
      bytesOf(Float64Array.of(1 / 3)),
      bytesOf(BigInt64Array.of(-(2n ** 40n))),
      bytesOf(Float32Array.of(-0.1, 7)),
      bytesOf(Int32Array.of(-5)),
      // 1, -2, the smallest subnormal, 65504, Infinity, NaN
      bytesOf(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x7e00)),
      bytesOf(Uint16Array.of(0x3f80, 0xc049)),
      Buffer.of(200, 1, 0),
    ];
    const offsets = [0];
    for (const part of parts) offsets.push((offsets.at(-1) as number) + part.length);
    const entry = (dtype: string, shape: number[], part: number) => ({
      dtype,
      shape,
      data_offsets: offsets.slice(part, part + 2),
    });
    const header = {
      half: entry('F16', [2, 3], 4),
      f64: entry('F64', [], 0),
      __metadata__: { 'k ü': 'v\n' },
      i64: entry('I64', [1], 1),
      f32: entry('F32', [1, 2], 2),
      i32: entry('I32', [1], 3),
      bf16: entry('BF16', [2], 5),
      u8: { dtype: 'U8', shape: [1], data_offsets: [offsets[6], (offsets[6] as number) + 1] },
      bool: { dtype: 'BOOL', shape: [2], data_offsets: [(offsets[6] as number) + 1, offsets[7]] },
      empty: { dtype: 'F32', shape: [0, 4], data_offsets: [offsets[6], offsets[6]] },
    };
    writeFileSync(path(), fileBytes(header, Buffer.concat(parts)));
    const { tensors, metadata } = readSafetensors(path());
    assert.deepEqual({ ...metadata }, { 'k ü': 'v\n' });
    assert.deepEqual([...tensors.keys()], ['half', 'f64', 'i64', 'f32', 'i32', 'bf16', 'u8', 'bool', 'empty']);
    const values = (name: string) => [...(tensors.get(name)?.data ?? [])];
    assert.deepEqual(values('half'), [1, -2, 2 ** -24, 65504, Infinity, NaN]);
    assert.deepEqual(tensors.get('half')?.shape, [2, 3]);
    assert.deepEqual(values('f64'), [1 / 3]);
    assert.deepEqual(values('i64'), [-(2 ** 40)]);
    assert.deepEqual(values('f32'), [Math.fround(-0.1), 7]);
    assert.deepEqual(values('i32'), [-5]);
    assert.deepEqual(values('bf16'), [1, -3.140625]);
    assert.deepEqual(values('u8'), [200]);
    assert.deepEqual(values('bool'), [1, 0]);
    assert.deepEqual(values('empty'), []);

    const some = readSafetensors(path(), ['i32']);
    assert.deepEqual([...some.tensors.keys()], ['i32']);
    const { tensors: infos } = readSafetensorsHeader(path());
    assert.equal((infos.get('f32')?.end ?? 0) - (infos.get('f32')?.begin ?? 0), 8);
  });

  test('refuses every truncation and trailing bytes', () => {
    const whole = fileBytes({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }, Buffer.alloc(8));
    for (let length = 0; length < whole.length; length += 1) {
      refuses(whole.subarray(0, length), /truncated/);
    }
    refuses(Buffer.concat([whole, Buffer.of(0)]), /holds 9 bytes of data, its header lists 8/);
  });

  test('refuses damaged headers', () => {
    const one = (fields: object) =>
      fileBytes({ a: { dtype: 'U8', shape: [8], data_offsets: [0, 8], ...fields } }, Buffer.alloc(8));
    refuses(fileBytes('{', Buffer.alloc(0)), /not JSON/);
    refuses(fileBytes('[]', Buffer.alloc(0)), /no JSON object/);
    refuses(fileBytes('{}', Buffer.alloc(0), 2n ** 63n), /not a header's length/);
    refuses(fileBytes('{}', Buffer.alloc(0), 3n), /ends inside its header/);
    refuses(fileBytes({ __metadata__: { k: 1 } }, Buffer.alloc(0)), /metadata is not a map of strings/);
    refuses(one({ dtype: 'C64' }), /tensor 'a' is invalid at 'dtype'/);
    refuses(one({ shape: [-8] }), /invalid at 'shape.0'/);
    refuses(one({ shape: [2 ** 60, 2 ** 60] }), /invalid at 'shape.0'/);
    refuses(one({ shape: [7] }), /takes 8 bytes, but its shape and type need 7/);
    refuses(one({ data_offsets: [8, 0] }), /takes -8 bytes/);
    refuses(one({ data_offsets: [0, 8, 8] }), /invalid at 'data_offsets'/);
    refuses(one({ more: 1 }), /tensor 'a' is invalid/);
    const two = (a: number[], b: number[]) =>
      fileBytes(
        {
          a: { dtype: 'U8', shape: [(a[1] as number) - (a[0] as number)], data_offsets: a },
          b: { dtype: 'U8', shape: [(b[1] as number) - (b[0] as number)], data_offsets: b },
        },
        Buffer.alloc(8),
      );
    refuses(two([0, 6], [4, 8]), /'b' overlaps/);
    refuses(two([0, 3], [4, 8]), /'b' does not start where/);
    refuses(two([0, 4], [4, 8]), /no tensor 'c'/, ['c']);
  });

  test('says which file cannot be opened', () => {
    assert.throws(() => readSafetensorsHeader(join(folder, 'none')), { code: 'ERR_BYOL_IO', message: /none.*ENOENT/s });
    assert.throws(() => readSafetensorsHeader(folder), { code: 'ERR_BYOL_IO' });
  });
});
