import { z } from 'zod';
import { defineDataKind } from '../data-kind.js';
import { generateTextures } from './textures/generate.js';
import { patternNames } from './textures/patterns.js';

const images = z.int().positive();

export const textures = defineDataKind({
  schema: z.strictObject({
    /** Generated, labelled images: ten classes of tiled patterns under nuisances of colour, place, light and noise. */
    kind: z.literal('textures'),
    /** How many there are to train with. */
    trainImages: images,
    /** How many there are to test with. */
    testImages: images,
    /** Side in pixels. */
    size: z.int().min(16).max(256),
    /** Of the images: the same number draws the same ones. */
    seed: z.int().nonnegative(),
  }),
  title: 'generated textures',
  defaults: { trainImages: 6_000, testImages: 2_000, size: 16, seed: 0 },
  classes: patternNames.length,
  open: generateTextures,
});
