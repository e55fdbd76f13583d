import { differences } from '../config/differences.js';
import { presets } from '../config/presets/index.js';
import { findRecord, leastUsualKnn, type PresetRecord, type RecordMatch } from '../config/records.js';
import type { Config } from '../config/schema.js';
import { roleOf } from '../config/setting-roles.js';
import { percent } from '../text/format.js';
import type { RunResult } from './events.js';

/** What recorded runs of the preset gave, and whether this one is as they were, in sentences; null: nothing was recorded. */
export function compareWithRecord(
  config: Config,
  result: Pick<RunResult, 'interrupted' | 'knn'>,
  match: RecordMatch | null = findRecord(config),
): string | null {
  if (match === null) return null;
  const { preset, runs, file } = match.record;
  const recorded = `Recorded: mean (lowest to highest) of ${runs} ${runs === 1 ? 'run' : 'runs'} of preset ${preset}, ${file}.`;
  switch (match.state) {
    case 'outdated':
      return `${recorded} The preset's settings have changed since: that record is outdated.`;
    case 'changed':
      return `${recorded} Not the same experiment: this run changed ${changedSettings(config, match)}.`;
    case 'same':
      if (result.interrupted || result.knn === null) return recorded;
      return `${recorded} ${judged(result.knn.top1, match.record)}`;
  }
}

function judged(top1: number, record: PresetRecord): string {
  const least = leastUsualKnn(record);
  if (least === null) return 'Those are too few to say whether another result is unusual.';
  if (top1 >= least) return "This run's kNN is as expected.";
  return `This run's kNN is unusual: below ${percent(least)}, three standard deviations under the mean. Something may be wrong.`;
}

function changedSettings(config: Config, { record }: RecordMatch): string {
  const paths = differences(presets[record.preset], config).map(({ path }) => path);
  const shown = paths.filter((path) => path !== 'seed' && roleOf(path)?.decides === 'numbers');
  return shown.length <= 6 ? shown.join(', ') : `${shown.slice(0, 6).join(', ')} and ${shown.length - 6} more`;
}
