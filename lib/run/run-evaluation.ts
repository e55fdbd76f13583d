import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { evaluate } from '../eval/evaluate.js';
import { findProtocol, type ProtocolName, protocols, type ResultOf, settingsFor } from '../eval/protocols/index.js';
import { writeJson } from '../files/json-file.js';
import * as option from '../text/options.js';
import { describeEnvironment, type Environment } from './environment.js';
import { type RunEncoderOptions, runEncoderChecks, withRunEncoder } from './with-run-encoder.js';

/** Of which run, and by which protocol. */
export interface EvaluateRunOptions<P extends ProtocolName> extends RunEncoderOptions {
  /** 'knn', 'linear', 'logistic', 'fine-tune', or one that was registered. */
  readonly protocol: P;
}

/** What eval-PROTOCOL.json holds. */
export interface RunEvaluation<P extends ProtocolName = ProtocolName> {
  readonly result: ResultOf<P>;
  /** The result's metrics by the names that a run gives them: 'knn/top1', 'probe/linear/top1'. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The file that the encoder came from, relative to the run folder. */
  readonly weights: string;
  readonly data: Config['data'];
  readonly seed: number;
  readonly environment: Environment;
}

/**
 * Evaluates the encoder of a run and writes eval-PROTOCOL.json into its folder, atomically. The encoder is that of
 * encoder.safetensors, or of the newest checkpoint while there is none. Throws ERR_BYOL_RUN where there is no run or nothing to
 * evaluate yet, ERR_BYOL_USAGE for options of the wrong type, ERR_BYOL_CONFIG for settings that cannot be changed, ERR_BYOL_DATA
 * without images or labels.
 */
export async function evaluateRun<P extends ProtocolName>(options: EvaluateRunOptions<P>): Promise<RunEvaluation<P>> {
  const names = protocols().map(({ name }) => name);
  option.checkOptions('evaluateRun()', options, {
    ...runEncoderChecks,
    protocol: option.required(option.oneOf(names)),
  });
  return withRunEncoder(options, async ({ context, encoder, dataset, open, config, weights, resolved }) => {
    const protocol = findProtocol<P>(options.protocol);
    const data = {
      train: open('train'),
      val: dataset.val === undefined ? undefined : open('val'),
      test: open('test'),
      classes: dataset.classNames.length,
      metric: dataset.metric,
    };
    const settings = settingsFor(protocol, config.evaluation);
    const { result, metrics } = await evaluate(protocol, { context, encoder, data }, settings);
    const evaluation: RunEvaluation<P> = {
      result,
      metrics,
      weights,
      data: config.data,
      seed: config.seed,
      environment: await describeEnvironment(context.native.info(), resolved),
    };
    await writeJson(join(options.folder, `eval-${options.protocol}.json`), evaluation);
    return evaluation;
  });
}
