import type { z } from 'zod';
import type { DeepReadonly } from '../deep-readonly.js';
import { checkTargets } from './evaluation-data.js';
import { metricsOf, type Protocol, type ProtocolInput, type ProtocolResult, withProtocolInput } from './protocol.js';

/** A result, and its metrics by the names that a run gives them. */
export interface Evaluation<Result extends ProtocolResult> {
  readonly result: Result;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Carries a protocol out alone. Throws ERR_BYOL_DATA where the images do not have what it needs, before anything is computed,
 * and what it throws itself.
 */
export async function evaluate<Name extends string, Settings extends z.ZodObject, Result extends ProtocolResult>(
  protocol: Protocol<Name, Settings, Result>,
  { context, encoder, data }: Omit<ProtocolInput, 'features'>,
  settings: DeepReadonly<z.infer<Settings>>,
): Promise<Evaluation<Result>> {
  await checkTargets(data, protocol.needs);
  return withProtocolInput(context, encoder, data, async (input) => {
    const result = await protocol.run(input, settings);
    return { result, metrics: metricsOf(protocol, result) };
  });
}
