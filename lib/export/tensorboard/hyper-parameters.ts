import { Message } from '../protobuf.js';
import type { BoardValue } from './event-file.js';

/**
 * What TensorBoard's plugin hparams shows as a table, a line for each run: settings, and the last values of chosen scalars
 * (tensorboard/plugins/hparams/api.proto, plugin_data.proto).
 */

export type HyperParameter = string | number | boolean;

export interface BoardMetric {
  /** Of the scalars. */
  readonly tag: string;
  /** Of its column. */
  readonly title: string;
}

/** Their tags, as the plugin knows them. */
const EXPERIMENT = '_hparams_/experiment';
const SESSION_START = '_hparams_/session_start_info';
const SESSION_END = '_hparams_/session_end_info';

/** Of a run that begins: the columns of the table, and its own line. `start`: seconds since 1970. */
export function hyperParameters(
  settings: Readonly<Record<string, HyperParameter>>,
  metrics: readonly BoardMetric[],
  start: number,
): BoardValue[] {
  const experiment = new Message();
  const session = new Message();
  for (const [name, value] of Object.entries(settings)) {
    experiment.message(4, new Message().text(1, name).integer(4, typeOf(value)));
    session.message(1, new Message().text(1, name).message(2, encodeValue(value)));
  }
  for (const { tag, title } of metrics) {
    experiment.message(5, new Message().message(1, new Message().text(2, tag)).text(3, title));
  }
  return [pluginValue(EXPERIMENT, 2, experiment), pluginValue(SESSION_START, 3, session.double(5, start))];
}

/** Of a run that has finished. `end`: seconds since 1970. */
export function sessionEnd(end: number): BoardValue {
  return pluginValue(SESSION_END, 4, new Message().integer(1, SUCCESS).double(2, end));
}

/** Of hparams.Status. */
const SUCCESS = 1;

function pluginValue(tag: string, field: number, message: Message): BoardValue {
  return { tag, plugin: { name: 'hparams', content: new Message().message(field, message).toBytes() } };
}

/** Of hparams.DataType. */
function typeOf(value: HyperParameter): number {
  if (typeof value === 'string') return 1;
  return typeof value === 'boolean' ? 2 : 3;
}

/** As google.protobuf.Value. */
function encodeValue(value: HyperParameter): Message {
  if (typeof value === 'string') return new Message().text(3, value);
  return typeof value === 'boolean' ? new Message().integer(4, Number(value)) : new Message().double(2, value);
}
