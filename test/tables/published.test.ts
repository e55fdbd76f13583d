import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configHash } from '../../lib/config/hash.js';
import type { ConfigPatch } from '../../lib/config/layers.js';
import { presets } from '../../lib/config/presets/index.js';
import type { Config } from '../../lib/config/schema.js';
import { rowsOf } from '../../lib/tables/claims.js';
import { isEncoderTable } from '../../lib/tables/encoders/encoder-table.js';
import { findTable } from '../../lib/tables/find-table.js';
import { planRows, planTable } from '../../lib/tables/plan.js';
import { tables } from '../../lib/tables/published/index.js';
import { scaleBase, scaleNames } from '../../lib/tables/scales.js';
import { publishedText, publishedValue, type Table } from '../../lib/tables/table.js';

const runnable = tables.flatMap((table) => (isEncoderTable(table) || table.missing !== undefined ? [] : [table]));

function findSettingsTable(id: string): Table {
  const table = findTable(id);
  assert.ok(!isEncoderTable(table));
  return table;
}

function configOf(id: string, row: string, scale: 'ci' | 'card' | 'paper' = 'paper'): Config {
  const found = planRows(findSettingsTable(id), scale).rows.find((item) => item.row.id === row);
  assert.ok(found?.config, `${id} ${row}`);
  return found.config;
}

test('every table of the paper, the follow-up, the optimal predictor, the methods and the protocols are there', () => {
  const names = tables.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
  const paper =
    '1a 1b 2 3 4a 11 4b 12 5a 5b 7 8 9 13 14a 14b 15a 15b 16 17 18 19 20 21 22 optimal-predictor normalization methods protocols';
  assert.deepEqual([...names].sort(), paper.split(' ').sort());
});

for (const table of tables) {
  test(`table ${table.id} is consistent`, () => {
    const ids = table.rows.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const { id, label, published } of table.rows) {
      assert.match(id, /^[a-z0-9][a-z0-9.-]*$/);
      assert.ok(label.length > 0);
      assert.equal(published.length, table.columns.length, id);
      if (!/^mean-teacher$|untrained/.test(id)) assert.ok(published.some((number) => number !== null));
    }
    for (const { says } of table.claims) assert.match(says, /^[A-Z].*\.$/);
    const named = isEncoderTable(table)
      ? table.claims.flatMap(({ of, than }) => [of.row, than.row])
      : table.claims.flatMap(rowsOf);
    for (const id of named) assert.ok(ids.includes(id), id);
    for (const id of table.ciRows ?? []) assert.ok(ids.includes(id), id);
  });
}

for (const table of runnable) {
  test(`table ${table.id}: every row is a valid configuration at every scale, each another`, () => {
    assert.ok(table.claims.length > 0);
    for (const scale of scaleNames) {
      const { rows } = planRows(table, scale);
      const keys = rows.flatMap(({ config }) => (config === null ? [] : configHash(config)));
      assert.ok(keys.length >= 2);
      assert.equal(new Set(keys).size, keys.length, scale);
      for (const { row, config, notRun } of rows) {
        assert.equal(config === null, notRun !== undefined);
        // Only blur, which small images do not have, may be missing; and nothing at the paper's scale.
        if (scale === 'paper') assert.ok(config, row.id);
      }
    }
  });

  test(`table ${table.id}: scale ci runs the rows of at least two claims, in several epochs`, () => {
    const { base, rows } = planRows(table, 'ci');
    const run = rows.flatMap(({ row, config }) => (config === null ? [] : row.id));
    const decidable = table.claims.filter((claim) => rowsOf(claim).every((id) => run.includes(id)));
    assert.ok(decidable.length >= 2, `${decidable.length}`);
    assert.ok(base.config.epochs >= 5, base.used);
  });
}

