import { Stream } from '../../lib/random/philox.js';
import type { Decision } from '../../lib/tables/judging/decisions.js';
import { type Look, lookAt } from '../../lib/tables/judging/looks.js';

/** What the whole rule says of many claims of which the truth is known. */
export interface Rates {
  readonly holds: number;
  readonly doesNotHold: number;
  /** At the first look. */
  readonly decidedAtOnce: number;
  /** Mean number of seeds that a claim got. */
  readonly seeds: number;
}

/** `draw`: what one seed says; `decide`: the rule at one look, as judgeClaim() uses it. */
export function simulate<T>(
  looks: readonly Look[],
  draw: (random: Stream) => T,
  decide: (values: readonly T[], error: number) => Decision | null,
  repetitions: number,
  seed: number,
): Rates {
  const random = new Stream(seed, 0, 0);
  const most = Math.max(...looks.map((look) => look.seeds));
  let [holds, doesNotHold, decidedAtOnce, seeds] = [0, 0, 0, 0];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const values = Array.from({ length: most }, () => draw(random));
    const { verdict, at } = lookAt(looks, values, decide);
    seeds += at?.seeds ?? 0;
    if (verdict === null) continue;
    if (verdict === 'holds') holds += 1;
    else doesNotHold += 1;
    if (at === looks[0]) decidedAtOnce += 1;
  }
  const part = (count: number): number => Number((count / repetitions).toFixed(4));
  return {
    holds: part(holds),
    doesNotHold: part(doesNotHold),
    decidedAtOnce: part(decidedAtOnce),
    seeds: Number((seeds / repetitions).toFixed(1)),
  };
}
