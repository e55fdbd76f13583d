import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { encodePng } from '../../lib/report/png.js';
import { runCli } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';

test('byol data pack leaves out as many broken images as it is told to, and says how many it has to be told', () =>
  withTempDir((dir) => {
    for (let i = 0; i < 8; i += 1) {
      const folder = path.join(dir, 'photos', i % 2 === 0 ? 'cat' : 'dog');
      mkdirSync(folder, { recursive: true });
      const png = encodePng({ width: 9, height: 8, pixels: new Uint8Array(9 * 8 * 3).fill(30 * i) });
      writeFileSync(path.join(folder, `${i}.png`), i < 2 ? png.subarray(0, png.length - 30) : png);
    }
    const pack = (...args: string[]) => runCli(['data', 'pack', 'photos', '--out', 'p.byol', ...args], { cwd: dir });

    const refused = pack('--quiet');
    assert.equal(refused.code, 1);
    const limit = /of byol data pack --broken-limit ([\d.]+)/.exec(refused.stderr)?.[1];
    assert.ok(limit !== undefined, refused.stderr);
    assert.equal(pack('--quiet', '--broken-limit', '0.2').code, 1);
    for (const wrong of ['7', '-0.1', 'x', '']) {
      const { code, stderr } = pack('--broken-limit', wrong);
      assert.match(stderr, /--?broken-limit|broken-limit/);
      assert.equal(code, 2, stderr);
    }
    const packed = pack('--quiet', '--broken-limit', limit);
    assert.equal(packed.code, 0, packed.stderr);
    assert.match(packed.stdout, /^6 images, [\s\S]*Broken, and left out: 2/);
  }));