/** First published number of rows, typed here once more from the paper. */
const printed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '1a': { byol: '74.3', simclr: '69.3', 'moco-v2-800-ep': '71.1' },
  '1b': { 'byol-r200-2x': '79.6' },
  '2': { 'byol-r50': '53.2', 'supervised-r50': '25.4' },
  '3': { 'linear-byol': '75.3', 'fine-tuned-byol': '88.5' },
  '4a': { byol: '77.5' },
  '4b': { byol: '84.6' },
  '5a': { constant: '18.8 ± 0.7', slower: '69.8', byol: '72.5', faster: '68.4', 'stop-gradient': '0.3' },
  '5b': { byol: '72.5', 'byol-negatives': '70.9', simclr: '69.4', 'predictor-only': '0.3', nothing: '0.1' },
  '13': { 'byol-places': '53.2' },
  '14a': { 'projector1-predictor1': '61.9', 'projector2-predictor2': '72.5', 'projector3-predictor1': '71.4' },
  '14b': { dimension16: '69.9 ± 0.3', dimension512: '72.6' },
  '15a': { 'rate0.01': '34.8 ± 3.0', 'rate0.3': '72.5', rate1: '69.4' },
  '15b': { 'times0.1': '72.1', times10: '69.6 ± 0.4' },
  '16': { 'byol-part1': '72.5', 'simclr-part16': '64.3 ± 2.1', 'byol-part64': '59.7 ± 1.5' },
  '17': { 'byol-no-color': '63.4 ± 0.7', 'simclr-no-color': '45.7', 'simclr-crop': '40.3 ± 0.3' },
  '18': { 'beta1-alpha0.01': '53.9 ± 0.5', 'beta0.1-alpha0.3': '72.7', byol: '72.5' },
  '19': { 'predictor-sg': '5.5', ema: '0.2', 'sg-beta1': '69.2' },
  '20': { layer: '72.5 ± 0.4', none: '67.4', batch: '65.3' },
  '21': { lambda0: '0.01', lambda10: '66.6', byol: '72.5' },
  '22': { 'mu1-lambda10': '66.9', 'mu10-lambda1': '0.1', 'mu2-lambda2': '15.8 ± 13.4' },
  'optimal-predictor': { optimal: '52.5' },
  normalization: { group: '73.9', none: '0.1', affine: '65.7' },
  protocols: { byol: '-' },
  methods: { byol: '74.3', simclr: '69.3', 'moco-v1': '60.6', 'moco-v2': '71.1', simsiam: '71.3', supervised: '76.5' },
};

test('published numbers are the printed ones', () => {
  for (const [id, rows] of Object.entries(printed)) {
    for (const [row, text] of Object.entries(rows)) {
      const found = findTable(id).rows.find((item) => item.id === row);
      assert.equal(publishedText(found?.published[0]), text, `${id} ${row}`);
    }
  }
  assert.equal(publishedValue([69.6, 0.5]), 69.6);
  assert.equal(publishedText(null), '-');
});

