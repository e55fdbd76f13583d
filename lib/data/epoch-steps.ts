/** What a step does where an epoch ends: it goes on into the next one, or images that do not fill one are left out. */
export type EpochBoundary = 'stream' | 'drop-last';

export interface EpochStepsOptions {
  /** Images of an epoch, at least `rows`: every epoch has a step. */
  readonly images: number;
  /** Images of an optimiser step. */
  readonly rows: number;
  readonly boundary: EpochBoundary;
}

/**
 * Where epochs end among the optimiser steps. With 'drop-last' each has floor(images / rows) steps. With 'stream' epoch e is over
 * after floor(e * images / rows) of them, as the official code counts: a step that holds the end of one epoch and the beginning
 * of the next is the first step of the next.
 */
export class EpochSteps {
  /** Steps of an epoch; with 'stream' their mean, seldom a whole number. */
  readonly perEpoch: number;
  /** Images that an epoch leaves out because they do not fill a step, other ones each time; none with 'stream'. */
  readonly dropped: number;
  /** An epoch and a step, both in images where steps run on across epochs, both in steps where they do not. */
  readonly #epoch: number;
  readonly #step: number;

  constructor({ images, rows, boundary }: EpochStepsOptions) {
    const whole = Math.floor(images / rows);
    const stream = boundary === 'stream';
    this.dropped = stream ? 0 : images - whole * rows;
    this.#epoch = stream ? images : whole;
    this.#step = stream ? rows : 1;
    this.perEpoch = this.#epoch / this.#step;
  }

  /** Whole steps in this many epochs, which may be a part of one. */
  stepsIn(epochs: number): number {
    // Multiplied first: of whole numbers the product is exact, and so is a quotient that is whole.
    return Math.floor((epochs * this.#epoch) / this.#step);
  }

  /** 0-based epoch of a 0-based step, that is of its last image; and so the epochs that are over after `step` steps. */
  epochOf(step: number): number {
    return Math.floor(((step + 1) * this.#step - 1) / this.#epoch);
  }

  /** Whether an epoch ends with the first `steps` steps. */
  endsAt(steps: number): boolean {
    return this.stepsIn(this.epochOf(steps)) === steps;
  }
}
