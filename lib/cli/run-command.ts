import type { Config } from '../config/schema.js';
import type { TrainOptions } from '../run/train.js';
import { interruptedExitCode, onInterrupt } from './interrupts.js';
import { Progress } from './progress.js';
import { progressOutput } from './progress-output.js';

/** Of every command that trains. */
export const outputOptions = {
  quiet: { type: 'boolean', default: false, describe: 'No progress, only warnings and the result' },
  json: { type: 'boolean', default: false, describe: 'The result as JSON' },
} as const;

/** Trains with progress on stderr and the result on stdout. A first interrupt stops and saves, a second one leaves at once. */
export async function runCommand(
  config: Config,
  options: TrainOptions,
  { quiet, json }: { readonly quiet: boolean; readonly json: boolean },
): Promise<void> {
  const { configToYaml } = await import('../config/yaml.js');
  const { resultText } = await import('./result-text.js');
  const { train } = await import('../run/train.js');

  const progress = new Progress(progressOutput(process.stderr, quiet));
  const run = train(config, options);
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
    process.stdout.write(`${json ? JSON.stringify(result, null, 2) : resultText(config, result)}\n`);
    if (result.interrupted) process.exitCode = interruptedExitCode();
  } finally {
    progress.close();
    release();
  }
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ');
}
