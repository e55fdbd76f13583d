import { Breather } from '../breather.js';

/** Rounds of a loop of nanoseconds between two looks at the clock. */
const ROUNDS = 4096;

/** The numbers 0..count-1 that pass the test, ascending. Gives way to the event loop. */
export async function indicesWhere(
  count: number,
  test: (index: number) => boolean,
  breather = new Breather(),
): Promise<Int32Array> {
  const found = new Int32Array(count);
  let length = 0;
  for (let index = 0; index < count; index += 1) {
    if (index % ROUNDS === 0) await breather.breathe();
    if (!test(index)) continue;
    found[length] = index;
    length += 1;
  }
  return found.slice(0, length);
}

/** How many of the labels are of each class; those below 0 are of none. Gives way to the event loop. */
export async function classSizes(labels: ArrayLike<number>, breather = new Breather()): Promise<Map<number, number>> {
  const sizes = new Map<number, number>();
  for (let i = 0; i < labels.length; i += 1) {
    if (i % ROUNDS === 0) await breather.breathe();
    const label = labels[i] as number;
    if (label >= 0) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  }
  return sizes;
}
