import { z } from 'zod';
import { dataPath, defineDataKind } from '../data-kind.js';
import { brokenLimit, maxPixels } from '../photos/settings.js';
import { recognizeSet, setDefinitions, setNames } from '../sets/index.js';
import { openSet } from '../sets/open-set.js';
import type { SetDefinition } from '../sets/set-definition.js';

export const set = defineDataKind({
  schema: z.strictObject({
    /** A published set of photos as it is unpacked from its home, with the splits and the metric that the BYOL paper has it with. */
    kind: z.literal('set'),
    /** Which one: not called its name, because it decides which images there are. */
    set: z.enum(setNames),
    path: dataPath,
    /**
     * Validation images where the set has none of its own: 'paper': some of its training images, as many as in the paper (Table 10), always the same
     * ones; 'official': none, and all of its training images to train with.
     */
    val: z.enum(['paper', 'official']),
    brokenLimit: brokenLimit.schema,
    maxPixels: maxPixels.schema,
  }),
  title: 'a published set of photos',
  defaults: { val: 'paper', brokenLimit: brokenLimit.default },
  recognize: async ({ path, type }) => {
    const name = type === 'folder' ? await recognizeSet(path) : null;
    if (name === null) return null;
    const { title, toPretrainOn = false }: SetDefinition = setDefinitions[name];
    const val = toPretrainOn ? 'official' : 'paper';
    return { settings: { set: name, path, val, brokenLimit: brokenLimit.default } as const, title };
  },
  open: ({ set: name, ...settings }, options) => openSet(setDefinitions[name], settings, options),
});
