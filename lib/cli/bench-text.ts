import type { Compared, Failed, SideSteps, StepBench } from '../bench/step-bench.js';
import { count, table } from '../text/format.js';
import { executionText } from './execution-text.js';

/** What `byol bench` measured, in words. */
export function benchText(bench: StepBench): string {
  const { batch, size, device, precision, threads, steps, python } = bench;
  const onCpu = device === 'cpu';
  const place = onCpu ? `cpu, ${threads} ${threads === 1 ? 'thread' : 'threads'}` : device;
  const lines = [
    `${count(batch)} images a step, two views of ${size} pixels; ${precision} on ${place}; ${steps} steps each`,
    '',
    table([HEADER, ...rowsOf(bench)], [1, 2, 3, 4, 5]),
    '',
    ...workText(bench),
  ];
  if ('skipped' in python) lines.push(`Not beside PyTorch: ${python.skipped}.`);
  else lines.push(`PyTorch ${python.torch}; ratios below 1: ours is faster.`);
  if (onCpu && 'modes' in python) lines.push('PyTorch makes no views here; the ratio is of steps without them.');
  for (const [name, side] of othersOf(bench)) {
    if ('failed' in side) lines.push(`${name} failed: ${side.failed}`);
  }
  return lines.join('\n');
}

function workText({ device, ours }: StepBench): string[] {
  const { tflops, share, rates, floor, overFloor, parts, execution } = ours;
  const rate = (flops: number): string => `${Number((flops / 1e12).toPrecision(3))} TFLOP/s`;
  const total = parts.data + parts.augment + parts.forward + parts.backward + parts.update;
  const part = (name: string, seconds: number): string => `${name} ${Math.round((100 * seconds) / total)} %`;
  const shares = [
    part('data', parts.data),
    part('views', parts.augment),
    part('forward', parts.forward),
    part('backward', parts.backward),
    part('update', parts.update),
  ];
  return [
    `${rate(tflops * 1e12)}, ${Math.round(100 * share)} % of what a matrix product reaches here (${rate(rates.matrix)})`,
    `${overFloor.toFixed(1)} times the floor of ${milliseconds(floor.total)}: matrix products and convolutions ` +
      `${milliseconds(floor.matrices)}, norms ${milliseconds(floor.norms)}, update ${milliseconds(floor.update)}`,
    `Of a step ${shares.join(', ')}`,
    ...(device === 'cpu' ? [] : [`${ours.device.name}: ${executionText(execution)}`]),
  ];
}

const HEADER = ['', 'step', 'without views', '90 % below', 'images/s', 'ratio', 'memory'];

function rowsOf(bench: StepBench): string[][] {
  const rows = [row('byol-torch', bench.ours, bench.batch, '')];
  for (const [name, side] of othersOf(bench)) {
    if (!('failed' in side)) rows.push(row(name, side, bench.batch, (side.wholeRatio ?? side.ratio).toFixed(2)));
  }
  return rows;
}

function othersOf({ python, before }: StepBench): [name: string, side: Compared | Failed][] {
  const modes = 'modes' in python ? Object.entries(python.modes) : [];
  const named = modes.map(([mode, side]): [string, Compared | Failed] => [
    mode === 'eager' ? 'PyTorch eager' : `torch.compile ${mode}`,
    side,
  ]);
  return before === undefined ? named : [...named, ['before', before]];
}

function row(name: string, { step, network, memory }: SideSteps, batch: number, ratio: string): string[] {
  return [
    name,
    milliseconds(step.median),
    milliseconds(network.median),
    milliseconds(step.p90),
    count(batch / step.median),
    ratio,
    memory === 0 ? '' : `${(memory / 2 ** 30).toFixed(1)} GiB`,
  ];
}

function milliseconds(seconds: number): string {
  return `${(1000 * seconds).toPrecision(4)} ms`;
}
