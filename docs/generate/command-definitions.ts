import type { Argv, CommandModule, Options, PositionalOptions } from 'yargs';

/** What a command takes, read from the definition that the command line itself runs by. */

/** An option or a positional argument. */
export interface ArgumentDefinition extends Options {
  readonly name: string;
}

export interface CommandDefinition {
  /** All its words: 'train', 'data check'. */
  readonly name: string;
  /** With its positional arguments: 'train [images]'. */
  readonly usage: string;
  readonly describe: string;
  readonly positionals: readonly ArgumentDefinition[];
  readonly options: readonly ArgumentDefinition[];
  /** A command line, '$0' for the program, and what it is for, '' if that shows. */
  readonly examples: ReadonlyArray<readonly [command: string, text: string]>;
  readonly epilogue: string;
  /** 'check', 'pack', ... of 'data'. */
  readonly commands: readonly CommandDefinition[];
}

/** The part of yargs that commands are defined with. What a command calls beyond it fails by its name: it belongs in here. */
class Recorder {
  readonly positionals: ArgumentDefinition[] = [];
  readonly defined: ArgumentDefinition[] = [];
  readonly examples: Array<readonly [string, string]> = [];
  readonly modules: CommandModule[] = [];
  epilogueText = '';

  positional(name: string, options: PositionalOptions): this {
    this.positionals.push({ ...options, name });
    return this;
  }

  option(name: string, options: Options): this {
    this.defined.push({ ...options, name });
    return this;
  }

  options(options: Readonly<Record<string, Options>>): this {
    for (const [name, option] of Object.entries(options)) this.option(name, option);
    return this;
  }

  example(command: string, text: string): this {
    this.examples.push([command, text]);
    return this;
  }

  command(module: CommandModule): this {
    this.modules.push(module);
    return this;
  }

  epilogue(text: string): this {
    this.epilogueText = text;
    return this;
  }

  demandCommand(): this {
    return this;
  }

  check(): this {
    return this;
  }
}

/** `parent`: the words before it. */
export function commandDefinition(module: CommandModule, parent = ''): CommandDefinition {
  const { command, describe, builder } = module;
  if (typeof command !== 'string' || typeof describe !== 'string') {
    throw new TypeError(`A command has one name and a description, not ${String(command)}.`);
  }
  const recorder = new Recorder();
  // yargs declares hundreds of methods; the recorder has those that commands call.
  if (typeof builder === 'function') builder(recorder as unknown as Argv);
  else recorder.options(builder ?? {});
  const usage = `${parent}${command}`;
  const name = `${parent}${command.split(' ')[0]}`;
  return {
    name,
    usage,
    describe,
    positionals: recorder.positionals,
    options: recorder.defined,
    examples: recorder.examples,
    epilogue: recorder.epilogueText,
    commands: recorder.modules.map((inner) => commandDefinition(inner, `${name} `)),
  };
}

/** The command and all within it. */
export function withInner(definition: CommandDefinition): readonly CommandDefinition[] {
  return [definition, ...definition.commands.flatMap(withInner)];
}
