import type { Config } from './schema.js';

/** Settings of which any may be left out. Lists are given whole; `null` removes what may be removed. */
export type ConfigPatch = { readonly [K in keyof Config]?: PatchOf<Config[K]> };

/** In groups with kinds, of every kind. */
type PatchOf<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: PatchOf<T[K]> } : T;
