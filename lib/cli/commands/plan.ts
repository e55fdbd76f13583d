import { ByolError } from '../../errors.js';
import type { Command, OptionValues } from '../command.js';
import { configFromArguments, configOptions, imagesArgument, requireSource, withImages } from '../config-options.js';
import { shortFormOptions } from '../short-forms.js';

const options = {
  ...configOptions,
  ...shortFormOptions('epochs', 'batch-size', 'accumulate', 'size', 'limit', 'device', 'precision', 'threads'),
  out: { type: 'string', requiresArg: true, describe: 'Folder that the run would have: the room on its disk is told' },
  seconds: { type: 'number', requiresArg: true, default: 10, describe: 'How long steps are tried' },
  price: { type: 'number', requiresArg: true, describe: 'Of an hour of this machine, to tell the cost' },
  json: { type: 'string', requiresArg: true, describe: 'File for all that was found' },
  quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
} as const;

type PlanArguments = OptionValues<typeof options> & { readonly images?: string | undefined };

export const command: Command<PlanArguments> = {
  command: 'plan [images]',
  describe: 'Say what a training would take before it runs: steps, memory, time and cost, from a few real steps',
  builder: (yargs) => yargs.positional('images', imagesArgument).options(options),
  handler: async (given) => {
    const args = withImages(given);
    const { out, seconds, price, json, quiet } = args;
    requirePositive('--seconds', seconds);
    requirePositive('--price', price);
    requireSource('plan', args);
    const config = await configFromArguments(args);
    const { planRun } = await import('../../run/plan/plan-run.js');
    const { RUNS } = await import('../../run/run-folder.js');
    const { count } = await import('../../text/format.js');
    const { planText } = await import('../plan-text.js');
    const { readingText } = await import('../progress.js');
    const { progressOutput } = await import('../progress-output.js');
    const output = progressOutput(process.stderr, quiet);
    try {
      const plan = await planRun(config, {
        folder: out ?? RUNS,
        seconds,
        onReading: (progress) => output.state(progress.done, progress.total ?? progress.done, readingText(progress)),
        onStep: (images, part) => output.state(part, 1, `trying steps: ${count(images)} images`),
        onBroken: (message) => output.line(message),
      });
      output.close();
      if (json !== undefined) {
        const { writeJson } = await import('../../files/json-file.js');
        await writeJson(json, plan);
      }
      process.stdout.write(`${planText(plan, price)}\n`);
    } finally {
      output.close();
    }
  },
};

function requirePositive(option: string, value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return;
  throw new ByolError('ERR_BYOL_USAGE', `${option} must be a number above 0, not ${value}.`);
}
