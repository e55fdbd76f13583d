import { encoderText } from '../../lib/cli/start-text.js';
import { findPreset, presetNames, presetSummaries } from '../../lib/config/presets/index.js';
import { configToYaml } from '../../lib/config/yaml.js';
import { ByolError, errorCodes } from '../../lib/errors.js';
import { methodDefinitions } from '../../lib/methods/index.js';
import { type MetricDefinition, metricDefinitions } from '../../lib/metrics/definitions.js';
import type { DocComments } from './doc-comments.js';
import { code, fenced, type Page, prose, table } from './markdown.js';

/** Pages with all of something: error codes, presets, methods, metrics. */

export function errorsPage(comments: DocComments): Page {
  const type = comments.typeOf('lib/errors.ts', 'exits');
  const silent = errorCodes.filter((name) => comments.ofProperty(type, name) === '');
  if (silent.length > 0) throw new Error(`Error codes without a doc comment in lib/errors.ts: ${silent.join(', ')}`);
  const rows = errorCodes.map((name) => [
    `[${code(name)}](../guide/troubleshooting.md#${name.toLowerCase()})`,
    prose(comments.ofProperty(type, name)),
    String(new ByolError(name, '').exitCode),
  ]);
  return {
    file: 'errors.md',
    title: 'Error codes',
    text: `Every error that this package raises on purpose is a \`ByolError\` with one of these codes in \`error.code\`; on the
command line it stands behind the message, and the command ends with the exit code. What to do about each:
[troubleshooting](../guide/troubleshooting.md).

${table(['code', 'what', 'exit code'], rows)}`,
  };
}

export function presetsPage(): Page {
  const rows = presetNames.map((name) => [
    `[${code(name)}](#${name})`,
    prose(encoderText(findPreset(name))),
    prose(presetSummaries[name]),
  ]);
  const sections = presetNames.map(
    (name) => `## ${name}\n\n${prose(presetSummaries[name])}.\n\n${fenced('yaml', configToYaml(findPreset(name)))}`,
  );
  return {
    file: 'presets.md',
    title: 'Presets',
    text: `Complete settings to train with or to start one's own from. What each setting is: [settings](settings/README.md).

${table(['preset', 'encoder', 'for'], rows)}

${sections.join('\n\n')}`,
  };
}

export function methodsPage(): Page {
  const rows = methodDefinitions().map(({ name, title, summary }) => [code(name), prose(title), prose(summary)]);
  return {
    file: 'methods.md',
    title: 'Methods',
    text: `All methods are settings of one learner; \`--method NAME\` takes a method's recipe on any preset.

${table(['method', 'title', 'what it does'], rows)}`,
  };
}

/** Where the values come from. */
const SOURCES: Readonly<Record<MetricDefinition['from'], string>> = {
  learner: 'the learner, every few steps',
  timing: 'the clock, over the same steps',
  schedule: 'the schedules, of the last of these steps',
  process: 'the process',
  evaluation: 'an evaluation between steps',
};

export function metricsPage(comments: DocComments): Page {
  const type = comments.typeOf('lib/metrics/definitions.ts', 'metricDefinitions');
  const sections = Object.entries<MetricDefinition>(metricDefinitions).map(([name, { title, range, from }]) => {
    const text = comments.ofProperty(type, name);
    const [least, most] = range;
    const bounds =
      most !== null ? ` From ${least ?? 'anywhere'} to ${most}.` : least === null ? '' : ` From ${least} upwards.`;
    return `## ${prose(name)}\n\n${prose(text === '' ? `${title}.` : text)}\n\nIn charts: ${prose(title)}. Read from ${SOURCES[from]}.${bounds}`;
  });
  return {
    file: 'metrics.md',
    title: 'Metrics',
    text: `What \`metrics.jsonl\`, events, charts and TensorBoard call these. \`npx byol metrics --run RUN\` writes them as CSV.

${sections.join('\n\n')}`,
  };
}
