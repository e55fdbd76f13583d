import type { Config } from '../config/schema.js';
import { methodTitle } from '../methods/index.js';
import type { StartEvent } from '../run/events.js';
import { count, parameters } from '../text/format.js';

/** The sizes of a run, computed and not only configured: what people ask first when a number looks odd. */
export function startText(event: StartEvent): string {
  const { config, images, testImages, classes, batch, stepsPerEpoch, steps, dropped } = event;
  const labels = classes.length === 0 ? 'no labels' : `${classes.length} classes`;
  const batches = config.accumulate === 1 ? '' : ` (${config.accumulate} x ${config.batchSize})`;
  const perEpoch = stepsPerEpoch.toLocaleString('en-US', { maximumFractionDigits: 2 });
  const threads = event.device === 'cpu' ? `, ${event.threads} ${event.threads === 1 ? 'thread' : 'threads'}` : '';
  const tau = config.target.mode === 'ema' ? `, tau from ${config.target.tauBase}` : '';
  const lines = [
    `method    ${methodTitle(config)}`,
    `data      ${'name' in config.data ? config.data.name : config.data.kind}: ${count(images)} training and ${count(testImages)} test images, ${labels}`,
    `steps     ${perEpoch} per epoch of ${count(batch)} images${batches}, ${remainderText(config, dropped)}; ${count(steps)} in ${count(config.epochs)} epochs`,
    `encoder   ${encoderText(config)}: ${parameters(event.parameters)} parameters, ${count(event.features)} features`,
    `optimiser ${config.optimizer.kind.toUpperCase()}, peak learning rate ${Number(event.peakLearningRate.toPrecision(4))} ` +
      `(${config.optimizer.baseLearningRate} x ${count(batch)} / 256)${tau}`,
    `device    ${event.device}, ${event.precision}${threads}`,
    `folder    ${event.folder}`,
  ];
  if (event.resumedAt > 0) lines.push(`going on  at step ${count(event.resumedAt)} of ${count(steps)}`);
  return lines.join('\n');
}

/** What becomes of the images that do not fill an epoch's last step. */
function remainderText({ epochBoundary }: StartEvent['config'], dropped: number): string {
  if (epochBoundary === 'stream') return 'which run on across epochs';
  return `${dropped === 0 ? 'none' : count(dropped)} left out`;
}

/** "ResNet-50" where the encoder is one, else its parts. */
export function encoderText({ encoder }: Pick<Config, 'encoder'>): string {
  const { block, blocks, width } = encoder;
  const known: Readonly<Record<string, string>> = {
    'basic 2,2,2,2': 'ResNet-18',
    'basic 3,4,6,3': 'ResNet-34',
    'bottleneck 3,4,6,3': 'ResNet-50',
    'bottleneck 3,4,23,3': 'ResNet-101',
    'bottleneck 3,8,36,3': 'ResNet-152',
    'bottleneck 3,24,36,3': 'ResNet-200',
  };
  const name = known[`${block} ${blocks.join(',')}`] ?? `${block} blocks ${blocks.join('-')}`;
  if (width === 64) return name;
  return width % 64 === 0 ? `${name} (${width / 64}x)` : `${name}, width ${width}`;
}
