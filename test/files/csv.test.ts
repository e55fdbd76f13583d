import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCsv } from '../../lib/files/csv.js';

test('fields are separated, quoted and ended as RFC 4180 says', () => {
  const cases: ReadonlyArray<readonly [string, string[][]]> = [
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r\n1,\r\n,2',
      [
        ['a', 'b'],
        ['1', ''],
        ['', '2'],
      ],
    ],
    [
      '\ufeffa;b;c\n"x;y";"say ""so""";"two\r\nlines"\n',
      [
        ['a', 'b', 'c'],
        ['x;y', 'say "so"', 'two\r\nlines'],
      ],
    ],
    [
      'a\tb\n1,5\t2',
      [
        ['a', 'b'],
        ['1,5', '2'],
      ],
    ],
    [
      'a,b\n\n1,2,',
      [
        ['a', 'b'],
        ['1', '2', ''],
      ],
    ],
    ['one\n', [['one']]],
    ['', []],
    [
      'a,b\n"",x',
      [
        ['a', 'b'],
        ['', 'x'],
      ],
    ],
  ];
  for (const [text, rows] of cases) assert.deepEqual(parseCsv(text), rows, JSON.stringify(text));
  assert.throws(() => parseCsv('a,b\n1,"2\n'), /a quote in row 2 is not closed/);
});
