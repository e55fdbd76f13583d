import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { defineConfig, loadConfigFile } from '../../lib/config/config-file.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { cliPath } from '../support/cli.js';
import { withTempDir } from '../support/paths.js';

async function load(dir: string, name: string, text: string) {
  const path = join(dir, name);
  writeFileSync(path, text);
  return resolveConfig({ preset: 'shapes', file: await loadConfigFile(path, { flags: { seed: '7' } }) });
}

test('settings come from modules in JavaScript and TypeScript, plain or as a function of the flags', async () => {
  await withTempDir(async (dir) => {
    assert.equal((await load(dir, 'a.mjs', 'export default { epochs: 3 }')).epochs, 3);
    const typed = 'const epochs: number = 4; enum Kind { A }\nexport default { epochs } satisfies object; void Kind;';
    assert.equal((await load(dir, 'b.ts', typed)).epochs, 4);
    const asked = 'export default async ({ flags }: { flags: { seed: string } }) => ({ seed: Number(flags.seed) });';
    assert.equal((await load(dir, 'c.mts', asked)).seed, 7);
    assert.equal((await load(dir, 'd.yaml', 'epochs: 5')).epochs, 5);
    assert.equal((await load(dir, 'e.cjs', 'module.exports = { epochs: 6 }')).epochs, 6);
  });
});

test('a module that is of no use is refused with its name and the reason', async () => {
  await withTempDir(async (dir) => {
    const refused: ReadonlyArray<readonly [string, string, RegExp]> = [
      ['none.mjs', 'export const epochs = 3', /none\.mjs: it has no default export/],
      ['text.mjs', "export default 'epochs'", /text\.mjs: its default export must be settings, .*got string/],
      ['throws.mjs', "throw new Error('out of luck')", /throws\.mjs: out of luck/],
      ['late.mjs', "export default () => Promise.reject(new Error('later'))", /late\.mjs: later/],
      ['syntax.ts', 'export default {', /syntax\.ts: /],
      ['unknown.mjs', 'export default { epohcs: 3 }', /epohcs.*epochs.*unknown\.mjs/s],
    ];
    for (const [name, text, message] of refused) {
      await assert.rejects(load(dir, name, text), { code: 'ERR_BYOL_CONFIG', message }, name);
    }
    await assert.rejects(loadConfigFile(join(dir, 'gone.ts')), { code: 'ERR_BYOL_CONFIG', message: /does not exist/ });
    assert.throws(() => resolveConfig({ preset: 'shapes', file: join(dir, 'none.mjs') }), {
      code: 'ERR_BYOL_USAGE',
      message: /loaded asynchronously/,
    });
  });
});

test('defineConfig gives back what it is given', () => {
  const config = { preset: 'shapes', epochs: 2 };
  assert.equal(defineConfig(config), config);
});

test('--config takes a module', async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, 'byol.config.ts');
    writeFileSync(
      path,
      'export default ({ flags }: any) => ({ preset: "shapes", epochs: flags.device === "cpu" ? -1 : 2 });',
    );
    const { status, stderr } = spawnSync(process.execPath, [cliPath, 'train', '--config', path, '--device', 'cpu'], {
      encoding: 'utf8',
    });
    assert.equal(status, 2);
    assert.match(stderr, /epochs.*-1.*byol\.config\.ts/s);
  });
});
