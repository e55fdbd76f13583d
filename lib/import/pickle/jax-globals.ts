import { ImportProblem } from '../problem.js';
import type { GlobalTable } from './globals.js';
import {
  type GlobalMeaning,
  PyDict,
  PyGlobal,
  PyInstance,
  PyTuple,
  type PyValue,
  takeItems,
  takeText,
} from './values.js';

/** What else the authors' checkpoints are made of: Haiku's dictionaries, named tuples, and dill's way to write those. */

/** A dictionary that never changes. It is written as (dictionary,), or by the names of its attributes. */
class FrozenDict extends PyDict {
  /** Without a way of its own to be written: (None, attributes). */
  override setState(state: PyValue): void {
    const attributes = state instanceof PyTuple ? state.items[1] : state;
    if (attributes instanceof PyDict) fill(this, attributes.get('_storage') ?? attributes.get('_mapping'));
  }
}

const frozen: GlobalMeaning = {
  call: ([from]) => fill(new FrozenDict(), from),
  create: ([from]) => fill(new FrozenDict(), from),
};

function fill(dict: FrozenDict, from: PyValue | undefined): FrozenDict {
  if (from instanceof PyDict) for (const [key, value] of from.entries) dict.entries.set(key, value);
  return dict;
}

/** Its fields by name. */
function namedTuple(name: string, fields: readonly string[]): GlobalMeaning {
  const create = (args: readonly PyValue[]): PyDict => {
    if (args.length !== fields.length) {
      throw new ImportProblem(`its pickle is damaged: ${name} has ${args.length} fields instead of ${fields.length}`);
    }
    const dict = new PyDict();
    for (const [index, field] of fields.entries()) dict.entries.set(field, args[index] as PyValue);
    return dict;
  };
  return { call: create, create };
}

/** dill writes a named tuple with its class: (name, names of the fields, module). */
function createNamedTuple([name, fields]: readonly PyValue[]): PyGlobal {
  const known = takeText(name, 'the name of a named tuple');
  const names = takeItems(fields, 'the fields of a named tuple').map((field) => takeText(field, 'the name of a field'));
  return new PyGlobal(known, namedTuple(known, names));
}

const noUse = (name: string): GlobalMeaning => ({
  create: () => new PyInstance(name),
  call: () => new PyInstance(name),
});
const OPTAX = 'EmptyState ScaleState ScaleByScheduleState ScaleByAdamState TraceState AddDecayedWeightsState'.split(
  ' ',
);

export const jaxGlobals: GlobalTable = {
  'haiku._src.data_structures FlatMapping': frozen,
  'haiku._src.data_structures FlatMap': frozen,
  'haiku._src.data_structures frozendict': frozen,
  'flax.core.frozen_dict FrozenDict': frozen,
  'dill._dill _create_namedtuple': { call: createNamedTuple },
  'dill.dill _create_namedtuple': { call: createNamedTuple },
  'dill._dill _load_type': { call: ([name]) => new PyGlobal(takeText(name, 'the name of a type')) },
  // The official repository's, wherever its folder stood (byol_experiment.py, eval_experiment.py, utils/optimizers.py).
  '* _ByolExperimentState': namedTuple('_ByolExperimentState', [
    'online_params',
    'target_params',
    'online_state',
    'target_state',
    'opt_state',
  ]),
  '* _EvalExperimentState': namedTuple('_EvalExperimentState', [
    'backbone_params',
    'classif_params',
    'backbone_state',
    'classif_state',
    'backbone_opt_state',
    'classif_opt_state',
  ]),
  '* ScaleByLarsState': noUse('ScaleByLarsState'),
  '* AddWeightDecayState': noUse('AddWeightDecayState'),
  ...Object.fromEntries(
    OPTAX.flatMap((name) =>
      ['transform', 'base'].map((file) => [`optax._src.${file} ${name}`, noUse(`optax.${name}`)]),
    ),
  ),
};
