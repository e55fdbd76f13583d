import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Progress } from '../../lib/cli/progress.js';
import { BarOutput, LineOutput, progressOutput } from '../../lib/cli/progress-output.js';
import { presets } from '../../lib/config/presets/index.js';
import type { EpochEvent, StartEvent, StepEvent } from '../../lib/run/events.js';
import type { Verdict } from '../../lib/train/verdict.js';

const start: StartEvent = {
  type: 'start',
  config: presets['cifar10-small'],
  folder: 'runs/x',
  images: 10_000,
  testImages: 10_000,
  classes: ['cat', 'dog'],
  batch: 256,
  stepsPerEpoch: 39,
  steps: 1560,
  dropped: 16,
  parameters: 306_000,
  features: 128,
  device: 'cpu',
  precision: 'bfloat16',
  threads: 2,
  peakLearningRate: 0.2,
  resumedAt: 0,
};

const step: StepEvent = {
  type: 'step',
  step: 120,
  steps: 1560,
  epoch: 4,
  epochs: 40,
  metrics: {
    loss: 1.2345,
    'collapse/std': 0.9,
    'collapse/rank': 30,
    'target/distance': 0.1,
    learning_rate: 0.2,
    tau: 0.98,
    images_per_second: 512.4,
    data_wait: 0.031,
    threads: 2,
  },
  secondsLeft: 200,
};

function epoch(number: number, verdict: Verdict, knn?: number): EpochEvent {
  const metrics = {
    loss: 1,
    'collapse/std': 0.93,
    'collapse/rank': 30,
    'target/distance': 0.1,
    images_per_second: 500,
    data_wait: 0.1,
  };
  return {
    type: 'epoch',
    epoch: number,
    epochs: 40,
    metrics: knn === undefined ? metrics : { ...metrics, 'knn/top1': knn },
    verdict,
  };
}

function show(...events: Parameters<Progress['show']>[0][]): string[] {
  let text = '';
  const progress = new Progress(
    new LineOutput(
      (part) => (text += part),
      () => 0,
    ),
  );
  for (const event of events) progress.show(event);
  progress.close();
  return text.split('\n').slice(0, -1);
}

test('a run starts with its sizes, remainder and effective learning rate', () => {
  const text = show(start).join('\n');
  assert.match(text, /10,000 training and 10,000 test images, 2 classes/);
  assert.match(text, /39 per epoch of 256 images, 16 left out; 1,560 in 40 epochs/);
  assert.match(text, /306 thousand parameters, 128 features/);
  assert.match(text, /peak learning rate 0\.2 \(0\.2 x 256 \/ 256\)/);
  assert.match(text, /cpu, bfloat16, 2 threads/);
  assert.doesNotMatch(text, /going on/);
  assert.match(show({ ...start, resumedAt: 78 }).join('\n'), /going on {2}at step 78 of 1,560/);
});

test('batches that run on across epochs leave nothing out: steps per epoch are then a mean', () => {
  const text = show({
    ...start,
    config: presets.imagenette,
    images: 9469,
    stepsPerEpoch: 9469 / 256,
    steps: 36_988,
    dropped: 0,
  }).join('\n');
  assert.match(text, /36\.99 per epoch of 256 images, which run on across epochs; 36,988 in 1,000 epochs/);
});

test('every epoch has a line; the verdict is told in full when it changes', () => {
  const learning: Verdict = { state: 'learning', text: 'Learning: kNN 41.0 %.' };
  const collapsed: Verdict = { state: 'collapsed', text: 'Collapsed: all images look alike.' };
  assert.deepEqual(show(epoch(1, learning, 0.41), epoch(2, learning), epoch(3, learning, 0.42), epoch(4, collapsed)), [
    'epoch  1/40   loss 1.000   spread 0.93   kNN 41.0 %   500 images/s   learning',
    'Learning: kNN 41.0 %.',
    'epoch  2/40   loss 1.000   spread 0.93   500 images/s',
    'epoch  3/40   loss 1.000   spread 0.93   kNN 42.0 %   500 images/s   learning',
    'epoch  4/40   loss 1.000   spread 0.93   500 images/s   collapsed',
    'Collapsed: all images look alike.',
  ]);
});

test('without labels the verdict is told by what there is', () => {
  const learning: Verdict = { state: 'learning', text: 'Learning, as far as it shows without labels.' };
  assert.deepEqual(show(epoch(1, learning), epoch(2, learning)), [
    'epoch  1/40   loss 1.000   spread 0.93   500 images/s   learning',
    'Learning, as far as it shows without labels.',
    'epoch  2/40   loss 1.000   spread 0.93   500 images/s   learning',
  ]);
});

