import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEvent, encodeFileStart, encodeRestart } from '../../lib/export/tensorboard/event-file.js';
import { hyperParameters, sessionEnd } from '../../lib/export/tensorboard/hyper-parameters.js';
import { lastSteps } from '../../lib/export/tensorboard/last-steps.js';
import { crc32c } from '../../lib/files/crc32c.js';

test('CRC-32C as in its standard', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  // RFC 3720 appendix B.4.
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

test("an event file has the bytes that Python's tensorboard writes", () => {
  const bytes = [
    encodeFileStart(1.5),
    encodeEvent({ step: 300, time: 1.5, values: [{ tag: 'knn/top1', scalar: 0.5 }] }),
    encodeEvent({ step: 5_000_000_000, time: 1795714527.25, values: [{ tag: 'loss', scalar: -3.25 }] }),
  ];
  // tensorboard 2.20: RecordWriter of Event(file_version='brain.Event:2') and these two.
  assert.equal(
    Buffer.concat(bytes).toString('hex'),
    '1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c' +
      '1f00000000000000514b441809000000000000f83f10ac022a110a0f0a086b6e6e2f746f7031150000003fc6304a96' +
      '1e00000000000000d9dc1232090000d0771bc2da411080e497d0122a0d0a0b0a046c6f737315000050c0cf6e1feb',
  );
});

test("a restart, a picture and hyper-parameters have the bytes that Python's tensorboard writes", () => {
  const frames = [
    encodeRestart(7, 1.5),
    encodeEvent({
      step: 1,
      time: 1.5,
      values: [{ tag: 'views', image: { width: 3, height: 2, png: Buffer.from('PNG') } }],
    }),
    encodeEvent({
      step: 1,
      time: 1.5,
      values: [
        ...hyperParameters({ method: 'byol', epochs: 20, on: true }, [{ tag: 'loss', title: 'Loss' }], 1.5),
        sessionEnd(2.5),
      ],
    }),
  ];
  // tensorboard 2.21: SerializeToString() of these Events, between lengths and checksums.
  const data = frames.map((frame) => Buffer.from(frame).subarray(12, -4).toString('hex'));
  assert.deepEqual(data, [
    '09000000000000f83f10073a020801',
    '09000000000000f83f10012a160a140a057669657773220b0802100318032203504e47',
    '09000000000000f83f10012afe010a570a145f68706172616d735f2f6578706572696d656e744a3f0a3d0a0768706172616d' +
      '7312321230220a0a066d6574686f642001220a0a0665706f636873200322060a026f6e20022a0e0a0612046c6f73731a044c' +
      '6f73730a690a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f4a490a470a0768706172616d73123c' +
      '1a3a0a100a066d6574686f6412061a0462796f6c0a130a0665706f63687312091100000000000034400a080a026f6e120220' +
      '0129000000000000f83f0a380a1a5f68706172616d735f2f73657373696f6e5f656e645f696e666f4a1a0a180a0768706172' +
      '616d73120d220b0801110000000000000440',
  ]);
});

test('what a run has shown so far is found in its files, also behind a restart and before half a record', () => {
  const event = (step: number, ...tags: string[]) =>
    encodeEvent({ step, time: 1, values: tags.map((tag) => ({ tag, scalar: step })) });
  const found = new Map<string, number>();
  const torn = event(60, 'loss').subarray(0, -5);
  const first = [
    encodeFileStart(1),
    event(10, 'loss', 'tau'),
    event(50, 'loss'),
    event(20, 'knn'),
    torn,
    event(70, 'x'),
  ];
  lastSteps(Buffer.concat(first), found);
  assert.deepEqual(
    [...found],
    [
      ['loss', 50],
      ['tau', 10],
      ['knn', 20],
    ],
  );
  lastSteps(Buffer.concat([encodeFileStart(1), encodeRestart(20, 1), event(30, 'tau')]), found);
  assert.deepEqual(
    [...found],
    [
      ['loss', 19],
      ['tau', 30],
      ['knn', 19],
    ],
  );
  lastSteps(Buffer.alloc(40, 255), found);
  assert.equal(found.size, 3);
});
