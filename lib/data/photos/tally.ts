/** Names that are told of many. */
const TOLD = 3;

/** How many there are of something, and what the first few are called. */
export interface Tally {
  readonly count: number;
  readonly first: readonly string[];
}

export type Tallies<Kind extends string> = ReadonlyMap<Kind, Tally>;

export class TallyKeeper<Kind extends string> {
  readonly #tallies = new Map<Kind, { count: number; first: string[] }>();

  add(kind: Kind, name: string): void {
    const tally = this.#tallies.get(kind) ?? { count: 0, first: [] };
    this.#tallies.set(kind, tally);
    tally.count += 1;
    if (tally.first.length < TOLD) tally.first.push(name);
  }

  finish(): Tallies<Kind> {
    return new Map(this.#tallies);
  }
}

export function joinTallies(a: Tally | undefined, b: Tally | undefined): Tally | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { count: a.count + b.count, first: [...a.first, ...b.first].slice(0, TOLD) };
}

/** "a.jpg, b.jpg, c.jpg and 4 more" */
export function tallyNames({ count, first }: Tally): string {
  const more = count - first.length;
  return more === 0 ? first.join(', ') : `${first.join(', ')} and ${more.toLocaleString('en-US')} more`;
}
