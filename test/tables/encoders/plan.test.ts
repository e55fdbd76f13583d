import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { presets } from '../../../lib/config/presets/index.js';
import { publicSets } from '../../../lib/data/fetch/sets.js';
import { methods } from '../../../lib/methods/index.js';
import { encoderBase } from '../../../lib/tables/encoders/base.js';
import { isEncoderTable } from '../../../lib/tables/encoders/encoder-table.js';
import { planEncoderTable } from '../../../lib/tables/encoders/plan.js';
import { setNames, type TableSet, tableSet, tableSets } from '../../../lib/tables/encoders/sets.js';
import { planTable } from '../../../lib/tables/plan.js';
import { tables } from '../../../lib/tables/published/index.js';
import type { ScaleName } from '../../../lib/tables/scales.js';
import { withTempDir } from '../../support/paths.js';
import { table } from './small-encoder-table.js';

const ofEncoders = tables.flatMap((item) => (isEncoderTable(item) ? [item] : []));

for (const item of ofEncoders) {
  test(`table ${item.id}: columns, measures and claims fit together, and scale ci decides claims`, async () => {
    assert.equal(item.measures.length, item.columns.length);
    for (const { published } of item.rows) assert.equal(published.length, item.columns.length);
    for (const { of, than } of item.claims) {
      for (const { row, column } of [of, than]) {
        assert.ok(
          item.rows.some(({ id }) => id === row),
          row,
        );
        assert.ok(item.columns.includes(column), column);
      }
    }
    for (const id of item.ciRows ?? [])
      assert.ok(
        item.rows.some((row) => row.id === id && row.encoder),
        id,
      );
    const { rows, columns } = await planEncoderTable(item);
    const run = rows.flatMap(({ row, notRun }) => (notRun === undefined ? [row.id] : []));
    const there = columns.flatMap(({ name, notRun }) => (notRun === undefined ? [name] : []));
    const decidable = item.claims.filter(({ of, than }) =>
      [of, than].every(({ row, column }) => run.includes(row) && there.includes(column)),
    );
    assert.ok(decidable.length >= 2, `${decidable.length}`);
  });
}

test('rows are methods on the base, untrained networks are of the base, and seeds go around first', async () => {
  const { evaluations, base } = await planEncoderTable(table, { seeds: 2 });
  assert.deepEqual([base.config.preset, base.config.epochs, base.folder], ['shapes', 5, 'ci']);
  assert.deepEqual(
    evaluations.map(({ seed, encoder }) => [seed, encoder.kind]),
    [0, 1].flatMap((seed) => ['trained', 'trained', 'untrained', 'untrained'].map((kind) => [seed, kind])),
  );
  const [first] = evaluations;
  assert.ok(first?.encoder.kind === 'trained');
  assert.deepEqual(first.encoder.config, { ...methods.byol(base.config), seed: 0 });
  assert.match(first.encoder.name, /^byol-imagenet-seed0-[0-9a-f]{8}$/);
  assert.deepEqual(first.settings, base.config.evaluation.linear);
  assert.equal(new Set(evaluations.map(({ key }) => key)).size, evaluations.length);
});

test('an untrained network is the same however long others are trained', async () => {
  const keys = async (epochs: number): Promise<string[]> =>
    (await planEncoderTable({ ...table, ciSettings: { epochs } }, { seeds: 1 })).evaluations.map(({ key }) => key);
  const [short, long] = [await keys(3), await keys(4)];
  assert.deepEqual(
    short.map((key, i) => key === long[i]),
    [false, false, true, true],
  );
});

test('a table may pretrain longer than others at scale ci, and at no other', async () => {
  const epochs = async (scale: ScaleName, ciLength?: number): Promise<number> =>
    (await encoderBase(scale, ciLength === undefined ? {} : { ciLength })).config.epochs;
  assert.equal(await epochs('ci', 3), 3 * (await epochs('ci')));
  assert.equal(await epochs('card', 3), await epochs('card'));
});

