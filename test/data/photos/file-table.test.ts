import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readablePath } from '../../../lib/data/photos/file-table.js';

test('names are shown as they are, but for what a terminal would obey or take for another line', () => {
  const shown = (name: string): string => readablePath(Buffer.from(name).toString('latin1'));
  assert.equal(shown('Caf\u0065\u0301/\u65e5 1.jpg'), 'Caf\u00e9/\u65e5 1.jpg');
  assert.equal(shown('a\nerror: b\r\u001b[31m\u007f.jpg'), 'a\\x0aerror: b\\x0d\\x1b[31m\\x7f.jpg');
  assert.equal(shown('\u0085\u2028.jpg'), '\\xc2\\x85\\xe2\\x80\\xa8.jpg');
  assert.equal(readablePath('f\xff\n.jpg'), 'f\\xff\\x0a.jpg');
});
