/** The same, with nothing in it that may be assigned to. */
export type DeepReadonly<T> = { readonly [K in keyof T]: DeepReadonly<T[K]> };
