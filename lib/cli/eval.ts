import type { CommandModule } from 'yargs';
import type { KnnEvaluation } from '../eval/knn.js';
import type { LinearEvaluation } from '../eval/linear.js';
import type { EvaluationProgress } from '../eval/subject.js';
import type { Protocol } from '../train/run-evaluation.js';
import { flagPatch, refuseContradictions, setOption } from './config-options.js';
import { count, percent, table, threadsText } from './format.js';
import { interruptedExitCode, onInterrupt } from './interrupts.js';
import { progressOutput } from './progress-output.js';

interface EvalArguments {
  protocol: Protocol;
  run: string;
  data: string | undefined;
  device: string | undefined;
  set: string[] | undefined;
  quiet: boolean;
}

export const evalCommand: CommandModule<object, EvalArguments> = {
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
  handler: async (args) => {
    const { evaluateRun } = await import('../train/run-evaluation.js');
    const { protocol, run, data, device, set = [] } = args;
    refuseContradictions({ data, device }, set);
    const output = progressOutput(process.stderr, args.quiet);
    const abort = new AbortController();
    const release = onInterrupt({
      first: () => {
        output.warn('Stopping; nothing is written.');
        abort.abort();
      },
      second: () => output.close(),
    });
    try {
      const evaluation = await evaluateRun({
        runDir: run,
        protocol,
        patch: flagPatch({ device, data: data === undefined ? undefined : { path: data } }),
        overrides: set,
        signal: abort.signal,
        onProgress: ({ phase, done, total }: EvaluationProgress) =>
          output.state(done, total, `${phase} ${count(done)}/${count(total)}`),
        onThreads: (threads, most) => output.line(threadsText(threads, most)),
      });
      output.close();
      process.stdout.write(`${evaluationText(evaluation.result)}\nSaved as eval-${protocol}.json in ${run}\n`);
    } catch (error) {
      output.close();
      if (!abort.signal.aborted) throw error;
      process.exitCode = interruptedExitCode();
    } finally {
      release();
    }
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
  const settings = `linear: ${result.epochs} epochs on ${count(result.trainImages)} training images, ${result.trainedOn}, views ${result.views}`;
  const rates = result.learningRates.map((rate, index) => [
    `learning rate ${rate}`,
    result.validationTop1[index] === null ? 'diverged' : percent(result.validationTop1[index]),
    rate === result.chosen ? 'chosen' : '',
  ]);
  const heldOut = `top-1 on the ${count(result.heldOutImages)} held-out training images`;
  return [settings, table(rows, [1]), heldOut, table(rates, [1]), ...result.notes].join('\n');
}
