import type { Side, StepSeconds } from './side.js';

/** How long is measured. */
export interface Turns {
  /** Steps of each side that are not counted. */
  readonly warmUp: number;
  readonly rounds: number;
  /** Of each side in a round. */
  readonly steps: number;
  /**
   * The sides run at the same time and take turns, so that a change of the machine's speed meets all of them; else one after the
   * other, so that each has the device's memory for itself.
   */
  readonly together: boolean;
  /** A side that has not done its part so long after its start is given up; left out: none is. */
  readonly sideSeconds?: number | undefined;
}

/** What became of a side: its steps by rounds and what it says of itself, or why there are none. */
export type SideOutcome =
  | { readonly facts: unknown; readonly rounds: readonly (readonly StepSeconds[])[]; readonly memory: number }
  | { readonly failed: string };

interface Opened {
  readonly side: Side;
  readonly facts: unknown;
  readonly rounds: StepSeconds[][];
}

/** By name: starts each side, warms it up and measures it. `last` is asked of a side when it is done and is still there. */
export async function measureSides(
  sides: Readonly<Record<string, () => Side>>,
  turns: Turns,
  {
    onRound = () => {},
    last = async () => {},
  }: {
    readonly onRound?: (name: string, round: number) => void;
    readonly last?: (name: string, side: Side) => Promise<void>;
  } = {},
): Promise<Record<string, SideOutcome>> {
  const outcomes: Record<string, SideOutcome> = {};
  const groups = turns.together ? [Object.entries(sides)] : Object.entries(sides).map((one) => [one]);
  for (const group of groups) {
    const opened = new Map<string, Opened>();
    const doing = async (name: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        outcomes[name] = { failed: (error as Error).message };
        opened.get(name)?.side.close();
        opened.delete(name);
      }
    };
    try {
      for (const [name, start] of group) {
        await doing(name, async () => {
          const side = start();
          if (turns.sideSeconds !== undefined) side.endAfter(turns.sideSeconds);
          const one: Opened = { side, facts: null, rounds: [] };
          opened.set(name, one);
          if (side.introducesItself) opened.set(name, { ...one, facts: await side.line() });
          await side.run(turns.warmUp);
          await side.ask('memory');
        });
      }
      for (let round = 1; round <= turns.rounds; round += 1) {
        for (const [name, { side, rounds }] of [...opened]) {
          await doing(name, async () => {
            rounds.push(await side.run(turns.steps));
            onRound(name, round);
          });
        }
      }
      for (const [name, { side, facts, rounds }] of [...opened]) {
        await doing(name, async () => {
          const told = await side.ask('memory');
          // Those of earlier versions do not know.
          const memory = typeof told === 'number' ? told : 0;
          await last(name, side);
          outcomes[name] = { facts, rounds, memory };
        });
      }
    } finally {
      for (const { side } of opened.values()) side.close();
    }
  }
  return outcomes;
}
