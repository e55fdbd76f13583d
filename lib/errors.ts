/** Exit codes of the command line: 0 done, 1 failure, 2 usage, 130 interrupted. */
export const exitCodes = { done: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** Codes that mean that the caller asked for something impossible, rather than that something went wrong. */
const usageCodes: ReadonlySet<string> = new Set(['ERR_BYOL_CONFIG', 'ERR_BYOL_USAGE', 'ERR_BYOL_VALUE']);

export interface ByolErrorOptions extends ErrorOptions {
  /** What to do about it, where the message does not say. */
  readonly hint?: string;
}

/** Every error that this package raises on purpose. The message says what, why and, with `hint`, what to do. */
export class ByolError extends Error {
  override readonly name = 'ByolError';
  /** Stable, ERR_BYOL_*. */
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: ByolErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.hint = options.hint;
  }

  get exitCode(): number {
    return usageCodes.has(this.code) ? exitCodes.usage : exitCodes.failure;
  }
}
