/** Files of PyTorch and safetensors that are damaged, or hold another network: refused with the file and what is wrong. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Encoder } from '../../lib/encoder/encoder.js';
import { torchvisionWeights } from '../../lib/export/encoder-description.js';
import { importEncoder } from '../../lib/import/import-encoder.js';
import { withTempDir } from '../support/paths.js';
import { floats, type RawTensor, readRaw, writeRaw } from '../support/safetensors.js';
import { zip } from '../support/zip.js';
import { fixture } from './fixture-files.js';

/** Refused by import and load alike. */
async function refuses(bytes: Uint8Array, message: RegExp): Promise<void> {
  await withTempDir(async (dir) => {
    const file = path.join(dir, 'weights.bin');
    writeFileSync(file, bytes);
    for (const reading of [
      importEncoder(file, { out: path.join(dir, 'out') }),
      Encoder.load(file, torchvisionWeights),
    ]) {
      await assert.rejects(reading, (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_BYOL_CHECKPOINT', error.stack);
        assert.match(error.message, message);
        assert.ok(error.message.startsWith(file), error.message);
        return true;
      });
    }
  });
}

/** `from` in the file is `to` instead. */
function replaced(name: string, from: string, to: string): Buffer {
  const bytes = readFileSync(fixture(name));
  const at = bytes.indexOf(Buffer.from(from, 'latin1'));
  assert.ok(at >= 0, `${name} has ${from}`);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(to, 'latin1'), bytes.subarray(at + from.length)]);
}

describe("PyTorch's files", () => {
  test('that end too early', async () => {
    for (const name of ['torchvision.pth', 'legacy.pth.tar', 'byol.pkl']) {
      const bytes = readFileSync(fixture(name));
      for (const part of [0.3, 0.9, 1 - 1 / bytes.length]) {
        await refuses(bytes.subarray(0, bytes.length * part), /truncated or damaged/);
      }
    }
  });

  test('whose directory is said to lie beyond all files', async () => {
    // ZIP64 (APPNOTE 4.3.15): where its end record lies, which the plain one refers to by numbers that are all ones.
    const locator = Buffer.alloc(20);
    locator.write('PK\x06\x07', 'latin1');
    for (const place of [2n ** 62n, 2n ** 64n - 1n, 10_000n]) {
      locator.writeBigUInt64LE(place, 8);
      const end = Buffer.concat([Buffer.from('PK\x05\x06\0\0\0\0', 'latin1'), Buffer.alloc(12, 0xff), Buffer.alloc(2)]);
      const start = zip({ 'a/data.pkl': '}.' }).subarray(0, 42);
      await refuses(
        Buffer.concat([start, locator, end]),
        /archive is truncated or damaged|something in it goes beyond its end|cannot be/,
      );
    }
  });

  test('whose values have another checksum', async () => {
    const bytes = readFileSync(fixture('torchvision.pth'));
    const value = bytes.indexOf('data/0');
    // In the first storage, behind its name and padding.
    bytes[value + 100] = (bytes[value + 100] as number) ^ 1;
    await refuses(bytes, /the checksum of its entry torchvision\/data\/0 is another/);
  });

  test('of a big-endian machine, compressed, of a program, or with a storage too small', async () => {
    // Every second entry is compressed.
    await refuses(zip({ 'a/byteorder': 'big', 'a/data.pkl': '}.' }), /big-endian machine/);
    await refuses(zip({ 'a/byteorder': 'little', 'a/data.pkl': '}.' }), /its entry a\/data\.pkl is compressed/);
    await refuses(zip({ 'a/data.pkl': '}.', 'a/constants.pkl': '' }), /TorchScript program, which has code/);
    await refuses(zip({ 'a/data.pkl': '}.' }), /no tensors at all/);
    await refuses(replaced('legacy.pth.tar', 'little_endianq\x02\x88', 'little_endianq\x02\x89'), /big-endian machine/);
    // A tensor of 255 rows in a storage of two: K is BININT1, and the storage's size stands before its tuple.
    await refuses(
      replaced('torchvision.pth', 'K\0(K\x02K\x03K\x07K\x07t', 'K\0(K\xffK\x03K\x07K\x07t'),
      /array of shape \[255,3,7,7\] is larger than what it lies in/,
    );
  });

  test('that refer to more than data', () =>
    refuses(
      replaced('legacy.pth.tar', 'ccollections\nOrderedDict\n', 'cos\nsystem\n'),
      /cannot be imported: its pickle refers to os\.system, which is no part of arrays and plain values; nothing of it was run\.$/,
    ));
});

