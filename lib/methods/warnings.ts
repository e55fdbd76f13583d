import type { Config } from '../config/schema.js';
import { findMethod, isMethodName } from './index.js';

/** What makes a method: settings may be tuned, but with another one of these it is another method. */
function essentials({ predictor, target, objective, supervision }: Config): Readonly<Record<string, string>> {
  return {
    predictor: kindOf(predictor),
    'target.mode': `'${target.mode}'`,
    'objective.negatives': kindOf(objective.negatives),
    supervision: supervision === null ? 'null' : 'set',
  };
}

function kindOf(setting: { readonly kind: string } | null): string {
  return setting === null ? 'null' : `of kind '${setting.kind}'`;
}

/** A run that has a method's name, but settings that make it another one: one sentence. */
export function methodWarnings(config: Config): string[] {
  const { method = 'byol' } = config;
  // BYOL's ablations are BYOL's; a method written by the user has whatever settings it has.
  if (method === 'byol' || !isMethodName(method)) return [];
  const recipe = essentials(findMethod(method)(config));
  const others = Object.entries(essentials(config)).filter(([path, value]) => recipe[path] !== value);
  if (others.length === 0) return [];
  const list = others.map(([path, value]) => `${path} is ${value} (in the recipe ${recipe[path]})`).join(', ');
  return [`method is '${method}', but other settings that were given make it something else: ${list}.`];
}
