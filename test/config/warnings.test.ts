import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configWarnings } from '../../lib/config/warnings.js';
import { resolveConfig } from '../../lib/methods/resolve.js';

const warnings = (preset: string, ...overrides: string[]) => configWarnings(resolveConfig({ preset, overrides }));

const cases: ReadonlyArray<readonly [name: string, preset: string, overrides: readonly string[], expected: RegExp]> = [
  ['tau given as 1 - tau', 'cifar10', ['target.tauBase=0.004'], /it is tau, .* not 1 - tau\. .* it is 0\.996\./],
  ['no moving average, but scheduled', 'cifar10', ['target.tauBase=0'], /schedule 'constant'/],
  ['a target that never moves', 'cifar10', ['target.tauBase=1'], /keeps its random weights/],
  ['no predictor', 'cifar10', ['predictor=null'], /no predictor and nothing pushes .* collapse .*Tables 5b/],
  ['a target with gradient', 'cifar10', ['target.mode=gradient'], /target receives the gradient .* collapse/],
  ['warm-up as long as the run', 'imagenet-40', ['epochs=10'], /warmupEpochs \(10\) is not less than epochs \(10\)/],
  [
    'a warm-up that ends with the run, since the predictor learns first',
    'imagenet-40',
    ['epochs=12', 'optimizer.predictorFirstEpochs=2'],
    /warmupEpochs \(10 after predictorFirstEpochs, 2\) is not less than epochs \(12\)/,
  ],
  [
    'a predictor that learns alone to the end',
    'cifar10',
    ['epochs=2', 'optimizer.predictorFirstEpochs=2'],
    /predictorFirstEpochs \(2\) is not less than epochs \(2\): the encoder does not learn/,
  ],
  [
    'nothing that looks at the batch, with a predictor that is not ahead',
    'cifar10',
    ['norm={encoder: group, projector: group, predictor: group}'],
    /collapses within 100 steps.*predictorFirstEpochs to 1/,
  ],
  [
    'epochs for a predictor that has no weights',
    'cifar10',
    ['predictor={kind: optimal}', 'batchSize=1024', 'optimizer.predictorFirstEpochs=1'],
    /no predictor with weights/,
  ],
  [
    'a learning rate for LARS with SGD',
    'imagenet-1000',
    ['optimizer.kind=sgd'],
    /peak learning rate is 3\.2 .*size for LARS/,
  ],
  [
    'least squares with fewer images than it needs',
    'shapes',
    ['predictor={kind: optimal}'],
    /fitted to batchSize \(64\) images in projector\.output \(128\) dimensions/,
  ],
  ['no weight decay', 'cifar10', ['optimizer.weightDecay=0'], /weightDecay is 0/],
  [
    'no normalisation at all',
    'cifar10',
    ['norm={encoder: none, projector: none, predictor: none}'],
    /norm is 'none' everywhere: .*0\.1 %/,
  ],
  [
    'a gamma that is not there',
    'cifar10',
    ['norm.encoder=none', 'encoder.zeroInitLastNorm=true'],
    /zeroInitLastNorm changes nothing/,
  ],
  [
    'a gamma that the official code leaves at 1',
    'cifar10',
    ['encoder.zeroInitLastNorm=true'],
    /zeroInitLastNorm changes nothing with encoder\.block 'basic'/,
  ],
  ['a tiny batch', 'cifar10', ['batchSize=16', 'accumulate=16'], /batchSize is 16: .*accumulate/],
  [
    'a batch in tiny groups',
    'cifar10',
    ['objective.statisticsGroups=16'],
    /batchSize is 256 in objective\.statisticsGroups 16: .*fewer than 32/,
  ],
  ['a network that leaves one pixel', 'cifar10', ['encoder.stem=imagenet'], /halved 5 times: .*encoder\.stem 'small'/],
  ['statistics of bytes', 'cifar10', ['views.mean=[125, 123, 114]'], /from 0 to 255/],
];

for (const [name, preset, overrides, expected] of cases) {
  test(`warns of ${name}`, () => {
    const found = warnings(preset, ...overrides);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] as string, expected);
  });
}

test('a tiny batch is fine where nothing looks at it', () => {
  const small = [
    'batchSize=16',
    'norm={encoder: group, projector: layer, predictor: none}',
    'optimizer.predictorFirstEpochs=1',
  ];
  assert.deepEqual(warnings('cifar10', ...small), []);
  assert.equal(warnings('cifar10', ...small, 'norm.predictor=affine').length, 1);
});

test('no moving average, held constant, is an experiment of the paper', () => {
  assert.deepEqual(warnings('cifar10', 'target.tauBase=0', 'target.schedule=constant'), []);
});
