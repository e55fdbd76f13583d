import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presets } from '../../lib/config/presets/index.js';
import { findMethod, methodDefinitions, methodTitle, registerMethod } from '../../lib/methods/index.js';
import type { MethodDefinition } from '../../lib/methods/method.js';
import { resolveConfig } from '../../lib/methods/resolve.js';

/** All there is to a method of one's own. */
const toy: MethodDefinition = {
  name: 'toy-byol',
  title: 'Toy',
  summary: 'BYOL with a constant target',
  recipe: (base) => ({ ...base, target: { ...base.target, tauBase: 1, schedule: 'constant' } }),
};

test('a method is one file: once registered its name works like any other', () => {
  assert.throws(() => findMethod('toy-byol'), { code: 'ERR_BYOL_CONFIG' });
  registerMethod(toy);
  registerMethod(toy);
  const config = resolveConfig({ preset: 'shapes', overrides: ['method=toy-byol'] });
  assert.deepEqual([config.method, config.target.tauBase, methodTitle(config)], ['toy-byol', 1, 'Toy']);
  assert.ok(methodDefinitions().includes(toy));
  assert.throws(() => resolveConfig({ preset: 'shapes', overrides: ['method=toy-boyl'] }), /Did you mean 'toy-byol'/);
  // Whatever was there before, and back.
  const simclr = findMethod('simclr');
  assert.deepEqual(findMethod('toy-byol')(simclr(presets.shapes)), config);
  assert.deepEqual(simclr(config), simclr(presets.shapes));
});

test('a name that is taken or none is refused, and so is a recipe that does not fit', () => {
  assert.throws(() => registerMethod({ ...toy, name: 'byol' }), { code: 'ERR_BYOL_USAGE', message: /already/ });
  assert.throws(() => registerMethod({ ...toy, name: 'My Method' }), {
    code: 'ERR_BYOL_USAGE',
    message: /'My Method'/,
  });
  registerMethod({ ...toy, name: 'broken', recipe: (base) => ({ ...base, epochs: -1 }) });
  assert.throws(() => resolveConfig({ preset: 'shapes', method: 'broken' as 'byol' }), /epochs: .*-1/);
});
