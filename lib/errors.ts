/** Exit codes of the command line. */
export const exitCodes = { done: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/**
 * Every code of an error that this package raises on purpose, in TypeScript, in C++ and in the set-up scripts, with the
 * exit code of a command that it ends: `usage` where something impossible was asked for, `failure` where something went wrong.
 */
const exits = {
  /** The command line, or the options of a call. */
  ERR_BYOL_USAGE: 'usage',
  /** The configuration: an unknown key, a value of the wrong type, settings that contradict each other. */
  ERR_BYOL_CONFIG: 'usage',
  /** A single value out of its range. */
  ERR_BYOL_VALUE: 'usage',

  /** Missing, truncated or contradictory training data. */
  ERR_BYOL_DATA: 'failure',
  /** An image that cannot be read or decoded. */
  ERR_BYOL_IMAGE: 'failure',
  /** Image files are to be decoded, and the package that does it is not there. */
  ERR_BYOL_NO_DECODER: 'failure',
  /** A weight or training-state file that is damaged or fits another network. */
  ERR_BYOL_CHECKPOINT: 'failure',
  /** A run folder that is none, or is damaged. */
  ERR_BYOL_RUN: 'failure',
  /** A run lies in the folder already, and nothing was said of going on with it or of replacing it. */
  ERR_BYOL_RUN_EXISTS: 'failure',
  /** Another process works in the folder of the run. */
  ERR_BYOL_RUN_LOCKED: 'failure',
  /** The loss or its gradient was not finite. */
  ERR_BYOL_DIVERGED: 'failure',
  /** Features, or every classifier trained on them, are not finite: there is nothing to measure. */
  ERR_BYOL_NOT_FINITE: 'failure',
  /** The target network does not follow the online one. */
  ERR_BYOL_TARGET_STUCK: 'failure',
  /** The file system refuses: no space, no permission. */
  ERR_BYOL_IO: 'failure',
  /** A download that is not what was published. */
  ERR_BYOL_CHECKSUM: 'failure',

  /** npm or the TypeScript compiler failed during set-up. */
  ERR_BYOL_SETUP: 'failure',
  /** Compiler, CMake or Node is missing or too old. */
  ERR_BYOL_TOOLCHAIN: 'failure',
  /** The native part does not compile or link. */
  ERR_BYOL_BUILD: 'failure',
  /** The native part is not there. */
  ERR_BYOL_NATIVE_NOT_BUILT: 'failure',
  /** The native part is there, but the system refuses to load it. */
  ERR_BYOL_NATIVE_LOAD: 'failure',
  /** There is no LibTorch of a release that is supported. */
  ERR_BYOL_LIBTORCH_NOT_FOUND: 'failure',
  /** LibTorch is of another release than the one that the addon was built for. */
  ERR_BYOL_LIBTORCH_MISMATCH: 'failure',

  /** A GPU was asked for, and there is none that can be used. */
  ERR_BYOL_CUDA_UNAVAILABLE: 'failure',
  /** The accelerator reports an error; the process cannot use it any more. */
  ERR_BYOL_DEVICE: 'failure',
  /** Out of the accelerator's memory. */
  ERR_BYOL_OOM: 'failure',
  /** Out of the machine's own memory. */
  ERR_BYOL_HOST_OOM: 'failure',
  /** Tensors or arrays whose shapes do not fit together. */
  ERR_BYOL_SHAPE: 'failure',
  /** LibTorch cannot do this on the device. */
  ERR_BYOL_UNSUPPORTED_OP: 'failure',
  /** Any other error of LibTorch. */
  ERR_BYOL_TORCH: 'failure',
  /** Any other error in C++. */
  ERR_BYOL_NATIVE: 'failure',
  /** A native object that was used after its dispose(). */
  ERR_BYOL_DISPOSED: 'failure',
  /** A process-wide setting that another worker relies on. */
  ERR_BYOL_BUSY: 'failure',
  /** A process that was started for a part of the work ended before it was done. */
  ERR_BYOL_PROCESS: 'failure',
  /** A process of `byol bench` failed. */
  ERR_BYOL_BENCH: 'failure',
  /** Work that was asked for while the process or worker ends. */
  ERR_BYOL_SHUTDOWN: 'failure',
} as const satisfies Record<string, keyof typeof exitCodes>;

/** 'ERR_BYOL_CONFIG', 'ERR_BYOL_DATA', ...: stable, to be compared with `error.code`. */
export type ErrorCode = keyof typeof exits;

/** All of them; what each means stands in lib/errors.ts. */
export const errorCodes = Object.keys(exits) as readonly ErrorCode[];

/** What an error says beside its message. */
export interface ByolErrorOptions extends ErrorOptions {
  /** What to do about it, where the message does not say. */
  readonly hint?: string;
}

/** Every error that this package raises on purpose. The message says what, why and, with `hint`, what to do. */
export class ByolError extends Error {
  override readonly name = 'ByolError';
  /** Stable. */
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: ByolErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.hint = options.hint;
  }

  /** Of a command that this error ends. */
  get exitCode(): number {
    return exitCodes[exits[this.code]];
  }
}
