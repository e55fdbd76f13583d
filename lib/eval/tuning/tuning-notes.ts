import { classesOf } from '../../data/dataset.js';
import { count } from '../../text/format.js';
import type { EvaluationData } from '../evaluation-data.js';
import type { Tuning, TuningPoint } from './settings.js';
import type { TuningBatches } from './tuning-batches.js';
import type { TuningImages, TuningParts } from './tuning-images.js';

/** What a fine-tuning is known by once it is done. */
export interface TuningFacts {
  readonly tuning: Tuning;
  readonly data: EvaluationData;
  readonly parts: TuningParts;
  /** What the network that was tested had been trained on, and its batches. */
  readonly trainedOn: readonly TuningImages[];
  readonly batches: TuningBatches;
  readonly tried: ReadonlyArray<TuningPoint & { readonly validation: number | null }>;
  readonly chosen: TuningPoint;
}

/** Departures from the paper's protocol, what it leaves open, and doubts: one sentence each. */
export function tuningNotes(facts: TuningFacts): string[] {
  return [...openNotes(facts), ...dataNotes(facts), ...batchNotes(facts), ...gridNotes(facts)];
}

function openNotes({ tuning, chosen }: TuningFacts): string[] {
  const falls = tuning.schedule === 'cosine' ? 'falls to 0 by a cosine' : 'stays the same';
  const notes = [`The learning rate ${falls}, without warm-up; the paper says nothing of its schedule.`];
  if (chosen.weightDecay > 0) {
    notes.push('Weight decay leaves out biases and parameters of norms, as in pretraining; the paper does not say.');
  }
  if (tuning.initialization === 'random') notes.push('The encoder began with random weights: it is a baseline.');
  return notes;
}

function dataNotes({ tuning, data, trainedOn, parts: { validation } }: TuningFacts): string[] {
  const notes: string[] = [];
  const seen = new Set<number>();
  for (const { images, indices } of trainedOn) {
    for (const image of indices) for (const label of classesOf(images.targets, image)) seen.add(label);
  }
  const unseen = data.classes - seen.size;
  if (unseen > 0) {
    notes.push(
      `${count(unseen)} of the ${count(data.classes)} classes ${unseen === 1 ? 'has' : 'have'} no image with a label to learn from.`,
    );
  }
  if (tuning.labels.fraction !== undefined && tuning.labels.fraction < 1) {
    notes.push(
      data.train.targets?.kind === 'labels'
        ? 'The part of the images whose labels are used was drawn by the seed, whatever their classes.'
        : 'The part of the labels was drawn class by class, by the seed; Table 2 is of fixed lists (labels.list).',
    );
  }
  if (validation !== null && validation.images === data.train) {
    notes.push(
      `The data set has no validation images: ${count(validation.indices.length)} of the training images were held out to choose by.`,
    );
  }
  return notes;
}

function batchNotes({ tuning, batches }: TuningFacts): string[] {
  const notes: string[] = [];
  const [least, most] = batches.rows;
  if (least < tuning.batchSize) {
    const rows = least === most ? count(least) : `${count(least)} to ${count(most)}`;
    const why =
      least + tuning.microBatches > tuning.batchSize ? 'it is made of equal parts' : 'there are no more images';
    notes.push(`The batch is ${rows} instead of ${count(tuning.batchSize)}: ${why}.`);
  }
  if (batches.parts > 1) notes.push('Each batch is of training images or of validation images alone.');
  if (batches.leftOut > 0) {
    notes.push(
      `Each epoch leaves out ${count(batches.leftOut)} images that do not fill a batch, other ones each time.`,
    );
  }
  return notes;
}

function gridNotes({ tuning, tried, chosen }: TuningFacts): string[] {
  const notes: string[] = [];
  const diverged = tried.filter(({ validation }) => validation === null).length;
  if (diverged > 0) notes.push(`${diverged} of the ${tried.length} trainings diverged.`);
  const sorted = [...tuning.learningRates].sort((a, b) => a - b);
  if (sorted.length > 1 && (chosen.learningRate === sorted[0] || chosen.learningRate === sorted.at(-1))) {
    const end = chosen.learningRate === sorted[0] ? 'lowest' : 'highest';
    notes.push(`The ${end} of the learning rates was best: rates beyond it might give more.`);
  }
  return notes;
}
