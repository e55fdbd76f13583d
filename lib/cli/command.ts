import type { CommandModule, InferredOptionTypes, Options } from 'yargs';

/**
 * A command whose handler gets its arguments by their own names. The parser makes no camel-case copies of them, though its types
 * have them: `brokenLimit` would compile and be undefined for ever.
 */
export type Command<Arguments = object> = Omit<CommandModule<object, Arguments>, 'handler'> & {
  handler: (args: Arguments) => void | Promise<void>;
};

/** What the handler gets of these options. */
export type OptionValues<O extends Record<string, Options>> = Pick<
  InferredOptionTypes<O>,
  keyof O & keyof InferredOptionTypes<O>
>;
