import { z } from 'zod';
import { dataPath, defineDataKind } from '../data-kind.js';
import { isStore, openStore, readStoreIndex } from '../packed/read-store.js';

export const packed = defineDataKind({
  schema: z.strictObject({
    /** Images that `byol data pack` has decoded and made smaller: one file. */
    kind: z.literal('packed'),
    path: dataPath,
  }),
  title: 'a packed store of images',
  defaults: {},
  recognize: async ({ path, type }) => {
    if (type !== 'file' || !(await isStore(path))) return null;
    const { directory } = await readStoreIndex(path);
    return { settings: { path }, side: directory.longestSide };
  },
  open: ({ path }) => openStore(path),
});
