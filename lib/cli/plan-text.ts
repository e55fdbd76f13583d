import { methodTitle } from '../methods/index.js';
import type { RunPlan } from '../run/plan/plan-run.js';
import { count, duration, parameters } from '../text/format.js';
import { encoderText } from './start-text.js';

/** `price`: of an hour of this machine, in whatever currency. */
export function planText(plan: RunPlan, price?: number): string {
  const { config, device, precision, threads, images, testImages, classes, batch, steps, step, seconds, memory, disk } =
    plan;
  const total = seconds.training + seconds.evaluation + seconds.saving;
  const labels = classes.length === 0 ? 'no labels' : `${count(classes.length)} classes`;
  const parts = config.accumulate === 1 ? '' : ` (${config.accumulate} x ${config.batchSize})`;
  const place = device === 'cpu' ? `cpu, ${threads} ${threads === 1 ? 'thread' : 'threads'}` : device;
  const lines = [
    `method      ${methodTitle(config)}`,
    `images      ${count(images)} training and ${count(testImages)} test images, ${labels}`,
    `steps       ${count(steps)} of ${count(batch)} images${parts}, in ${count(config.epochs)} epochs`,
    `encoder     ${encoderText(config)}: ${parameters(plan.parameters)} parameters; views of ${config.views.size} pixels`,
    `device      ${place}, ${precision}`,
    `measured    ${measuredText(plan)}`,
    `arithmetic  ${plan.flop.toExponential(1)} floating-point operations, ${Number((plan.flop / steps / step.seconds / 1e12).toPrecision(3))} TFLOP/s`,
    `memory      ${bytes(memory.needed)} of ${bytes(memory.total)}`,
    `disk        ${disk === null ? 'not known: no training state could be written' : `${bytes(disk.needed)} at most, checkpoints of ${bytes(disk.checkpoint)}; ${bytes(disk.free)} are free`}`,
    `time        ${duration(total)}: training ${duration(seconds.training)}, evaluations ${duration(seconds.evaluation)}, saving ${duration(seconds.saving)}`,
  ];
  if (price !== undefined) lines.push(`cost        ${((total / 3600) * price).toFixed(2)} at ${price} an hour`);
  return [...lines, ...plan.notes.map((note) => `note: ${note}`)].join('\n');
}

function measuredText({ measured, step, batch }: RunPlan): string {
  const rate = `${count(batch / step.seconds)} images/s`;
  if (step.steps > 0)
    return `${rate} over ${count(step.steps)} ${step.steps === 1 ? 'step' : 'steps'}, decoding and views included`;
  const sizes = measured.map(({ images }) => count(images)).join(' and ');
  return `${rate} expected from steps of ${sizes} images: a whole one was too large for a trial`;
}

/** "1.3 GiB", "48 MiB" */
function bytes(value: number): string {
  if (value >= 2 ** 40) return `${(value / 2 ** 40).toFixed(1)} TiB`;
  return value >= 2 ** 30 ? `${(value / 2 ** 30).toFixed(1)} GiB` : `${Math.ceil(value / 2 ** 20)} MiB`;
}
