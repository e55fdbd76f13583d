import { ImportProblem } from '../problem.js';
import { type GlobalMeaning, PyGlobal } from './values.js';

/** By "module name", as a pickle has them. */
export type GlobalTable = Readonly<Record<string, GlobalMeaning>>;

/** The names that a pickle may refer to. */
export class Globals {
  readonly #byName = new Map<string, PyGlobal>();

  /** `values`: what has more to it than what can be done with it. */
  constructor(tables: readonly GlobalTable[], values: ReadonlyMap<string, PyGlobal> = new Map()) {
    for (const [key, value] of values) this.#byName.set(key, value);
    for (const table of tables) {
      for (const [key, meaning] of Object.entries(table)) {
        this.#byName.set(key, new PyGlobal(key.replace(' ', '.'), meaning));
      }
    }
  }

  /** Throws ImportProblem, by name, for all others. */
  find(module: string, name: string): PyGlobal {
    const found = this.#byName.get(`${module} ${name}`) ?? this.#byName.get(`* ${name}`);
    if (found !== undefined) return found;
    const printable = `${module}.${name}`.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
    throw new ImportProblem(
      `its pickle refers to ${printable}, which is no part of arrays and plain values; nothing of it was run`,
      'A file with weights alone has no such thing. Where you trust this one, save them by themselves in Python: ' +
        "torch.save(model.state_dict(), 'weights.pth').",
    );
  }
}