test('images of a sample folder stand for the sets, wherever it lies; what is not there is told', () =>
  withTempDir(async (dir) => {
    const folder = (name: string, set = 'imagenette2-224'): string => {
      const data = path.join(dir, name);
      for (const split of ['train', 'val']) {
        mkdirSync(path.join(data, set, split, 'tench'), { recursive: true });
        writeFileSync(path.join(data, set, split, 'tench', 'a.png'), '');
      }
      return data;
    };
    const plan = await planEncoderTable(table, { data: folder('here') });
    assert.deepEqual([plan.base.config.preset, plan.base.folder], ['photos-small', 'ci-photos']);
    assert.equal(plan.columns[0]?.notRun, undefined);
    assert.match(
      plan.columns[2]?.notRun ?? '',
      /there is no flowers17 or flowers-102 in .*here; its images: --data-of flowers102=PATH$/,
    );
    assert.equal(plan.evaluations[0]?.set.text, 'imagenette2-224 in place of ImageNet');
    const moved = await planEncoderTable(table, { data: folder('there') });
    assert.deepEqual(
      moved.evaluations.map(({ key }) => key),
      plan.evaluations.map(({ key }) => key),
    );
    // What `byol data fetch` brings does too, in part.
    const whole = await planEncoderTable(table, { data: folder('fetched', publicSets['imagenette-160'].folder) });
    const { set } = whole.evaluations[0] ?? {};
    assert.deepEqual(
      [set?.text, set?.config.limit],
      ['imagenette2-160, at most 1,000 images of a split, in place of ImageNet', 1000],
    );
    for (const { samples } of Object.values<TableSet>(tableSets)) {
      const limited = samples?.filter(({ settings }) => settings?.limit !== undefined).map((one) => one.folder) ?? [];
      for (const one of limited)
        assert.ok(
          Object.values(publicSets).some(({ folder: made }) => made === one),
          one,
        );
    }
    await assert.rejects(planEncoderTable(table, { data: path.join(dir, 'nowhere') }), {
      code: 'ERR_BYOL_DATA',
      message: /^Nothing of the table can be measured at scale 'ci': there is no imagenette2-224 or .* in .*nowhere; /,
      hint: /byol data fetch NAME --out DIR/,
    });
  }));

test('scales card and paper are the official settings, on the sets themselves', async () => {
  const paper = await encoderBase('paper', {});
  assert.deepEqual(paper.config, presets['imagenet-1000']);
  assert.deepEqual((await encoderBase('card', {})).config, presets.imagenette);
  for (const name of setNames) {
    assert.equal(paper.sets.get(name)?.config, null);
    assert.match(paper.sets.get(name)?.text ?? '', new RegExp(`^${tableSet(name).path} is not there`));
  }
  await assert.rejects(planEncoderTable(table, { scale: 'paper' }), {
    code: 'ERR_BYOL_DATA',
    message: /data\/imagenet is not there/,
  });
});

test('an encoder that is given is asked in place of the rows', () =>
  withTempDir(async (dir) => {
    const file = path.join(dir, 'My Encoder.safetensors');
    writeFileSync(file, 'weights');
    const plan = await planEncoderTable(table, { encoder: file });
    assert.deepEqual(
      plan.evaluations.map(({ name, encoder }) => [name, encoder.kind]),
      [
        ['given-linear-imagenet-seed0', 'given'],
        ['given-linear-flowers102-seed0', 'given'],
      ],
    );
    // SHA-256 of 'weights' begins so.
    assert.equal(plan.base.folder, 'ci-my-encoder-9a129038');
    assert.ok(plan.rows.slice(0, -1).every(({ notRun }) => notRun !== undefined));
    assert.deepEqual(plan.claims, []);
    writeFileSync(file, 'other weights');
    const other = await planEncoderTable(table, { encoder: file });
    assert.notEqual(other.evaluations[0]?.key, plan.evaluations[0]?.key);
    await assert.rejects(planEncoderTable(table, { encoder: path.join(dir, 'none') }), { code: 'ERR_BYOL_IO' });
    await assert.rejects(planEncoderTable(table, { encoder: dir }), {
      code: 'ERR_BYOL_RUN',
      message: /has no encoder\.safetensors/,
    });
  }));

test('what cannot be is refused', async () => {
  await assert.rejects(planEncoderTable(table, { seeds: 0 }), { code: 'ERR_BYOL_USAGE' });
  await assert.rejects(planEncoderTable(table, { dataOf: { flowers: 'x' } as object }), {
    code: 'ERR_BYOL_USAGE',
    message: /There is no set 'flowers' in the tables\. There are: imagenet, places365/,
  });
  const [first] = ofEncoders;
  assert.ok(first);
  assert.throws(() => planTable(first), { code: 'ERR_BYOL_USAGE', message: /planEncoderTable\(\)/ });
});
