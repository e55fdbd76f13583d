import { z } from 'zod';
import { defineDataKind } from '../data-kind.js';
import { generateShapes } from './shapes/generate.js';
import { outlineNames } from './shapes/outlines.js';

const images = z.int().positive();

export const shapes = defineDataKind({
  schema: z.strictObject({
    /** Generated, labelled images: ten classes of outlines under nuisances of colour, pose, scale, background and noise. */
    kind: z.literal('shapes'),
    /** How many there are to train with. */
    trainImages: images,
    /** How many there are to test with. */
    testImages: images,
    /** Side in pixels. */
    size: z.int().min(16).max(256),
    /** Of the images: the same number draws the same ones. */
    seed: z.int().nonnegative(),
  }),
  title: 'generated',
  defaults: { trainImages: 10_000, testImages: 2_000, size: 32, seed: 0 },
  classes: outlineNames.length,
  open: generateShapes,
});
