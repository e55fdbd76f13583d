import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { type CliResult, runNode } from '../support/cli.js';
import { root, withTempDir } from '../support/paths.js';

/** Writes down what it is asked, and says of the packages in PUBLISHED that they are there. */
const FAKE_NPM = `const fs = require('node:fs');
const [command, ...args] = process.argv.slice(2);
if (command === 'view') {
  const known = (process.env.PUBLISHED ?? '').split(',').includes(args[0].replace(/@[^@]*$/, ''));
  if (known) console.log(args[0].replace(/.*@/, ''));
  process.exit(known ? 0 : 1);
}
fs.appendFileSync(process.env.ASKED, [command, ...args].join(' ') + '\\n');
process.exit(args[0].includes(process.env.REFUSED ?? 'nothing') ? 1 : 0);
`;

interface Repository {
  readonly release: (args: readonly string[], env?: NodeJS.ProcessEnv) => CliResult;
  /** What npm was asked to publish, in order. */
  readonly asked: () => string[];
}

/** A repository at version 1.2.3 with the script, and packed packages. */
function makeRepository(dir: string, packed: readonly string[]): Repository {
  cpSync(path.join(root, 'scripts'), path.join(dir, 'scripts'), { recursive: true });
  const manifest = { version: '1.2.3', repository: 'github:us/ours' };
  writeFileSync(path.join(dir, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(dir, 'CHANGELOG.md'), '# Changelog\n\n## [1.2.3] - 2026-11-27\n');
  mkdirSync(path.join(dir, 'prebuilds'));
  for (const name of packed) writeFileSync(path.join(dir, 'prebuilds', `${name}-1.2.3.tgz`), '');
  const npm = path.join(dir, 'npm-cli.js');
  const list = path.join(dir, 'asked');
  writeFileSync(npm, FAKE_NPM);
  writeFileSync(list, '');
  return {
    release: (args, env = {}) =>
      runNode([path.join(dir, 'scripts/release.cjs'), ...args], {
        env: { npm_execpath: npm, ASKED: list, ...env },
      }),
    asked: () => readFileSync(list, 'utf8').trim().split('\n').filter(Boolean),
  };
}

const ALL = ['byol-torch-linux-x64', 'byol-torch-linux-arm64', 'byol-torch'];
const fileIn = (line: string): string => path.basename(line.split(' ')[1] ?? '');

describe('scripts/release.cjs', () => {
  test('the tag is the version', () =>
    withTempDir((dir) => {
      const { release } = makeRepository(dir, []);
      assert.equal(release(['check', 'v1.2.3']).code, 0);
      const { code, stderr } = release(['check', 'v1.2.4']);
      assert.equal(code, 1);
      assert.match(stderr, /The tag is v1\.2\.4, package\.json says 1\.2\.3/);
    }));

  test('the changelog tells of it, and npm will know the repository', () =>
    withTempDir((dir) => {
      const { release } = makeRepository(dir, []);
      writeFileSync(path.join(dir, 'CHANGELOG.md'), '# Changelog\n\n## [Unreleased]\n');
      assert.match(release(['check', 'v1.2.3']).stderr, /has no section \[1\.2\.3\]/);
      writeFileSync(path.join(dir, 'CHANGELOG.md'), '\n## [1.2.3]\n');
      writeFileSync(path.join(dir, 'package.json'), '{ "version": "1.2.3" }');
      assert.match(release(['check', 'v1.2.3']).stderr, /names no repository/);
    }));

  test('platforms first, with provenance, and all or nothing', () =>
    withTempDir((dir) => {
      const { release, asked } = makeRepository(dir, ALL);
      assert.equal(release(['publish', 'v1.2.3']).code, 0);
      assert.deepEqual(
        asked().map(fileIn),
        ALL.map((name) => `${name}-1.2.3.tgz`),
      );
      for (const line of asked()) assert.match(line, /^publish \S+ --access public --provenance$/);
    }));

  test('nothing is sent where a package is missing', () =>
    withTempDir((dir) => {
      const { release, asked } = makeRepository(dir, ['byol-torch-linux-x64', 'byol-torch']);
      const { code, stderr } = release(['publish', 'v1.2.3']);
      assert.equal(code, 1);
      assert.match(stderr, /Not all packages are there: .*byol-torch-linux-arm64-1\.2\.3\.tgz/);
      assert.deepEqual(asked(), []);
    }));

  test('what broke off goes on', () =>
    withTempDir((dir) => {
      const { release, asked } = makeRepository(dir, ALL);
      const broken = release(['publish', 'v1.2.3'], { REFUSED: 'arm64' });
      assert.equal(broken.code, 1);
      assert.match(broken.stderr, /npm publish failed for @byol-torch\/linux-arm64/);
      assert.equal(asked().length, 2);
      assert.equal(release(['publish', 'v1.2.3'], { PUBLISHED: '@byol-torch/linux-x64' }).code, 0);
      assert.deepEqual(
        asked().slice(2).map(fileIn),
        ALL.slice(1).map((name) => `${name}-1.2.3.tgz`),
      );
    }));
});
