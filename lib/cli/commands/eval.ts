import type { CommandModule } from 'yargs';
import type { KnnEvaluation } from '../../eval/protocols/knn.js';
import type { LinearEvaluation } from '../../eval/protocols/linear.js';
import type { Protocol } from '../../run/run-evaluation.js';
import { setOption } from '../config-options.js';
import { count, percent, table } from '../format.js';
import { type RunEncoderArguments, withRunEncoderProgress } from '../with-run-encoder.js';

interface EvalArguments extends RunEncoderArguments {
  readonly protocol: Protocol;
}

export const command: CommandModule<object, EvalArguments> = {
  command: 'eval <protocol>',
  describe: "Evaluate a run's encoder with frozen weights",
  builder: (yargs) =>
    yargs
      .positional('protocol', {
        choices: ['knn', 'linear'] as const,
        demandOption: true,
        describe: 'Weighted kNN, or the linear protocol',
      })
      .options({
        run: { type: 'string', requiresArg: true, demandOption: true, describe: 'Folder of the run' },
        data: { type: 'string', requiresArg: true, describe: 'Where the images lie now, if not where they were' },
        device: { type: 'string', requiresArg: true, describe: 'auto, cpu, cuda or cuda:N' },
        set: { ...setOption, describe: 'One setting of the evaluation: evaluation.knn.k=20. May be repeated' },
        quiet: { type: 'boolean', default: false, describe: 'No progress, only the result' },
      }),
  handler: async ({ protocol, ...asked }) => {
    const { evaluateRun } = await import('../../run/run-evaluation.js');
    await withRunEncoderProgress(
      asked,
      (options) => evaluateRun({ ...options, protocol }),
      ({ result }) => {
        process.stdout.write(`${evaluationText(result)}\nSaved as eval-${protocol}.json in ${asked.run}\n`);
      },
    );
  },
};

export function evaluationText(result: KnnEvaluation | LinearEvaluation): string {
  const rows = [
    ['test images', count(result.protocol === 'knn' ? result.queryImages : result.testImages)],
    ['top-1', percent(result.top1)],
    ['top-5', percent(result.top5)],
  ];
  if (result.protocol === 'knn') {
    const fewer = result.k < result.kAsked ? ` (${count(result.kAsked)} asked)` : '';
    const settings = `kNN: k ${result.k}${fewer}, temperature ${result.temperature}, bank of ${count(result.bankImages)} training images`;
    return `${settings}\n${table(rows, [1])}`;
  }
  const settings = `linear: ${result.epochs} epochs on ${count(result.trainImages)} training images, ${result.trainedOn}, ${result.features} features`;
  const rates = result.learningRates.map((rate, index) => [
    `learning rate ${rate}`,
    result.validationTop1[index] === null ? 'diverged' : percent(result.validationTop1[index]),
    rate === result.chosen ? 'chosen' : '',
  ]);
  const heldOut = `top-1 on the ${count(result.heldOutImages)} held-out training images`;
  return [settings, table(rows, [1]), heldOut, table(rates, [1]), ...result.notes].join('\n');
}
