import type { EncoderTable } from '../encoders/encoder-table.js';
import type { Table } from '../table.js';
import { methodsTable } from './methods.js';
import { normalization } from './normalization.js';
import { optimalPredictor } from './optimal-predictor.js';
import { protocolsTable } from './protocols.js';
import { table1a } from './table-1a.js';
import { table1b } from './table-1b.js';
import { table2 } from './table-2.js';
import { table3 } from './table-3.js';
import { table4a } from './table-4a.js';
import { table4b } from './table-4b.js';
import { table5a } from './table-5a.js';
import { table5b } from './table-5b.js';
import { table7 } from './table-7.js';
import { table8 } from './table-8.js';
import { table9 } from './table-9.js';
import { table13 } from './table-13.js';
import { table14a } from './table-14a.js';
import { table14b } from './table-14b.js';
import { table15a } from './table-15a.js';
import { table15b } from './table-15b.js';
import { table16 } from './table-16.js';
import { table17 } from './table-17.js';
import { table18 } from './table-18.js';
import { table19 } from './table-19.js';
import { table20 } from './table-20.js';
import { table21 } from './table-21.js';
import { table22 } from './table-22.js';

/** Every table, in the order of the paper. A new one is a file beside this one and a line here. */
export const tables: ReadonlyArray<Table | EncoderTable> = [
  table1a,
  table1b,
  table2,
  table3,
  table4a,
  table4b,
  table5a,
  table5b,
  table7,
  table8,
  table9,
  table13,
  table14a,
  table14b,
  table15a,
  table15b,
  table16,
  table17,
  table18,
  table19,
  table20,
  table21,
  table22,
  optimalPredictor,
  normalization,
  methodsTable,
  protocolsTable,
];
