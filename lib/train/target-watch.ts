import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import type { Schedule } from './schedules.js';

/** Epochs of the encoder within which a target that follows must have been seen to move; late in a run tau is too near 1 to tell. */
const MOVES_WITHIN = 2;

/** Notices a target that is never updated: such a run trains without complaint, towards a random network. */
export class TargetWatch {
  readonly #config: Pick<Config, 'target' | 'optimizer'>;
  readonly #schedule: Pick<Schedule, 'learningRate' | 'predictorFirstSteps'>;
  #begun = false;
  #moved = false;

  constructor(
    config: Pick<Config, 'target' | 'optimizer'>,
    schedule: Pick<Schedule, 'learningRate' | 'predictorFirstSteps'>,
  ) {
    this.#config = config;
    this.#schedule = schedule;
  }

  /** The largest change of a target parameter since the learner was made or loaded. */
  note(movement: number): void {
    this.#begun = true;
    this.#moved ||= movement > 0;
  }

  /** At the end of an epoch, 1..epochs. Throws ERR_BYOL_TARGET_STUCK. */
  check(epoch: number, step: number): void {
    const { target, optimizer } = this.#config;
    const frozen = target.mode !== 'ema' || target.tauBase === 1;
    const { predictorFirstSteps, learningRate } = this.#schedule;
    // While only the predictor learns, or with learning rate 0, as in the first step of a warm-up, a target that began as a copy has
    // nowhere to go.
    const trained = this.#begun && step > predictorFirstSteps && learningRate(step - 1) > 0;
    const tooLate = epoch > MOVES_WITHIN + optimizer.predictorFirstEpochs;
    if (frozen || !trained || tooLate || this.#moved) return;
    throw new ByolError(
      'ERR_BYOL_TARGET_STUCK',
      `The target network has not moved in the first ${step} steps (tau ${target.tauBase}). Lower target.tauBase.`,
    );
  }
}
