import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presets } from '../../../lib/config/presets/index.js';
import { isProtocolName, protocols } from '../../../lib/eval/protocols/index.js';
import { type EvaluationName, tableEvaluation, tableEvaluations } from '../../../lib/tables/encoders/evaluations.js';
import { scaleNames } from '../../../lib/tables/scales.js';

for (const name of Object.keys(tableEvaluations) as EvaluationName[]) {
  test(`evaluation ${name} is a protocol with settings that it takes, at every scale and on the base of each`, () => {
    const { protocol, settings } = tableEvaluation(name);
    assert.ok(isProtocolName(protocol), protocol);
    const found = protocols().find((item) => item.name === protocol);
    for (const scale of scaleNames) {
      for (const base of [presets.shapes, presets['photos-small'], presets.imagenette, presets['imagenet-1000']]) {
        const parsed = found?.settings.safeParse({ ...found.defaults, ...settings(scale, base) });
        assert.ok(parsed?.success, `${scale}: ${parsed?.error?.message}`);
      }
    }
  });
}

test("at the paper's scale settings are the paper's, and those of Table 7 differ in what it says", () => {
  const base = presets['imagenet-1000'];
  const of = (name: EvaluationName): object => tableEvaluation(name).settings('paper', base);
  assert.deepEqual(of('linear'), base.evaluation.linear);
  assert.deepEqual(of('linear-plain'), base.evaluation.linear);
  assert.deepEqual(of('linear-both'), {
    ...base.evaluation.linear,
    augmentation: 'pretraining',
    logitRegularizer: { alpha: 20, beta: 0.01 },
  });
  assert.deepEqual(of('fine-tune-1'), { recipe: 'semi-supervised', labels: { fraction: 0.01 } });
  assert.deepEqual(of('fine-tune-transfer'), { recipe: 'transfer' });
  assert.deepEqual(of('logistic'), {});
});
