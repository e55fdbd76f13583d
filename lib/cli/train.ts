import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import type { Config } from '../config/schema.js';
import { ByolError } from '../errors.js';
import {
  type ConfigArguments,
  configFromArguments,
  configOptions,
  numberOrText,
  requireSource,
} from './config-options.js';
import { interruptedExitCode, onInterrupt } from './interrupts.js';
import { Progress } from './progress.js';
import { progressOutput } from './progress-output.js';

interface TrainArguments extends ConfigArguments {
  out: string | undefined;
  resume: string | undefined;
  'init-from': string | undefined;
  device: string | undefined;
  epochs: string | undefined;
  quiet: boolean;
}

export const trainCommand: CommandModule<object, TrainArguments> = {
  command: 'train',
  describe: 'Train an encoder, or go on with a run that was stopped',
  builder: (yargs) =>
    yargs.options({
      ...configOptions,
      epochs: { type: 'string', requiresArg: true, describe: 'Short for --set epochs=N' },
      device: { type: 'string', requiresArg: true, describe: 'auto, cpu, cuda or cuda:N; short for --set device=NAME' },
      out: {
        type: 'string',
        requiresArg: true,
        describe: 'Folder of the run; runs/PRESET or runs/METHOD-PRESET if left out',
      },
      resume: { type: 'string', describe: 'Go on with the run in this folder, or in that of --out' },
      'init-from': {
        type: 'string',
        requiresArg: true,
        describe: 'Start from the weights of this file; nothing else of it counts',
      },
      quiet: { type: 'boolean', default: false, describe: 'No progress, only warnings and the result' },
    }),
  handler: async (args) => {
    const resume = args.resume !== undefined;
    const { config, out } = await settingsAndFolder(args);
    const { configToYaml } = await import('../config/to-yaml.js');
    const { resultText } = await import('./result-text.js');
    const { train } = await import('../run/train.js');

    const progress = new Progress(progressOutput(process.stderr, args.quiet));
    const run = train(config, { out, resume, ...(args['init-from'] !== undefined && { initFrom: args['init-from'] }) });
    const release = onInterrupt({
      first: (signal) => {
        progress.warn(`${signal}: stopping after this step and saving. Once more leaves at once, without saving.`);
        run.stop();
      },
      second: () => progress.close(),
    });
    try {
      for await (const event of run) {
        if (event.type === 'start')
          progress.line(`settings (saved as config.json):\n${indent(configToYaml(event.config))}`);
        progress.show(event);
      }
      const result = await run.result;
      progress.close();
      process.stdout.write(`${resultText(config, result)}\n`);
      if (result.interrupted) process.exitCode = interruptedExitCode();
    } finally {
      progress.close();
      release();
    }
  },
};

/** A run that goes on starts from its own settings, so that nothing has to be repeated. */
async function settingsAndFolder(args: TrainArguments): Promise<{ readonly config: Config; readonly out: string }> {
  const { resume, out } = args;
  const flags = { device: args.device, epochs: numberOrText(args.epochs) };
  if (resume !== undefined && resume !== '' && out !== undefined) {
    throw new ByolError('ERR_BYOL_USAGE', `--resume ${resume} and --out ${out} both name a run folder; one is enough.`);
  }
  const given = resume === undefined || resume === '' ? out : resume;
  if (resume !== undefined && given !== undefined && args.preset === undefined && args.config === undefined) {
    const { readRunConfig } = await import('../run/run-folder.js');
    return { config: await configFromArguments(args, flags, await readRunConfig(given)), out: given };
  }
  requireSource(args);
  const { RUNS, runName } = await import('../run/run-folder.js');
  const config = await configFromArguments(args, flags);
  return { config, out: given ?? join(RUNS, runName(config)) };
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ');
}
