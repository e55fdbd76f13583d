import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeScalars } from '../../lib/export/tensorboard.js';
import { crc32c } from '../../lib/files/crc32c.js';

test('CRC-32C as in its standard', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  // RFC 3720 appendix B.4.
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

test("an event file has the bytes that Python's tensorboard writes", () => {
  const bytes = encodeScalars([
    { tag: 'knn/top1', step: 300, time: 1.5, value: 0.5 },
    { tag: 'loss', step: 5_000_000_000, time: 1795714527.25, value: -3.25 },
  ]);
  // tensorboard 2.20: RecordWriter of Event(file_version='brain.Event:2') and these two.
  assert.equal(
    Buffer.from(bytes).toString('hex'),
    '1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c' +
      '1f00000000000000514b441809000000000000f83f10ac022a110a0f0a086b6e6e2f746f7031150000003fc6304a96' +
      '1e00000000000000d9dc1232090000d0771bc2da411080e497d0122a0d0a0b0a046c6f737315000050c0cf6e1feb',
  );
});
