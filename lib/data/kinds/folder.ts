import { z } from 'zod';
import { defineDataKind } from '../data-kind.js';

const PHOTO = /\.(jpe?g|png|webp|tiff?|bmp|gif|avif)$/i;

export const folder = defineDataKind({
  schema: z.strictObject({
    /** A folder of photos, one sub-folder per class or flat. */
    kind: z.literal('folder'),
    path: z.string().min(1),
  }),
  title: 'a folder of photos',
  defaults: {},
  recognize: async ({ path, files, folders }) =>
    folders.length > 0 || files.some((name) => PHOTO.test(name)) ? { settings: { path } } : null,
});
