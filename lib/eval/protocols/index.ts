import type { z } from 'zod';
import type { DeepReadonly } from '../../deep-readonly.js';
import { ByolError } from '../../errors.js';
import { nearest } from '../../text/nearest.js';
import type { Protocol, ProtocolResult } from '../protocol.js';
import { fineTune } from './fine-tune.js';
import { knn } from './knn.js';
import { linear } from './linear.js';
import { logistic } from './logistic.js';

const builtIn = [knn, linear, logistic, fineTune] as const;

type BuiltIn = { readonly [P in (typeof builtIn)[number] as P['name']]: P };

/**
 * Protocols that were registered, for the compiler. Your own file adds its own:
 * `declare module 'byol-torch' { interface OwnProtocols { mine: typeof mine } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: others declare its members.
export interface OwnProtocols {}

type Protocols = BuiltIn & OwnProtocols;

/** 'knn', 'linear', 'logistic', 'fine-tune', and those that are declared in OwnProtocols. */
export type ProtocolName = keyof Protocols;

/** What a protocol gives. */
export type ResultOf<P extends ProtocolName> = Protocols[P] extends {
  /** Protocol.run */
  run(...given: never[]): Promise<infer Result extends ProtocolResult>;
}
  ? Result
  : ProtocolResult;

/** `evaluation.NAME` of a protocol. */
export type SettingsOf<P extends ProtocolName> = Protocols[P] extends {
  readonly settings: infer Settings extends z.ZodObject;
}
  ? DeepReadonly<z.infer<Settings>>
  : never;

let own: readonly Protocol[] = [];

/**
 * Makes a protocol of one's own known by its name: to evaluateRun(), to `byol eval`, and to configurations as `evaluation.NAME`,
 * where settings that are not given are its defaults. Throws ERR_BYOL_USAGE for a name that is taken or that is none.
 */
export function registerProtocol<Name extends string, Settings extends z.ZodObject, Result extends ProtocolResult>(
  protocol: Protocol<Name, Settings, Result>,
): void {
  const { name } = protocol;
  const refuse = (why: string): never => {
    throw new ByolError('ERR_BYOL_USAGE', `registerProtocol(): ${why}.`);
  };
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    refuse(`a protocol's name is of small letters, digits and single dashes, not '${name}'`);
  }
  if (protocols().some((known) => known.name === name)) refuse(`there is a protocol called '${name}' already`);
  own = [...own, protocol];
  shape = undefined;
}

/** All protocols, those of this package first. */
export function protocols(): readonly Protocol[] {
  return [...builtIn, ...own];
}

export function isProtocolName(name: string): name is ProtocolName {
  return protocols().some((protocol) => protocol.name === name);
}

/** Whether it is one that was registered, which another process does not know. */
export function isRegisteredProtocol(name: string): boolean {
  return own.some((protocol) => protocol.name === name);
}

/** ERR_BYOL_USAGE with the nearest name and all there are. */
export function unknownProtocol(name: string): ByolError {
  const names = protocols().map((protocol) => protocol.name);
  const near = nearest(name, names);
  const meant = near === undefined ? '' : ` Did you mean '${near}'?`;
  return new ByolError('ERR_BYOL_USAGE', `There is no protocol '${name}'.${meant} There are: ${names.join(', ')}.`);
}

/** Throws ERR_BYOL_USAGE where there is none of that name. */
export function findProtocol<P extends ProtocolName>(name: P): Protocol<P, z.ZodObject, ResultOf<P>> {
  const found: unknown = protocols().find((protocol) => protocol.name === name);
  if (found === undefined) throw unknownProtocol(name);
  // What a name stands for is known to the compiler by `builtIn` and by what own files declare.
  return found as Protocol<P, z.ZodObject, ResultOf<P>>;
}

/** Those whose settings every configuration has; of others it has what is given over their defaults. */
type Complete = 'knn' | 'linear';

/** `evaluation.NAME` of each protocol. */
type SettingsShape = { [P in Complete]: BuiltIn[P]['settings'] } & {
  [P in Exclude<ProtocolName, Complete>]: z.ZodOptional<z.ZodType<Partial<SettingsOf<P>>>>;
};

let shape: SettingsShape | undefined;

/** Of all protocols that there are now: another one once a protocol has been registered. */
export function protocolSettings(): SettingsShape {
  if (shape !== undefined) return shape;
  // Configurations were complete before the others came.
  const others = protocols()
    .filter(({ name }) => name !== 'knn' && name !== 'linear')
    .map(({ name, settings }) => [name, settings.partial().optional()] as const);
  const all: object = { knn: knn.settings, linear: linear.settings, ...Object.fromEntries(others) };
  // Registered ones are known to the compiler by what their files declare.
  shape = all as SettingsShape;
  return shape;
}

/** What a protocol is to be done with: what is given, over its defaults. */
export function settingsFor<Settings extends z.ZodObject>(
  { name, defaults }: Pick<Protocol<string, Settings>, 'name' | 'defaults'>,
  evaluation: Readonly<Record<string, unknown>>,
): DeepReadonly<z.infer<Settings>> {
  const given = evaluation[name];
  return given !== null && typeof given === 'object' ? { ...defaults, ...given } : defaults;
}
