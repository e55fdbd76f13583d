import type { MetricDefinition, metricDefinitions, ScheduledValues } from './definitions.js';

type Table = typeof metricDefinitions;
type From = MetricDefinition['from'];
type NamesFrom<F extends From> = { [N in keyof Table]: Table[N]['from'] extends F ? N : never }[keyof Table];
/** Read of every run. */
type Always<N extends keyof Table> = N extends unknown
  ? Table[N] extends { where: unknown } | { optional: true }
    ? never
    : N
  : never;

type Values<Required extends keyof Table, Optional extends keyof Table> = {
  readonly [N in Required]: number;
} & { readonly [N in Exclude<Optional, Required>]?: number };

/**
 * Means since the previous reading, or values at its last step, by name: see metricDefinitions for each. Accuracies are fractions in
 * [0, 1]. A key is absent where it was not measured: no labels, no online classifier, the matrix rate of the first seconds.
 */
export type StepValues = Values<
  Always<NamesFrom<'learner' | 'timing' | 'schedule'>>,
  NamesFrom<'learner' | 'timing' | 'schedule' | 'process'>
>;

/**
 * What a run measures in an epoch, by name: see metricDefinitions for each. Accuracies are fractions in [0, 1]. A key is absent
 * where it was not measured: no labels, no online classifier, an epoch without kNN.
 */
export type Metrics = Values<Always<NamesFrom<'learner' | 'timing'>>, NamesFrom<'learner' | 'timing' | 'evaluation'>>;

/** Values by name, of the metrics with this origin. */
export function scheduleValues(
  definitions: Readonly<Record<string, MetricDefinition>>,
  scheduled: ScheduledValues,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(definitions).flatMap(([name, metric]) =>
      metric.from === 'schedule' ? [[name, metric.read(scheduled)]] : [],
    ),
  );
}