test("at the paper's scale settings are the paper's", () => {
  assert.deepEqual(configOf('5b', 'byol'), presets['imagenet-300']);
  assert.equal(configOf('5a', 'slower').target.tauBase, 0.999);
  assert.equal(configOf('5a', 'faster').target.tauBase, 0.9);
  assert.deepEqual(
    ['slower', 'faster'].map((row) => configOf('5a', row, 'ci').target.tauBase),
    [0.995, 0.5],
  );
  assert.equal(configOf('15a', 'rate0.01').optimizer.baseLearningRate, 0.01);
  assert.equal(configOf('15a', 'rate0.3').optimizer.baseLearningRate, 0.3);
  assert.equal(configOf('15b', 'times5').optimizer.weightDecay, 5e-6);
  const { batchSize, accumulate, predictor, target, objective } = configOf('16', 'simclr-part64');
  assert.deepEqual(
    [batchSize, accumulate, predictor, target.mode, objective.statistics],
    [64, 64, null, 'gradient', 'joint'],
  );
  assert.deepEqual(objective.negatives, { kind: 'batch', weight: 1, temperature: 0.1 });
  assert.deepEqual(configOf('14a', 'projector3-predictor1').projector.hidden, [4096, 4096]);
  const linear = configOf('14a', 'projector3-predictor1').predictor;
  assert.deepEqual(linear, {
    kind: 'mlp',
    hidden: [],
    output: 256,
    hiddenBias: true,
    outputBias: false,
    outputNorm: false,
  });
  assert.deepEqual(configOf('optimal-predictor', 'optimal').predictor, { kind: 'optimal', ridge: 1e-6 });
  assert.equal(configOf('21', 'lambda0').optimizer.predictorLearningRateScale, 0);
  const kinds = configOf('17', 'byol-no-color').views.pipelines.map((view) => view.map(({ kind }) => kind));
  assert.deepEqual(kinds, Array(2).fill(['randomResizedCrop', 'flip', 'blur', 'solarize']));
  const even = configOf('17', 'byol-symmetric').views;
  assert.deepEqual(even.pipelines[0], even.pipelines[1]);
});

test('rows that a scale cannot make are told, not run', () => {
  const { rows } = planRows(findSettingsTable('17'), 'card');
  const blur = rows.find(({ row }) => row.id === 'byol-no-blur');
  assert.deepEqual([blur?.config, blur?.notRun], [null, "it does not apply to this scale's settings"]);
  const left = planRows(findSettingsTable('22'), 'ci').rows.filter(({ config }) => config === null);
  assert.equal(left.length, 21);
  assert.match(left[0]?.notRun ?? '', /left out at scale 'ci'/);
});

test('scale ci is the same short run for every table, with the changes that a table asks for', () => {
  const { config, used, folder } = scaleBase('ci', {});
  assert.deepEqual([config.epochs, config.batchSize, config.data.kind, folder], [20, 64, 'textures', 'ci']);
  assert.equal(used, 'preset textures, 20 epochs in batches of 64, tau from 0.95');
  assert.deepEqual([config.target.tauBase, config.target.init], [0.95, presets.textures.target.init]);
  const real = scaleBase('ci', {}, { data: 'somewhere' });
  assert.deepEqual(real.config.data, { kind: 'cifar10', path: 'somewhere', batches: [1] });
  assert.deepEqual([real.config.epochs, real.folder], [4, 'ci-cifar10']);
  assert.equal(scaleBase('ci', { ciSettings: { batchSize: 256 } }).config.batchSize, 256);
});

test('scale card trains the ResNet-18 of preset cifar10 for fewer epochs; any scale can be cut short, in a folder of its own', () => {
  const { config, folder } = scaleBase('card', { ciSettings: { batchSize: 64 } });
  const { encoder, optimizer, batchSize, target, data } = presets.cifar10;
  assert.deepEqual(
    [config.encoder, config.optimizer, config.batchSize, config.target, config.data],
    [encoder, optimizer, batchSize, target, data],
  );
  assert.deepEqual([config.epochs, config.evaluation.linear, folder], [15, presets.cifar10.evaluation.linear, 'card']);
  const short = scaleBase('card', {}, { epochs: 2 });
  assert.deepEqual([short.config, short.folder], [{ ...config, epochs: 2 }, 'card-2epochs']);
  assert.match(short.used, /15 epochs, cut short to 2 epochs$/);
  assert.equal(scaleBase('card', {}, { epochs: 15 }).folder, 'card');
  // The rise of the learning rate keeps its part of the run.
  const paper = scaleBase('paper', {}, { epochs: 3 }).config;
  assert.deepEqual(
    [paper.epochs, paper.optimizer.warmupEpochs],
    [3, presets['imagenet-300'].optimizer.warmupEpochs / 100],
  );
  const part = scaleBase('card', {}, { limit: 5000 });
  assert.deepEqual([part.config.data.limit, part.config.epochs, part.folder], [5000, 15, 'card-5000images']);
  assert.match(part.used, /15 epochs, on at most 5,000 images of each split$/);
  assert.equal(scaleBase('card', {}, { epochs: 2, limit: 512 }).folder, 'card-2epochs-512images');
  const plan = planTable(findSettingsTable('5b'), { epochs: 2, seeds: 1 });
  assert.ok(plan.runs.every((run) => run.config.epochs === 2));
  for (const wrong of [{ epochs: 0 }, { limit: 1.5 }])
    assert.throws(() => planTable(findSettingsTable('5b'), wrong), { code: 'ERR_BYOL_USAGE' });
});

