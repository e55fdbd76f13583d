#!/usr/bin/env node
import yargs, { type CommandModule } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { packageVersion } from '../binding/package-root.js';
import { ByolError } from '../errors.js';
import { nearest } from '../text/nearest.js';
import { listCommands } from './command-list.js';
import { globalOptions } from './global-options.js';
import { ignoreUserSignals } from './interrupts.js';
import { leaveSoon } from './leave-soon.js';
import { surviveLostOutput } from './output-streams.js';
import { reportError } from './report-error.js';
import { showWarnings } from './warnings.js';

/** The command `byol`. */

async function main(args: string[]): Promise<void> {
  const commands = await listCommands();
  const names = commands.map(({ name }) => name);
  const run = () =>
    makeParser(
      args,
      commands.map(({ command }) => command),
      names,
    ).parseAsync();
  try {
    await withLibTorch(run);
  } catch (error) {
    process.exitCode = reportError(error, args);
    leaveSoon();
  }
}

/** A command that finds no LibTorch leaves nothing behind: it is got, and the command begins again. */
async function withLibTorch(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const { canPrepareLibTorch, prepareLibTorch } = await import('../binding/find-libtorch.js');
    if (!canPrepareLibTorch(error)) throw error;
    process.stderr.write(
      'LibTorch, with which byol-torch computes, is not there yet: it is fetched once, for all projects.\n',
    );
    await prepareLibTorch({ output: process.stderr });
    await run();
  }
}

function makeParser(args: string[], commands: readonly CommandModule[], names: readonly string[]) {
  return (
    yargs(args)
      .scriptName('byol')
      .usage('$0 <command>\n\nBYOL (Bootstrap Your Own Latent): trains image encoders without labels.')
      .command([...commands])
      .completion('completion', 'Print a script that completes commands and options in your shell')
      .options(globalOptions)
      .example('$0 train --preset shapes', 'generated images, a few minutes')
      .example('$0 train --preset cifar10-small --data data/cifar-10-batches-bin', '')
      .example('$0 train --preset cifar10 --set optimizer.baseLearningRate=0.06', '')
      .epilogue('Exit codes: 0 done, 1 failure, 2 usage, 130 interrupted (129 by SIGHUP, 143 by SIGTERM).')
      .version(packageVersion())
      .help()
      .alias('help', 'h')
      .strict()
      .strictCommands()
      .demandCommand(1, 'Give a command.')
      .locale('en')
      .wrap(Math.min(120, process.stdout.columns ?? 100))
      // 'no-' is not a prefix of ours, dots in names would make groups of options, and a list takes one value each time.
      .parserConfiguration({
        'boolean-negation': false,
        'dot-notation': false,
        'camel-case-expansion': false,
        'greedy-arrays': false,
      })
      .check((given) => {
        refuseRepetition(given);
        refuseEmpty(given, args);
        return true;
      })
      // Errors come back here, and exit codes are set here.
      .exitProcess(false)
      .fail((message, error, usage) => {
        // What a command throws comes as it is; what yargs has to say about the command line has no class of its own.
        if (error !== undefined && error.name !== 'YError') throw error;
        // The declared type of the third argument is wrong: it is what makes the help.
        throw usageError(error?.message ?? message, args, names, (usage as unknown as { help(): string }).help());
      })
  );
}

/** Of the options that a command's help shows, the one that was most likely meant. */
function nearestOption(message: string, help: string): string | undefined {
  const unknown = /^Unknown arguments?: ([^\s,]+)/.exec(message)?.[1];
  const known = [...help.matchAll(/ --([a-z][a-z-]*)/g)].map((match) => match[1] as string);
  return unknown === undefined ? undefined : nearest(unknown, [...new Set(known)]);
}

function usageError(message: string, args: readonly string[], commands: readonly string[], help: string): ByolError {
  const invalid = /^Invalid values:\s+Argument: (\S+), Given: (.*), Choices: (.*)$/s.exec(message);
  if (invalid !== null) {
    const [, name, given, choices] = invalid as unknown as readonly [string, string, string, string];
    return usageError(
      `${name} must be one of ${choices.trim().replaceAll('"', '')}, got ${given.replaceAll('"', "'")}`,
      args,
      commands,
      help,
    );
  }
  const isKnown = args[0] !== undefined && commands.includes(args[0]);
  // Of a command within a command, both words: the help begins with them.
  const command = isKnown ? `${/^byol ([a-z]+(?: [a-z]+)*)/.exec(help)?.[1] ?? args[0]} ` : '';
  if (message.startsWith('Not enough non-option arguments')) {
    const usage = help.slice(0, Math.max(0, help.indexOf('\n'))).trim();
    return new ByolError('ERR_BYOL_USAGE', `Something is missing: ${usage}.`, { hint: `Help: byol ${command}--help` });
  }
  const unknown = /^Unknown commands?: ([^\s,]+)/.exec(message)?.[1];
  // Behind a command that takes none, another word is called a command too.
  if (unknown !== undefined && command !== '') {
    return new ByolError('ERR_BYOL_USAGE', `Unknown argument: ${unknown}.`, { hint: `Help: byol ${command}--help` });
  }
  const near = unknown && nearest(unknown, commands);
  const option = nearestOption(message, help);
  if (option !== undefined) {
    return new ByolError('ERR_BYOL_USAGE', `${message}.`, {
      hint: `Did you mean --${option}? Help: byol ${command}--help`,
    });
  }
  const hint = near === undefined ? `Help: byol ${command}--help` : `Did you mean: byol ${near}?`;
  return new ByolError('ERR_BYOL_USAGE', `${message.replace(/\.$/, '')}.`, { hint });
}

/** What is a list by itself. */
const LISTS = ['set', 'images', 'image', 'runs', 'data-of'];
/** What may stand alone. */
const ALONE = ['resume', 'serve'];

/** An option given twice becomes a list, whatever its type. */
function refuseRepetition(given: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(given)) {
    if (Array.isArray(value) && name !== '_' && !LISTS.includes(name))
      throw new ByolError('ERR_BYOL_USAGE', `--${name} is given more than once.`);
  }
}

/** An empty one is a variable of a script that was not set. What is to be a number would be 0. */
function refuseEmpty(given: Record<string, unknown>, args: readonly string[]): void {
  const empty = Object.entries(given).flatMap(([name, value]) => (value === '' ? [name] : []));
  for (const [i, arg] of args.entries()) {
    const name = /^--([\w-]+)=$/.exec(arg)?.[1] ?? (args[i + 1] === '' ? /^--([\w-]+)$/.exec(arg)?.[1] : undefined);
    if (name !== undefined) empty.push(name);
  }
  const name = empty.find((one) => !ALONE.includes(one));
  if (name !== undefined) throw new ByolError('ERR_BYOL_USAGE', `--${name} is empty.`);
}

const args = hideBin(process.argv);
surviveLostOutput(args[0]);
ignoreUserSignals();
showWarnings();
// What is wrong with the installation comes before any command.
await main(args).catch((error: unknown) => {
  process.exitCode = reportError(error, args);
});
