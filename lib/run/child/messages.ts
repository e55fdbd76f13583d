import type { Config } from '../../config/schema.js';
import type { RunResult, TrainEvent } from '../events.js';

/** What a process and the one that it forked for a training say to each other. */

/** The first one says what the process is for. */
export type Request =
  | {
      readonly type: 'train';
      readonly config: Config;
      readonly folder: string;
      /** The command line that the run belongs to, for environment.json. */
      readonly argv: readonly string[];
    }
  | { readonly type: 'measure'; readonly config: Config; readonly seconds: number }
  /** To one that measures and is ready. */
  | { readonly type: 'begin' }
  | { readonly type: 'stop' };

/** The last one is 'trained', 'measured' or 'failed'. */
export type Answer =
  | { readonly type: 'event'; readonly event: TrainEvent }
  | { readonly type: 'trained'; readonly result: RunResult }
  /** Images and network are open. */
  | { readonly type: 'ready' }
  | { readonly type: 'measured'; readonly speed: Speed }
  | { readonly type: 'failed'; readonly failure: Failure };

/** Of some steps. */
export interface Speed {
  readonly imagesPerSecond: number;
  /** Bytes that the process held at most. */
  readonly memory: number;
}

/** An error on its way between processes, where classes are lost. */
export interface Failure {
  /** Of a ByolError; null: an error of another kind. */
  readonly code: string | null;
  readonly message: string;
  readonly hint?: string;
  readonly stack?: string;
}
