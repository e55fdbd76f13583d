import type { z } from 'zod';
import type { DeepReadonly } from '../deep-readonly.js';
import { CenterCropFeatures } from './center-crop-features.js';
import type { EvaluationContext } from './context.js';
import type { EvaluationData, NeededTargets } from './evaluation-data.js';
import type { FrozenEncoder } from './frozen-encoder.js';

/** What a protocol is given. */
export interface ProtocolInput {
  readonly context: EvaluationContext;
  readonly encoder: FrozenEncoder;
  readonly data: EvaluationData;
  /** Of this encoder and these images, shared with other protocols. */
  readonly features: CenterCropFeatures;
}

/** What every result says of itself; what else it has is its protocol's. */
export interface ProtocolResult {
  readonly protocol: string;
}

/** One way to evaluate a frozen encoder: how it is called, set and carried out. */
export interface Protocol<
  Name extends string = string,
  Settings extends z.ZodObject = z.ZodObject,
  Result extends ProtocolResult = ProtocolResult,
> {
  /** In `evaluation.NAME`, `byol eval NAME` and eval-NAME.json. */
  readonly name: Name;
  /** What it does, in a line. */
  readonly title: string;
  /** What the images have to have: one class each, or that or any number of labels. */
  readonly needs: NeededTargets;
  /** `evaluation.NAME`: z.strictObject({ ... }), of zod 4. */
  readonly settings: Settings;
  /** For those that nobody gives. */
  readonly defaults: DeepReadonly<z.infer<Settings>>;
  /** Complete settings that people know by a name: `byol eval NAME --recipe NAME`. */
  readonly recipes?: Readonly<Record<string, DeepReadonly<z.infer<Settings>>>>;
  /** Which numbers of a result are its metrics, and what a run calls them: { top1: 'knn/top1' }. */
  readonly metrics: Readonly<Partial<Record<Exclude<keyof Result & string, 'protocol'>, string>>>;
  /** Errors of its own come as ByolError; without what it `needs` it is not called. */
  run(input: ProtocolInput, settings: DeepReadonly<z.infer<Settings>>): Promise<Result>;
  /** The result in lines for a person to read. */
  describe(result: Result): string;
}

/** Gives a protocol its types; returns what it is given. */
export function defineProtocol<const Name extends string, Settings extends z.ZodObject, Result extends ProtocolResult>(
  protocol: Protocol<Name, Settings, Result>,
): Protocol<Name, Settings, Result> {
  return protocol;
}

/** Lets `body` evaluate an encoder; what it shares goes when it is done. */
export async function withProtocolInput<T>(
  context: EvaluationContext,
  encoder: FrozenEncoder,
  data: EvaluationData,
  body: (input: ProtocolInput) => Promise<T>,
): Promise<T> {
  const features = new CenterCropFeatures(context, encoder, data);
  try {
    return await body({ context, encoder, data, features });
  } finally {
    features.dispose();
  }
}

/** A result's metrics by the names that a run gives them. */
export function metricsOf<Result extends ProtocolResult>(
  { metrics }: Pick<Protocol<string, z.ZodObject, Result>, 'metrics'>,
  result: Result,
): Readonly<Record<string, number>> {
  const values = new Map<string, unknown>(Object.entries(result));
  return Object.fromEntries(
    Object.entries<string | undefined>(metrics).flatMap(([key, name]) => {
      const value = values.get(key);
      return name !== undefined && typeof value === 'number' ? [[name, value] as const] : [];
    }),
  );
}
