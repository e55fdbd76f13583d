import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { presetNames } from '../../lib/config/presets/index.js';
import { resolveConfig } from '../../lib/methods/resolve.js';
import { markdownFiles } from '../support/markdown.js';
import { root } from '../support/paths.js';

/** 'key.path=value' as comments, help and README show it: in quotes or backticks, or behind --set. */
const QUOTED = /(['"`])([a-zA-Z]+(?:\.[a-zA-Z\d]+)+=[^'"`\n]+)\1/g;
const BEHIND_SET = /--set ([a-zA-Z][\w.]*=\{[^}\n]*\}|'[a-zA-Z][\w.]*=[^'\n]+'|[a-zA-Z][\w.]*=[^\s'"`|){]+)/g;

function examplesOf(text: string): string[] {
  const found = [...text.matchAll(QUOTED)].map((match) => match[2] as string);
  found.push(...[...text.matchAll(BEHIND_SET)].map((match) => (match[1] as string).replace(/^'|'$/g, '')));
  // With a word or a variable for a value, an example is a form: --set data.path=PATH.
  return found.filter(
    (example) => !example.includes('$') && !/=(?:[A-Z]+|value)[.,;]?$/.test(example) && !example.startsWith('key.'),
  );
}

const files = readdirSync(path.join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => path.join('lib', name));

test('every documented setting is one that some preset takes', () => {
  let count = 0;
  for (const file of [...markdownFiles(), ...files]) {
    for (const example of examplesOf(readFileSync(path.join(root, file), 'utf8'))) {
      const clean = example.replace(/[.,;:]$/, '');
      count += 1;
      const takes = presetNames.some((preset) => {
        try {
          return resolveConfig({ preset, overrides: [clean] }) !== undefined;
        } catch {
          return false;
        }
      });
      assert.ok(takes, `${file}: ${clean}`);
    }
  }
  assert.ok(count >= 5, `only ${count} examples found`);
});
