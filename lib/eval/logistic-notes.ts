import type { LogisticFit } from '../binding/native.js';
import { count } from '../text/format.js';
import type { EvaluationData } from './evaluation-data.js';

/** What is known of an evaluation by logistic regression once it is done. */
export interface LogisticFacts {
  readonly data: EvaluationData;
  readonly penalties: readonly number[];
  /** null: there was one penalty. */
  readonly choice: { readonly chosen: number; readonly unfinished: readonly number[] } | null;
  /** Of the classifier that was tested. */
  readonly fit: LogisticFit;
  readonly maxIterations: number;
  /** Training images that were held out to choose by. */
  readonly heldOut: number;
  /** Classes without an image to learn from. */
  readonly unseen: number;
}

/** Departures from the paper's protocol (D.2), what it leaves open, and doubts: one sentence each. */
export function logisticNotes(facts: LogisticFacts): string[] {
  const { data, penalties, choice, fit, maxIterations, heldOut, unseen } = facts;
  const many = data.train.targets?.kind === 'labels';
  const notes = [
    'Features are of centre crops, as in the other evaluations; the paper resizes the short side to 224 and says nothing of a crop.',
    "The penalty is scikit-learn's 1 / C: it multiplies half the squared weights, without biases, beside the sum of the losses; the paper does not say.",
  ];
  if (many)
    notes.push(
      'Each class is told from the rest by a sigmoid; the paper does not say what it does with several labels.',
    );
  if (heldOut > 0) {
    const which = many ? 'whatever their classes' : 'of each class as large a part';
    notes.push(
      `The data set has no validation images: ${count(heldOut)} of the training images were held out to choose by, ${which}.`,
    );
  }
  if (choice !== null) {
    const ends = { smallest: Math.min(...penalties), largest: Math.max(...penalties) };
    for (const [end, penalty] of Object.entries(ends)) {
      if (choice.chosen !== penalty) continue;
      notes.push(`The ${end} of the penalties was best on the images to choose by: others beyond it might give more.`);
    }
    if (choice.unfinished.length > 0) {
      notes.push(
        `With ${count(choice.unfinished.length)} of the ${count(penalties.length)} penalties the fit ended after ${count(maxIterations)} iterations, before the gradient was small enough.`,
      );
    }
  }
  if (fit.stopped === 'iterations') {
    notes.push(
      `The classifier that was tested ended after ${count(maxIterations)} iterations, before the gradient was small enough.`,
    );
  }
  if (unseen > 0) {
    notes.push(
      `${count(unseen)} of the ${count(data.classes)} classes ${unseen === 1 ? 'has' : 'have'} no image to learn from.`,
    );
  }
  return notes;
}