describe('networks that do not fit', () => {
  const source = readRaw(fixture('transformers/model.safetensors'));

  const refusesTensors = async (tensors: Iterable<readonly [string, RawTensor]>, message: RegExp): Promise<void> => {
    await withTempDir(async (dir) => {
      const file = path.join(dir, 'other.safetensors');
      writeRaw(file, tensors);
      await refuses(readFileSync(file), message);
    });
  };
  const changed = (change: (name: string, tensor: RawTensor) => Array<readonly [string, RawTensor]>) =>
    [...source].flatMap(([name, tensor]) => change(name, tensor));

  test('are refused with the first tensors that do not', async () => {
    const block = 'resnet.encoder.stages.1.layers.0';
    await refusesTensors(
      changed((name, tensor) => (name === `${block}.layer.1.normalization.weight` ? [] : [[name, tensor]])),
      /does not fit: the tensor that torchvision calls 'layer2\.0\.bn2\.weight' is missing\.$/,
    );
    await refusesTensors(
      [...source, [`${block}.layer.0.attention.weight`, floats([1], [1])]],
      /does not fit: 'resnet\.encoder\.stages\.1\.layers\.0\.layer\.0\.attention\.weight' is of no ResNet that this package has/,
    );
    await refusesTensors(
      [...source, [`${block}.layer.1.convolution.bias`, floats([8], Array<number>(8).fill(0))]],
      /'resnet\.encoder\.stages\.1\.layers\.0\.layer\.1\.convolution\.bias' is of no ResNet/,
    );
    await refusesTensors(
      changed((name, tensor) => [
        [name, name === `${block}.layer.1.normalization.bias` ? floats([4], [1, 2, 3, 4]) : tensor],
      ]),
      /'resnet\..*\.normalization\.bias' has shape \[4\] instead of \[8\]/,
    );
    await refusesTensors(
      changed((name, tensor) => (name.includes('stages.1') && name.includes('normalization') ? [] : [[name, tensor]])),
      /missing; .*missing; .*missing; .*missing, and \d+ more\.$/,
    );
    await refusesTensors(
      [['blocks.0.attn.weight', floats([1], [1])]],
      /no ResNet with torchvision's names.*'blocks\.0\.attn/,
    );
  });

  test('are refused with values that are none', async () => {
    const norm = 'resnet.embedder.embedder.normalization';
    const spoilt = (wanted: string, value: number) =>
      changed((name, tensor) => [[name, name === wanted ? floats([4], [1, 2, value, 4]) : tensor]]);
    await withTempDir(async (dir) => {
      const [file, out] = [path.join(dir, 'other.safetensors'), path.join(dir, 'out')];
      for (const [name, value, message] of [
        [
          `${norm}.bias`,
          Number.NaN,
          /'resnet\.embedder\.embedder\.normalization\.bias' has values that are not finite/,
        ],
        [`${norm}.running_var`, -1, /running_var' has variances below 0/],
      ] as const) {
        writeRaw(file, spoilt(name, value));
        await assert.rejects(importEncoder(file, { out }), { code: 'ERR_BYOL_CHECKPOINT', message });
        assert.ok(!existsSync(out), 'nothing is left behind');
        await assert.rejects(Encoder.load(file, torchvisionWeights), { code: 'ERR_BYOL_CHECKPOINT', message });
      }
    });
  });
});
