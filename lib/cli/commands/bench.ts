import type { PythonMode } from '../../bench/step-spec.js';
import type { Config } from '../../config/schema.js';
import { ByolError } from '../../errors.js';
import type { Command, OptionValues } from '../command.js';
import { configFromArguments, configOptions } from '../config-options.js';
import { shortFormOptions } from '../short-forms.js';

const { data: _data, ...settings } = configOptions;

const options = {
  ...settings,
  ...shortFormOptions('batch-size', 'size', 'device', 'precision', 'threads'),
  steps: {
    type: 'number',
    requiresArg: true,
    describe: 'Steps of each side; 50 on a device, 10 on the CPU if left out',
  },
  python: {
    type: 'string',
    requiresArg: true,
    describe: 'How PyTorch computes beside it: eager and modes of torch.compile, with commas; none',
  },
  'side-limit': {
    type: 'number',
    requiresArg: true,
    describe: 'Seconds after which a side is given up, its start and compiling included',
  },
  json: { type: 'string', requiresArg: true, describe: 'File for all that was measured' },
  quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
} as const;

/** Of a preset's batch that was not asked for: what fits everywhere, and fills a device. */
const MOST_IMAGES = 256;

export const command: Command<OptionValues<typeof options>> = {
  command: 'bench',
  describe: 'Measure the training steps of a preset on this machine, beside PyTorch where python3 has it',
  builder: (yargs) => yargs.options(options),
  handler: async (args) => {
    const { steps, 'side-limit': sideSeconds, json, quiet } = args;
    requireCount('--steps', steps);
    requireCount('--side-limit', sideSeconds);
    const modes = modesOf(args.python);
    const preset = args.preset ?? (args.config === undefined ? 'shapes' : undefined);
    const asked = await configFromArguments({ ...args, preset, data: undefined });
    const config = fitting(asked, args['batch-size'] !== undefined);

    const { benchStep } = await import('../../bench/step-bench.js');
    const { describePlace } = await import('../../run/environment.js');
    const { availableCores } = await import('../../train/available-cores.js');
    const { benchText } = await import('../bench-text.js');
    const { progressOutput } = await import('../progress-output.js');
    const { command: line, host: _host, ...environment } = await describePlace(config);
    const { device, precision } = environment;
    const output = progressOutput(process.stderr, quiet);
    const onCpu = device === 'cpu';
    if (config.batchSize < asked.batchSize) {
      output.line(
        `${MOST_IMAGES} images a step instead of the ${asked.batchSize} of the preset; --batch-size takes others`,
      );
    }
    try {
      const result = await benchStep({
        config,
        device,
        precision,
        threads: config.threads === 0 ? availableCores() : config.threads,
        steps: steps ?? (onCpu ? 10 : 50),
        sideSeconds,
        ...(modes !== undefined && { modes }),
        onProgress: (side, done, total) => output.state(done, total, `${side}, step ${done}/${total}`),
      });
      output.close();
      if (json !== undefined) {
        const { writeJson } = await import('../../files/json-file.js');
        await writeJson(json, { command: line, environment, result });
      }
      process.stdout.write(`${benchText(result)}\n`);
    } finally {
      output.close();
    }
  },
};

function requireCount(option: string, value: number | undefined): void {
  if (value === undefined || (Number.isInteger(value) && value > 0)) return;
  throw new ByolError('ERR_BYOL_USAGE', `${option} must be a whole number above 0, not ${value}.`);
}

function fitting(config: Config, batchGiven: boolean): Config {
  return batchGiven ? config : { ...config, batchSize: Math.min(config.batchSize, MOST_IMAGES), accumulate: 1 };
}

const MODES = ['eager', 'default', 'reduce-overhead', 'max-autotune'] as const satisfies readonly PythonMode[];

function modesOf(text: string | undefined): readonly PythonMode[] | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return [];
  return text.split(',').map((word) => {
    const mode = MODES.find((one) => one === word.trim());
    if (mode !== undefined) return mode;
    throw new ByolError('ERR_BYOL_USAGE', `--python takes ${MODES.join(', ')} or none, not ${word}.`);
  });
}
