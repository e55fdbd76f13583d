import { test } from 'node:test';
import {
  type Accuracy,
  type Config,
  datasetFromArrays,
  type ErrorCode,
  type Learning,
  type MetricName,
  type Metrics,
  openLearning,
  type Run,
  type RunResult,
  type StepValues,
  type TrainEvent,
  train,
  type VerdictState,
} from 'byol-torch';
import { expectTypeOf } from 'expect-type';

test('events are told apart by their type', () => {
  expectTypeOf(train).returns.toEqualTypeOf<Run>();
  const read = (event: TrainEvent) => {
    // @ts-expect-error not of every event
    event.metrics;
    switch (event.type) {
      case 'start':
        return expectTypeOf(event.config).toEqualTypeOf<Config>();
      case 'untrained':
        return expectTypeOf(event.knn).toEqualTypeOf<Accuracy | null>();
      case 'phase':
        return expectTypeOf(event.phase).toExtend<string>();
      case 'step':
        return expectTypeOf(event.metrics).toEqualTypeOf<StepValues>();
      case 'epoch':
        return expectTypeOf(event.verdict.state).toEqualTypeOf<VerdictState>();
      case 'checkpoint':
        return expectTypeOf(event.path).toBeString();
      case 'reading':
        return expectTypeOf(event.total).toEqualTypeOf<number | null>();
      case 'warning':
        return expectTypeOf(event.message).toBeString();
      case 'threads':
        return expectTypeOf(event.most).toBeNumber();
      case 'execution':
        return expectTypeOf(event.graph).toExtend<string>();
      case 'end':
        return expectTypeOf(event.result).toEqualTypeOf<RunResult>();
      default:
        return expectTypeOf(event).toBeNever();
    }
  };
  expectTypeOf(read).parameter(0).toEqualTypeOf<TrainEvent>();
});

test('metrics that every run has are numbers, others may be missing, and there are no others', () => {
  expectTypeOf<keyof Metrics>().toExtend<MetricName>();
  expectTypeOf<Metrics['loss']>().toEqualTypeOf<number>();
  expectTypeOf<Metrics['collapse/std']>().toEqualTypeOf<number>();
  expectTypeOf<Metrics['knn/top1']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Metrics['probe/online/top1']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<StepValues['learning_rate']>().toEqualTypeOf<number>();
  expectTypeOf<StepValues['threads']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<StepValues['images_per_second']>().toEqualTypeOf<number>();
  expectTypeOf<StepValues['compute/share']>().toEqualTypeOf<number | undefined>();
  // Evaluations are of epochs, the learning rate is of steps.
  expectTypeOf<StepValues>().not.toHaveProperty('knn/top1');
  expectTypeOf<Metrics>().not.toHaveProperty('learning_rate');
  // @ts-expect-error a typing error
  expectTypeOf<Metrics['knn/top2']>().toBeNever();
});

test('images of your own have one size or a size each', () => {
  const pixels = new Uint8Array(12);
  expectTypeOf(datasetFromArrays).toBeCallableWith({ pixels, height: 2, width: 2 });
  expectTypeOf(datasetFromArrays).toBeCallableWith({ pixels, heights: [2], widths: [2], labels: [[0, 1]] });
  const given = (_: Parameters<typeof datasetFromArrays>[0]) => {};
  // @ts-expect-error both
  given({ pixels, height: 2, width: 2, heights: [2], widths: [2] });
  // @ts-expect-error half of it
  given({ pixels, height: 2 });
  // @ts-expect-error not bytes
  given({ pixels: [1, 2, 3], height: 1, width: 1 });
});

test('a training by hand tells readings and pauses', () => {
  expectTypeOf(openLearning).returns.resolves.toEqualTypeOf<Learning>();
  const read = async (learning: Learning) => {
    for await (const event of learning.steps()) {
      if (event.type === 'reading') expectTypeOf(event.metrics).toEqualTypeOf<StepValues>();
      else expectTypeOf(event.ended?.metrics).toEqualTypeOf<Metrics | undefined>();
    }
    expectTypeOf(await learning.knn()).toEqualTypeOf<Accuracy>();
  };
  expectTypeOf(read).returns.resolves.toBeVoid();
});

test('error codes are a list that the compiler knows', () => {
  expectTypeOf<'ERR_BYOL_CONFIG'>().toExtend<ErrorCode>();
  expectTypeOf<'ERR_BYOL_CONFG'>().not.toExtend<ErrorCode>();
});
