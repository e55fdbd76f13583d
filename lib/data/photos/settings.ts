import { z } from 'zod';

/** Settings that all kinds of photos have. */

/** The most images that may be broken, as a part of all: 0 to 1. They are named and left out; beyond it a run stops. */
export const brokenLimit = { schema: z.number().min(0).max(1), default: 0.05 } as const;