test('scale ci keeps to its time: runs of all rows and seeds, and evaluating, at 5,000 images a second', () => {
  for (const table of runnable) {
    const runs = planTable(table).runs;
    // Two runs at once with one thread each, measured. Evaluating embeds all images before and after, a third of a training step each.
    const images = runs.reduce((sum, { config }) => sum + 6_000 * config.epochs + (2 * 8_000) / 3, 0);
    assert.ok(images / 5000 < 21 * 60, `${table.id}: ${Math.round(images / 5000 / 60)} minutes`);
  }
});

const wrong = (settings: ConfigPatch): Table => ({
  ...findSettingsTable('5b'),
  rows: [{ id: 'wrong', label: 'wrong', published: [1], settings }],
});

test('a wrong setting of a row does not compile, and is refused', () => {
  // @ts-expect-error: no such setting
  const unknown: ConfigPatch = { target: { tauBas: 0.9 } };
  // @ts-expect-error: no such mode
  const mode: ConfigPatch = { target: { mode: 'momentum' } };
  assert.throws(() => planTable(wrong(unknown)), {
    code: 'ERR_BYOL_CONFIG',
    message: /^Table 5b, row 'wrong': .*target\.tauBas: not a setting; did you mean target\.tauBase\?/,
  });
  assert.throws(() => planTable(wrong(mode)), { code: 'ERR_BYOL_CONFIG', message: /target\.mode: expected 'ema'/ });
});

test('seeds go around before rows, and more seeds leave the first ones as they are', () => {
  const names = (seeds: number): string[] => planTable(findTable('20'), { seeds }).runs.map(({ name }) => name);
  assert.deepEqual(names(1), ['l2-seed0', 'layer-seed0', 'none-seed0', 'batch-seed0']);
  const keys = (seeds: number): string[] => planTable(findTable('20'), { seeds }).runs.map(({ key }) => key);
  assert.deepEqual(keys(5).slice(0, 12), keys(3));
  assert.equal(new Set(keys(5)).size, 20);
});

test('what cannot run is refused before anything is done', () => {
  assert.throws(() => planTable(findTable('4b')), {
    code: 'ERR_BYOL_USAGE',
    message: /Missing: the depth protocol/,
  });
  assert.throws(() => planTable(findTable('5b'), { seeds: 0 }), { code: 'ERR_BYOL_USAGE', message: /from 1, got 0/ });
  assert.throws(() => planTable(findTable('5b'), { scale: 'paper' }), {
    code: 'ERR_BYOL_DATA',
    message: /Scale 'paper' trains preset imagenet-300 on a folder of photos \(data\/imagenet\), which is not there/,
  });
});

test('tables are found by their names as people write them', () => {
  for (const name of ['5b', '5B', 'table-5b', 'Table 5b']) assert.equal(findTable(name).id, '5b');
  assert.equal(findTable('12').id, '4b');
  const refused = (name: string, message: RegExp): void =>
    assert.throws(() => findTable(name), { code: 'ERR_BYOL_USAGE', message });
  refused('5', /Did you mean '5a' or '5b'\?/);
  refused('optimal-predicter', /Did you mean 'optimal-predictor'\?/);
  refused('xyz', /^There is no table 'xyz'\. There are: 1a, /);
});
