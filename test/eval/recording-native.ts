import { PLAN_WIDTH } from '../../lib/augment/plan.js';
import type {
  Accuracy,
  EmbedInput,
  LinearProbeSpec,
  NativeFeatureBank,
  NativeImageStore,
  NativeLearner,
  NativeModule,
} from '../../lib/binding/native.js';
import type { Images } from '../../lib/data/images.js';
import type { Subject } from '../../lib/eval/subject.js';

/** A native module that computes nothing and writes down what it is asked for, so that protocols can be looked at alone. */
export class RecordingNative {
  readonly banks: RecordedBank[] = [];
  readonly probes: RecordedProbe[] = [];
  readonly embeds: EmbedInput[] = [];
  readonly knnCalls: Array<{ readonly train: RecordedBank; readonly test: RecordedBank; readonly options: object }> =
    [];
  /** What a probe's evaluation gives, by the order in which the probes were made. */
  results: Accuracy[][] = [];
  /** Called before every embed and step. */
  onCommand: () => void = () => {};

  readonly module = {
    FeatureBank: this.#constructorOf((count: number, dimension: number, device: string) => {
      const bank = new RecordedBank(count, dimension, device);
      this.banks.push(bank);
      return bank;
    }),
    LinearProbe: this.#constructorOf((spec: LinearProbeSpec) => {
      const number = this.probes.length;
      const probe = new RecordedProbe(
        spec,
        () => this.onCommand(),
        () => this.results[number] ?? [],
      );
      this.probes.push(probe);
      return probe;
    }),
    knn: async (train: RecordedBank, test: RecordedBank, options: object): Promise<Accuracy> => {
      this.knnCalls.push({ train, test, options });
      return { top1: 0.5, top5: 0.75 };
    },
  } as unknown as NativeModule;

  readonly learner = {
    features: 3,
    embed: async (input: EmbedInput): Promise<void> => {
      this.onCommand();
      this.embeds.push(input);
      const bank = input.bank as unknown as RecordedBank;
      for (const [i, image] of input.indices.entries()) {
        bank.rows[input.offset + i] = { image, plan: input.plan.slice(i * PLAN_WIDTH, (i + 1) * PLAN_WIDTH) };
      }
    },
  } as unknown as NativeLearner;

  get undisposed(): number {
    return [...this.banks, ...this.probes].filter((resource) => resource.disposals !== 1).length;
  }

  /** `trainLabels[i]` belongs to image i of the training store. */
  subject(trainLabels: number[], testLabels: number[], changes: Partial<Subject> = {}): Subject {
    const store = (size: number): NativeImageStore => ({ size, labelled: true, dispose() {} });
    const images = (labels: number[]): Images => ({
      store: store(labels.length),
      heights: 10,
      widths: 10,
      targets: { kind: 'class', labels: Int32Array.from(labels) },
    });
    return {
      native: this.module,
      learner: this.learner,
      device: 'cpu',
      train: images(trainLabels),
      test: images(testLabels),
      classes: 3,
      views: {
        size: 10,
        resampling: 'bicubic',
        antialias: false,
        jitter: 'official',
        blurBorder: 'zero',
        mean: [0, 0, 0],
        std: [1, 1, 1],
        pipelines: [[], []],
      },
      batchSize: 16,
      statistics: 'running',
      ...changes,
    };
  }

  #constructorOf<A extends unknown[], T extends object>(make: (...args: A) => T): new (...args: A) => T {
    return function construct(...args: A): T {
      return make(...args);
    } as unknown as new (
      ...args: A
    ) => T;
  }
}

export class RecordedBank implements NativeFeatureBank {
  readonly rows: Array<{ readonly image: number; readonly plan: Float32Array }> = [];
  disposals = 0;

  constructor(
    readonly size: number,
    readonly dimension: number,
    readonly device: string,
  ) {}

  get images(): number[] {
    return this.rows.map(({ image }) => image);
  }

  async read(): Promise<Float32Array> {
    return new Float32Array(0);
  }

  dispose(): void {
    this.disposals += 1;
  }
}

export class RecordedProbe {
  readonly steps: Array<{ readonly images: number[]; readonly crops: Float32Array[]; readonly scale: number }> = [];
  readonly evaluated: RecordedBank[] = [];
  disposals = 0;

  constructor(
    readonly spec: LinearProbeSpec,
    readonly onCommand: () => void,
    readonly results: () => Accuracy[],
  ) {}

  async step(bank: RecordedBank, rows: Int32Array, scale: number): Promise<number[]> {
    this.onCommand();
    const used = [...rows].map((row) => bank.rows[row]);
    this.steps.push({
      images: used.map((row) => row?.image ?? -1),
      crops: used.map((row) => row?.plan ?? new Float32Array(0)),
      scale,
    });
    return this.spec.learningRates.map(() => 0);
  }

  async evaluate(bank: RecordedBank): Promise<Accuracy[]> {
    this.evaluated.push(bank);
    return this.results();
  }

  dispose(): void {
    this.disposals += 1;
  }
}
