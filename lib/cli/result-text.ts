import { type Distribution, findRecord, type RecordMatch } from '../config/records.js';
import type { Config } from '../config/schema.js';
import { speedText } from '../metrics/speed.js';
import type { RunResult } from '../run/events.js';
import { compareWithRecord } from '../run/record-comparison.js';
import { count, duration, percent, points, table } from '../text/format.js';
import { quoteArgument } from '../text/shell.js';

/** A finished or stopped run in words: the untrained encoder, the trained one, and what the preset gave when it was recorded. */
export function resultText(config: Config, result: RunResult, match: RecordMatch | null = findRecord(config)): string {
  const lines = [resultTable(result, match), '', result.verdict.text];
  const comparison = compareWithRecord(config, result, match);
  if (comparison !== null) lines.push(comparison);
  lines.push('', ...whereTo(result));
  return lines.join('\n');
}

function resultTable({ untrained, knn, linear }: RunResult, match: RecordMatch | null): string {
  const header = ['test accuracy', 'untrained', 'trained', 'points'];
  // Numbers of another experiment would be read as what this one should have given.
  const record = match?.state === 'same' ? match.record : undefined;
  if (record !== undefined) header.push('recorded');
  const row = (
    name: string,
    before: number | undefined,
    after: number | undefined,
    recorded: Distribution | undefined,
  ): string[] => {
    const gain = before === undefined || after === undefined ? '-' : points(after - before);
    return [name, percent(before), percent(after), gain, ...(recorded === undefined ? [] : [spreadText(recorded)])];
  };
  const rows = [
    header,
    row('kNN top-1', untrained.knn?.top1, knn?.top1, record?.knnTop1),
    row('linear top-1', untrained.linear?.top1, linear?.top1, record?.linearTop1),
  ];
  return table(rows, [1, 2, 3, 4]);
}

function spreadText({ mean, min, max }: Distribution): string {
  return `${percent(mean)} (${(100 * min).toFixed(1)} to ${(100 * max).toFixed(1)})`;
}

function whereTo(result: RunResult): string[] {
  const time = `${count(result.epochs)} epochs, ${count(result.steps)} steps, ${duration(result.seconds)}`;
  const speed = speedText(result.metrics ?? {});
  if (result.interrupted) {
    return [
      `Stopped after ${time}. Everything is saved; go on with:`,
      `  npx byol train --resume ${quoteArgument(result.folder)}`,
    ];
  }
  const lines = [`Done: ${time}.`];
  if (speed !== null) lines.push(`Speed       ${speed}`);
  lines.push(`Run folder  ${result.folder}`);
  if (result.encoder !== null) lines.push(`Encoder     ${result.encoder}`);
  return lines;
}