test('without a terminal the state is a line now and then', () => {
  let now = 0;
  const lines: string[] = [];
  const progress = new Progress(
    new LineOutput(
      (text) => lines.push(text),
      () => now,
    ),
  );
  for (const at of [0, 10, 29, 31, 40, 62]) {
    now = at;
    progress.show(step);
  }
  const line = 'epoch 4/40, step 120/1560 | loss 1.234 | 512 images/s | data 3 % | 3 min 20 s left\n';
  assert.deepEqual(lines, [line, line]);
});

test('kNN of the untrained encoder, then the newest, stands beside the state', () => {
  const untrained = { type: 'untrained', knn: { top1: 0.302, top5: 0.8 }, linear: null } as const;
  let now = 0;
  const lines: string[] = [];
  const progress = new Progress(
    new LineOutput(
      (text) => lines.push(text),
      () => (now += 100),
    ),
  );
  progress.show(untrained);
  progress.show(step);
  progress.show(epoch(4, { state: 'learning', text: 'Learning.' }, 0.41));
  progress.show(step);
  assert.equal(lines[0], 'untrained encoder: kNN top-1 30.2 %\n');
  assert.match(lines[1] as string, /\| kNN 30\.2 %\n$/);
  assert.match(lines.at(-1) as string, /\| kNN 41\.0 %\n$/);
});

test('--quiet leaves warnings', () => {
  const written: string[] = [];
  const stream = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  const progress = new Progress(progressOutput(stream, true));
  progress.show(start);
  progress.show(step);
  progress.show({ type: 'threads', threads: 1, most: 2 });
  progress.show({ type: 'threads', threads: 2, most: 2 });
  progress.show({ type: 'warning', message: 'the disk is nearly full' });
  assert.deepEqual(written, ['warning: the disk is nearly full\n']);
});

test('in a terminal every line stays above the bar, and closing restores the terminal', () => {
  let written = '';
  const sink = new Writable({
    write(part, _, done) {
      written += String(part);
      done();
    },
  });
  const stream = Object.assign(sink, { isTTY: true, columns: 120 }) as unknown as NodeJS.WriteStream;
  const progress = new Progress(new BarOutput(stream));
  progress.line('before the bar');
  progress.show(step);
  progress.show(epoch(4, { state: 'learning', text: 'Learning.' }, 0.41));
  progress.warn('after the bar was drawn');
  progress.close();
  for (const text of ['before the bar', 'step 120/1560', 'kNN 41.0 %', 'Learning.', 'after the bar was drawn']) {
    assert.ok(written.includes(text), `${text} is missing`);
  }
  assert.ok(written.lastIndexOf('\x1b[?7h') > written.lastIndexOf('\x1b[?7l'), 'lines wrap again');
});

test('a terminal that cannot move its cursor, or that nobody watches, gets plain lines', () => {
  const kept = { TERM: process.env.TERM, CI: process.env.CI, NO_COLOR: process.env.NO_COLOR };
  const output = (changes: NodeJS.ProcessEnv) => {
    for (const name of Object.keys(kept)) delete process.env[name];
    Object.assign(process.env, changes);
    return progressOutput({ isTTY: true, write: () => true } as unknown as NodeJS.WriteStream, false);
  };
  try {
    for (const changes of [{ TERM: 'dumb' }, { CI: 'true' }, { CI: '1' }, { NO_COLOR: '1' }]) {
      assert.ok(output(changes) instanceof LineOutput, JSON.stringify(changes));
    }
    for (const changes of [{ TERM: 'xterm' }, { CI: 'false' }, { NO_COLOR: '' }, {}]) {
      assert.ok(output(changes) instanceof BarOutput, JSON.stringify(changes));
    }
  } finally {
    for (const [name, value] of Object.entries(kept)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test('how a device computes the steps is one line', () => {
  const line = (graph: 'captured' | 'eager', reason: string, images: 'resident' | 'staged'): string =>
    show({ type: 'execution', graph, reason, images }).join('\n');
  assert.equal(line('captured', '', 'resident'), "a step is one graph; all images lie in the device's memory");
  assert.match(
    line('eager', 'Its norms wait.', 'staged'),
    /^a step is launched .* operation: Its norms wait; the images of/,
  );
});
