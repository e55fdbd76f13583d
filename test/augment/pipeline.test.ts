import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cropAndFlip, officialViews, pipelineSchema } from '../../lib/augment/pipeline.js';

describe('the official pipelines', () => {
  test("are the paper's Table 6", () => {
    const [first, second] = officialViews;
    const byKind = (pipeline: typeof first): Record<string, unknown> =>
      Object.fromEntries(pipeline.map(({ kind, ...rest }) => [kind, rest]));
    const shared = {
      randomResizedCrop: { area: [0.08, 1], aspect: [0.75, 4 / 3], sampling: 'official' },
      flip: { p: 0.5 },
      colorJitter: { p: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 },
      grayscale: { p: 0.2 },
    };
    assert.deepEqual(byKind(first), { ...shared, blur: { p: 1, sigma: [0.1, 2] }, solarize: { p: 0 } });
    assert.deepEqual(byKind(second), { ...shared, blur: { p: 0.1, sigma: [0.1, 2] }, solarize: { p: 0.2 } });
    assert.deepEqual(
      cropAndFlip.map(({ kind }) => kind),
      ['randomResizedCrop', 'flip'],
    );
  });

  test('pass their own schema', () => {
    for (const pipeline of [...officialViews, cropAndFlip, []])
      assert.deepEqual(pipelineSchema.parse(pipeline), pipeline);
  });
});

describe('pipelineSchema refuses', () => {
  const problem = (pipeline: unknown): string => {
    const result = pipelineSchema.safeParse(pipeline);
    assert.equal(result.success, false);
    const [issue] = result.error?.issues ?? [];
    return `${issue?.path.join('.')}: ${issue?.message}`;
  };
  const flip = { kind: 'flip', p: 0.5 };
  const gray = { kind: 'grayscale', p: 0.2 };
  const crop = cropAndFlip[0];

  test('another order', () => {
    assert.match(problem([gray, flip]), /^1: flip cannot follow grayscale: .*order randomResizedCrop or center, flip/);
  });
  test('an operation twice', () => assert.match(problem([flip, flip]), /^1: flip cannot follow flip/));
  test('two crops', () => assert.match(problem([crop, { kind: 'center', fraction: 1 }]), /^1: center cannot follow/));
  test('an unknown operation', () => assert.match(problem([{ kind: 'mixup', p: 1 }]), /^0\.kind/));
  test('an unknown key', () => assert.match(problem([{ ...flip, probability: 1 }]), /probability/));
  test('a probability above 1', () => assert.match(problem([{ ...flip, p: 1.5 }]), /^0\.p/));
  test('a range upside down', () => assert.match(problem([{ ...crop, aspect: [2, 1] }]), /^0\.aspect.*low <= high/));
  test('an area above the whole', () =>
    assert.match(problem([{ ...crop, area: [0.5, 1.1] }]), /^0\.area.*whole image/));
  test('a blur without width', () => assert.match(problem([{ kind: 'blur', p: 1, sigma: [0, 1] }]), /^0\.sigma/));
});
