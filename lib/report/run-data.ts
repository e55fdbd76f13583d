import type { Readings } from './readings.js';

/**
 * A run as pages show it: plain JSON, so that it can lie in a page, be sent to one that is open, and be made in a test.
 *
 * The contract of everything that shows runs: `readRunData(folder)` (run/run-data-file.ts) and ReportFiles make a RunData;
 * `renderRunsPage([data, ...], { title, live })` (runs-page.ts) makes one HTML file of one or several; and
 * `runsUpdate([data, ...])` makes what such a page with `live` asks its address for: `Content-Type: application/json`, the same
 * runs in the same order. Folders and names are text from outside: pages escape them.
 */
export interface RunData {
  /** What tells it from others: the name of its folder. */
  readonly name: string;
  /** Method and preset: "BYOL: shapes". */
  readonly title: string;
  readonly preset: string | null;
  readonly state: RunState;
  /** How far it is or how it ended, as a sentence. */
  readonly status: string;
  readonly verdict: RunVerdict;
  readonly results: readonly ResultRow[];
  /** What recorded runs of the preset gave, and what this one is beside them, in sentences; null: nothing was recorded. */
  readonly record: string | null;
  readonly loss: LossMeaning;
  /** Metrics that mean nothing for the run's method are not in here. */
  readonly readings: Readings;
  /** Of each epoch: what is measured between steps. */
  readonly epochs: Readings;
  /** Optimiser steps of an epoch, seldom a whole number; null before the first one is over. */
  readonly stepsPerEpoch: number | null;
  /** By metric: what the untrained network has. */
  readonly untrained: Readonly<Record<string, number>>;
  /** By metric: what was measured after the last step. */
  readonly final: Readonly<Record<string, number>>;
  /** Optimiser steps done. */
  readonly steps: number;
  /** Whether kNN after the last step asked the same images as during the run. */
  readonly sameImages: boolean;
  readonly links: readonly RunLink[];
  /** What the network sees; null: it was not drawn. */
  readonly views: RunViews | null;
  readonly settings: readonly Setting[];
  /** Names and values. */
  readonly environment: ReadonlyArray<readonly [name: string, value: string]>;
}

export type RunState = 'running' | 'stopped' | 'failed' | 'finished';

export interface RunVerdict {
  readonly state: 'collapsed' | 'partly collapsed' | 'not learning yet' | 'learning';
  readonly text: string;
}

/** Accuracies on the test images as fractions; null: not measured. */
export interface ResultRow {
  readonly name: string;
  readonly untrained: number | null;
  readonly trained: number | null;
  /** What runs of these very settings gave; null: none were recorded. */
  readonly recorded: { readonly mean: number; readonly min: number; readonly max: number } | null;
}

/** What the loss of the run's method is called, and what it is by chance. */
export interface LossMeaning {
  readonly title: string;
  readonly chance: number | null;
  /** With negatives it never comes near 0. */
  readonly fromZero: boolean;
}

export interface RunLink {
  /** Relative to the page. */
  readonly address: string;
  readonly title: string;
  /** What it shows. */
  readonly text: string;
}

/** A picture of originals and their two views, a row each. */
export interface RunViews {
  /** data: */
  readonly address: string;
  readonly width: number;
  readonly height: number;
}

/** A leaf of the configuration. */
export interface Setting {
  /** As in --set. */
  readonly path: string;
  readonly value: string;
  /** What the preset has there, where that is something else; null: nothing else, or there is no preset. */
  readonly preset: string | null;
}
