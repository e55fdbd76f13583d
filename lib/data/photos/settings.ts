import { z } from 'zod';

/** Settings that all kinds of photos have. */

/** The most images that may be broken, as a part of all: 0 to 1. They are named and left out; beyond it a run stops. */
export const brokenLimit = { schema: z.number().min(0).max(1), default: 0.05 } as const;

/**
 * The most pixels that an image may have: one with more is broken, and nothing of it is decoded. Left out: as many as no photo has, so
 * that a small file that claims to be huge takes no memory.
 */
export const maxPixels = {
  schema: z
    .int()
    .positive()
    .max(2 ** 28)
    .optional(),
  default: 128_000_000,
} as const;
