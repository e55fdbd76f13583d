#!/usr/bin/env node
import { createRequire } from 'node:module';
import yargs, { type CommandModule } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { nearest } from '../config/nearest.js';
import { ByolError, exitCodes } from '../errors.js';
import { embedCommand } from './embed.js';
import { evalCommand } from './eval.js';
import { metricsCommand } from './metrics.js';
import { presetsCommand } from './presets.js';
import { reportError } from './report-error.js';
import { tablesCommand } from './tables.js';
import { trainCommand } from './train.js';
import { viewsCommand } from './views.js';

/** The command `byol`. Commands load what they need when they run: help comes at once and without the native part. */

const doctorCommand: CommandModule = {
  command: 'doctor',
  describe: 'Say what is installed here and whether training can run',
  handler: async () => {
    const { runDoctor } = await import('./doctor.js');
    process.exitCode = await runDoctor();
  },
};

const buildCommand: CommandModule = {
  command: 'build',
  describe: 'Find or fetch LibTorch and build the native part',
  handler: async () => {
    const { runBuild } = await import('./build.js');
    process.exitCode = await runBuild();
  },
};

const COMMANDS = [
  trainCommand,
  evalCommand,
  embedCommand,
  metricsCommand,
  tablesCommand,
  viewsCommand,
  presetsCommand,
  doctorCommand,
  buildCommand,
].map(({ command }) => String(command).split(' ')[0] as string);

async function main(args: string[]): Promise<void> {
  const { version } = createRequire(import.meta.url)('byol-torch/package.json') as { version: string };
  const parser = yargs(args)
    .scriptName('byol')
    .usage('$0 <command>\n\nBYOL (Bootstrap Your Own Latent): trains image encoders without labels.')
    .command(trainCommand)
    .command(evalCommand)
    .command(embedCommand)
    .command(metricsCommand)
    .command(tablesCommand)
    .command(viewsCommand)
    .command(presetsCommand)
    .command(doctorCommand)
    .command(buildCommand)
    .option('verbose', { type: 'boolean', default: false, global: true, describe: 'Show where errors come from' })
    .example('$0 train --preset shapes', 'generated images, a few minutes')
    .example('$0 train --preset cifar10-small --data data/cifar-10-batches-bin', '')
    .example('$0 train --preset cifar10 --set optimizer.baseLearningRate=0.06', '')
    .epilogue('Exit codes: 0 done, 1 failure, 2 usage, 130 interrupted.')
    .version(version)
    .help()
    .alias('help', 'h')
    .strict()
    .strictCommands()
    .demandCommand(1, 'Give a command.')
    .locale('en')
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    // 'no-' is not a prefix of ours, and dots in names would make groups of options.
    .parserConfiguration({ 'boolean-negation': false, 'dot-notation': false, 'camel-case-expansion': false })
    .check(refuseRepetition)
    // Errors come back here, and exit codes are set here.
    .exitProcess(false)
    .fail((message, error) => {
      // What a command throws comes as it is; what yargs has to say about the command line has no class of its own.
      if (error !== undefined && error.name !== 'YError') throw error;
      throw usageError(error?.message ?? message, args);
    });
  try {
    await parser.parseAsync();
  } catch (error) {
    process.exitCode = reportError(error, args);
  }
}

function usageError(message: string, args: readonly string[]): ByolError {
  const command = args[0] !== undefined && COMMANDS.includes(args[0]) ? `${args[0]} ` : '';
  const unknown = /^Unknown commands?: (\S+)/.exec(message)?.[1];
  const near = unknown && nearest(unknown, COMMANDS);
  const hint = near === undefined ? `Help: byol ${command}--help` : `Did you mean: byol ${near}?`;
  return new ByolError('ERR_BYOL_USAGE', `${message.replace(/\.$/, '')}.`, { hint });
}

/** An option given twice becomes a list, whatever its type. */
function refuseRepetition(given: Record<string, unknown>): true {
  for (const [name, value] of Object.entries(given)) {
    if (Array.isArray(value) && name !== '_' && name !== 'set')
      throw new ByolError('ERR_BYOL_USAGE', `--${name} is given more than once.`);
  }
  return true;
}

// A reader that has seen enough (`| head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done);
    throw error;
  });
}

await main(hideBin(process.argv));
