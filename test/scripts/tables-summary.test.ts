import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { runNode } from '../support/cli.js';
import { root, withTempDir } from '../support/paths.js';

const script = path.join(root, 'scripts/tables-summary.cjs');
const recorded = path.join(root, 'bench/results/tables');

describe('scripts/tables-summary.cjs', () => {
  test('has every claim, and nothing that needs files beside it', () => {
    const { code, stdout } = runNode([script, recorded]);
    assert.equal(code, 0);
    const overview = readFileSync(path.join(recorded, 'README.md'), 'utf8');
    const claims = [...overview.matchAll(/^\| (.+?) \| (?:holds|does not hold|not decided)/gm)].map(([, says]) => says);
    assert.ok(claims.length > 20, `${claims.length} claims`);
    for (const says of claims) assert.ok(stdout.includes(`| ${says} |`), says);
    assert.doesNotMatch(stdout, /\]\((?!https?:)/);
    assert.equal(stdout.match(/<details>/g)?.length, stdout.match(/<\/details>/g)?.length);
    assert.ok(Buffer.byteLength(stdout) < 2 ** 20);
  });

  test('says where there is nothing', () =>
    withTempDir((dir) => {
      const { code, stderr } = runNode([script, dir]);
      assert.equal(code, 1);
      assert.match(stderr, /README\.md is not there: no table has been run/);
      assert.ok(!existsSync(path.join(dir, 'summary.md')));
    }));
});
