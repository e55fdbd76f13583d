import { Message } from '../protobuf.js';

/** A graph of ONNX (onnx/onnx.proto, IR version 8) as it is built: nodes in the order in which they are computed. */

/** Of the operators that are used: all are in the default domain, and unchanged since. */
const OPSET = 17;
const IR_VERSION = 8;

/** TensorProto.DataType. */
const DATA_TYPES = { float32: 1, uint8: 2, int64: 7 } as const;
/** AttributeProto.AttributeType. */
const ATTRIBUTES = { float: 1, integer: 2, text: 3, integers: 7 } as const;

export type DataType = keyof typeof DATA_TYPES;
export type Attribute =
  | { readonly float: number }
  | { readonly integer: number }
  | { readonly text: string }
  | { readonly integers: readonly number[] };

/** A dimension that is known, or the name of one that is not. */
export type Dimension = number | string;

export interface GraphValue {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly Dimension[];
}

/** A weight or a statistic: float32, row-major. */
export interface GraphTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What is beside the graph in a file. */
export interface ModelFacts {
  readonly producer: string;
  readonly version: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export class Graph {
  readonly #nodes: Message[] = [];
  readonly #initializers = new Map<string, Message>();

  /** A tensor of the file, row-major; the same name again is the same tensor. */
  floats(name: string, shape: readonly number[], values: Float32Array): string {
    return this.#tensor(name, 'float32', shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  integers(name: string, values: readonly number[]): string {
    const wide = BigInt64Array.from(values, BigInt);
    return this.#tensor(name, 'int64', [values.length], new Uint8Array(wide.buffer));
  }

  /** Adds a node with one output, which has the node's name. */
  node(
    operator: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const node = new Message();
    for (const input of inputs) node.text(1, input);
    node.text(2, name).text(3, name).text(4, operator);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attribute(key, value));
    this.#nodes.push(node);
    return name;
  }

  /** The pieces of a file. */
  model(name: string, input: GraphValue, output: GraphValue, facts: ModelFacts): readonly Uint8Array[] {
    const graph = new Message();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, name);
    for (const tensor of this.#initializers.values()) graph.message(5, tensor);
    graph.message(11, valueInfo(input)).message(12, valueInfo(output));
    const model = new Message()
      .integer(1, IR_VERSION)
      .text(2, facts.producer)
      .text(3, facts.version)
      .text(6, facts.description)
      .message(7, graph)
      .message(8, new Message().text(1, '').integer(2, OPSET));
    for (const [key, value] of Object.entries(facts.metadata)) {
      model.message(14, new Message().text(1, key).text(2, value));
    }
    return model.pieces;
  }

  #tensor(name: string, type: DataType, shape: readonly number[], bytes: Uint8Array): string {
    if (this.#initializers.has(name)) return name;
    const tensor = new Message().integers(1, shape).integer(2, DATA_TYPES[type]).text(8, name).blob(9, bytes);
    this.#initializers.set(name, tensor);
    return name;
  }
}

function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if ('float' in value) return message.float(2, value.float).integer(20, ATTRIBUTES.float);
  if ('integer' in value) return message.integer(3, value.integer).integer(20, ATTRIBUTES.integer);
  if ('text' in value) return message.text(4, value.text).integer(20, ATTRIBUTES.text);
  return message.integers(8, value.integers).integer(20, ATTRIBUTES.integers);
}

function valueInfo({ name, type, shape }: GraphValue): Message {
  const dimensions = new Message();
  for (const each of shape) {
    dimensions.message(1, typeof each === 'number' ? new Message().integer(1, each) : new Message().text(2, each));
  }
  const tensor = new Message().integer(1, DATA_TYPES[type]).message(2, dimensions);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
