import { type MetricDefinitions, metricDefinitions } from './definitions.js';

/** What a line of progress says of these values, one phrase a metric, in the order of the definitions. */
export function metricWords(
  values: Readonly<Record<string, number | undefined>>,
  place: 'epoch' | 'step',
  definitions: MetricDefinitions = metricDefinitions,
): string[] {
  return Object.entries(definitions).flatMap(([name, { words }]) => {
    const value = values[name];
    return value === undefined || words === undefined || !words.in.includes(place) ? [] : [words.say(value)];
  });
}
