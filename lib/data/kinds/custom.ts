import { z } from 'zod';
import { ByolError } from '../../errors.js';
import { defineDataKind } from '../data-kind.js';

/** Images that a script has, and gives with every call: the configuration only says which they were. */
export const custom = defineDataKind({
  schema: z.strictObject({
    /** Images that a script gives with every call; a configuration only says which they were. */
    kind: z.literal('custom'),
    /** What the script calls them. */
    name: z.string().min(1),
    /** recordHash() of the images, their labels and the names of their classes. */
    hash: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  title: 'images given by a script',
  defaults: {},
  open: async ({ name }) => {
    throw new ByolError(
      'ERR_BYOL_DATA',
      `The images '${name}' lie in no file: a script gave them. Give them again from a script: ` +
        'train(settings, { data }), evaluateRun({ folder, protocol, data }) or embedRun({ folder, data }).',
    );
  },
});
