import type { Accuracy, NativeFeatureBank } from '../binding/native.js';
import type { EvaluationContext } from './context.js';
import { embedAll, type ImagesToEmbed } from './embed.js';
import type { FrozenEncoder } from './frozen-encoder.js';

/** Features that are not kept, a bounded part of them at a time. */

const BLOCK_BYTES = 64 * 1024 ** 2;

/** Rows that the native kNN compares at once. */
const TOGETHER = 1024;

/** Rows of a block: whole multiples of those, so that blocks give the same bits as one bank. */
export function blockRows(features: number): number {
  const most = Math.max(1, Math.floor(BLOCK_BYTES / (features * Float32Array.BYTES_PER_ELEMENT)));
  return most < TOGETHER ? most : most - (most % TOGETHER);
}

/** Banks with the images' features, in order. Each is disposed of when the next one is asked for. */
export async function* embedInBlocks(
  context: EvaluationContext,
  encoder: FrozenEncoder,
  { indices, onProgress, ...what }: ImagesToEmbed,
): AsyncGenerator<NativeFeatureBank, void, undefined> {
  const rows = blockRows(encoder.network.features);
  for (let start = 0; start < indices.length; start += rows) {
    const bank = await embedAll(context, encoder, {
      ...what,
      indices: indices.slice(start, start + rows),
      onProgress: (done) => onProgress?.(start + done, indices.length),
    });
    try {
      yield bank;
    } finally {
      bank.dispose();
    }
  }
}

export interface JoinedAccuracy {
  readonly rows: number;
  readonly accuracies: readonly Accuracy[];
}

/** What `measure` gives of all rows of the blocks together, each row of which has a label. NaN where it is of any of them. */
export async function accuracyOver(
  blocks: AsyncIterable<NativeFeatureBank> | Iterable<NativeFeatureBank>,
  measure: (bank: NativeFeatureBank) => Promise<readonly Accuracy[]>,
): Promise<JoinedAccuracy> {
  const parts: JoinedAccuracy[] = [];
  for await (const bank of blocks) parts.push({ rows: bank.size, accuracies: await measure(bank) });
  const [first, ...others] = parts;
  if (first === undefined || others.length === 0) return first ?? { rows: 0, accuracies: [] };
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  // Fractions of whole numbers of rows: their sum over all rows is what one measurement would have given, to the last bit.
  const joined = (index: number, of: keyof Accuracy): number =>
    parts.reduce((sum, part) => sum + Math.round((part.accuracies[index]?.[of] ?? Number.NaN) * part.rows), 0) / rows;
  return { rows, accuracies: first.accuracies.map((_, i) => ({ top1: joined(i, 'top1'), top5: joined(i, 'top5') })) };
}
