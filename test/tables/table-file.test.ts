import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findTable } from '../../lib/tables/find-table.js';
import { planTable } from '../../lib/tables/plan.js';
import { readTableFile } from '../../lib/tables/table-file.js';
import { withTempDir } from '../support/paths.js';

const good = `
title: Mine
columns: [top-1, top-5]
ciSettings: {epochs: 2}
judgedBy: linear
rows:
  - {id: byol, label: BYOL, published: [72.5, [90.8, 0.1]], source: BYOL Table 5b}
  - {id: alone, label: no predictor, settings: {predictor: null}}
claims:
  - {kind: collapses, row: alone, says: It collapses., explained: It did not.}
  - {kind: losesMore, drop: {from: byol, to: alone}, thanDrop: {from: alone, to: byol}, says: It loses.}
`;

const read = (text: string, name = 'My-table.yaml') =>
  withTempDir((dir) => {
    const file = path.join(dir, name);
    writeFileSync(file, text);
    return readTableFile(file);
  });

test('a file has what a published table has', async () => {
  const table = await read(good);
  assert.deepEqual([table.id, table.title, table.source], ['my-table', 'Mine', 'My-table.yaml']);
  const { runs, base } = planTable(table, { seeds: 1 });
  assert.deepEqual(
    runs.map(({ name, config }) => [name, config.epochs, config.predictor === null]),
    [
      ['byol-seed0', 2, false],
      ['alone-seed0', 2, true],
    ],
  );
  assert.equal(base.config.epochs, 2);
  assert.equal(table.claims[0]?.explained, 'It did not.');
  assert.deepEqual(table.rows[0]?.published, [72.5, [90.8, 0.1]]);
  // Rows that published tables have too are the same runs.
  const plain = await read(good.replace('ciSettings: {epochs: 2}', ''));
  const published = planTable(findTable('5b'), { seeds: 1 }).runs.find(({ row }) => row.id === 'mean-teacher');
  assert.equal(planTable(plain, { seeds: 1 }).runs[1]?.key, published?.key);
});

test('what is wrong in a file is listed, all of it', async () => {
  const wrong = async (text: string, message: RegExp, name?: string): Promise<void> => {
    await assert.rejects(async () => read(text, name), { code: 'ERR_BYOL_CONFIG', message });
  };
  await wrong('title: t', /My-table\.yaml is not a table: rows: Invalid input/);
  await wrong(good.replace('kind: collapses', 'kind: colapses'), /claims\.0\.kind/);
  await wrong(good.replace('id: alone', 'id: byol'), /'byol' is there twice; claims\.0: there is no row 'alone'/);
  await wrong(good, /id: '5b' is a published table/, '5b.yaml');
  await wrong(good, /id: 'my table', from the file's name/, 'my table.yaml');
  await wrong('title: [', /not valid YAML/);
});

test('wrong settings of a row are found when the table is planned', async () => {
  const table = await read(good.replace('predictor: null', 'predicter: null'));
  assert.throws(() => planTable(table), {
    code: 'ERR_BYOL_CONFIG',
    message: /Table my-table, row 'alone': .*predicter: not a setting; did you mean predictor\?/,
  });
});
