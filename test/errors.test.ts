import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../lib/binding/package-root.js';
import { ByolError, errorCodes } from '../lib/errors.js';

function codesIn(folder: string): Set<string> {
  const files = readdirSync(path.join(packageRoot(), folder), { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.(ts|cjs|cpp|h)$/.test(name) && name !== 'errors.ts',
  );
  const texts = files.map((name) => readFileSync(path.join(packageRoot(), folder, name), 'utf8'));
  return new Set(texts.flatMap((text) => text.match(/\bERR_BYOL_[A-Z_]*[A-Z]\b/g) ?? []));
}

test('the table holds exactly the codes that TypeScript, C++ and the scripts use', () => {
  const used = new Set([...codesIn('lib'), ...codesIn('native'), ...codesIn('scripts')]);
  assert.deepEqual([...errorCodes].sort(), [...used].sort());
});

test('errors carry code, hint, cause and the exit code of the command that they end', () => {
  const cause = new Error('below');
  const error = new ByolError('ERR_BYOL_CONFIG', 'what and why', { hint: 'what to do', cause });
  assert.deepEqual(
    [error.name, error.code, error.message, error.hint, error.cause, error.exitCode],
    ['ByolError', 'ERR_BYOL_CONFIG', 'what and why', 'what to do', cause, 2],
  );
  assert.equal(new ByolError('ERR_BYOL_DATA', '').exitCode, 1);
});
