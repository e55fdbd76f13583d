import { ByolError } from '../errors.js';
import { nearest } from '../text/nearest.js';
import type { EncoderTable } from './encoders/encoder-table.js';
import { tables } from './published/index.js';
import type { Table } from './table.js';

/**
 * A table by its name as people write it: '5b', '5B', 'table 5b', 'table-5b'. Throws ERR_BYOL_USAGE naming the nearest one and
 * all there are.
 */
export function findTable(name: string): Table | EncoderTable {
  const plain = name.toLowerCase().replace(/^table[\s_-]*/, '');
  const found = tables.find(({ id, aliases = [] }) => id === plain || aliases.includes(plain));
  if (found !== undefined) return found;
  const ids = tables.map(({ id }) => id);
  // Of '5c' and '5' most letters are wrong, but the number is not.
  const number = /^\d+/.exec(plain)?.[0];
  const near = ids.filter((id) => number !== undefined && new RegExp(`^${number}(?!\\d)`).test(id));
  const meant = near.length > 0 ? near : [nearest(plain, ids)].filter((id) => id !== undefined);
  throw new ByolError(
    'ERR_BYOL_USAGE',
    `There is no table '${name}'.${meant.length === 0 ? '' : ` Did you mean ${meant.map((id) => `'${id}'`).join(' or ')}?`} There are: ${ids.join(', ')}.`,
    { hint: 'What they are: byol tables --list' },
  );
}
