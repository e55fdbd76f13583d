import { PLAN_WIDTH } from '../../lib/augment/plan.js';
import type {
  Accuracy,
  EmbedInput,
  KnnRule,
  LinearProbeSpec,
  LogisticFit,
  LogisticRegressionSpec,
  NativeFeatureBank,
  NativeImageStore,
  NativeModule,
} from '../../lib/binding/native.js';
import { type Images, storedImages } from '../../lib/data/images.js';
import { CenterCropFeatures } from '../../lib/eval/center-crop-features.js';
import type { EvaluationContext } from '../../lib/eval/context.js';
import type { EvaluationData } from '../../lib/eval/evaluation-data.js';
import type { FrozenEncoder } from '../../lib/eval/frozen-encoder.js';
import type { ProtocolInput } from '../../lib/eval/protocol.js';
import { squareView } from '../support/byol-spec.js';

export interface InputChanges {
  readonly context?: Partial<EvaluationContext>;
  readonly encoder?: Partial<FrozenEncoder>;
  readonly data?: Partial<EvaluationData>;
}

/** A native module that computes nothing and writes down what it is asked for, so that protocols can be looked at alone. */
export class RecordingNative {
  readonly banks: RecordedBank[] = [];
  readonly probes: RecordedProbe[] = [];
  readonly regressions: RecordedRegression[] = [];
  readonly embeds: EmbedInput[] = [];
  readonly classifiers: RecordedKnn[] = [];
  /** What a probe's evaluation gives, by the order in which the probes were made. */
  results: Accuracy[][] = [];
  /** What kNN gives, call after call. */
  neighbours: Accuracy[] = [];
  /** Of the network. */
  features = 3;
  /** Banks that were there at the same time. */
  mostBanks = 0;
  /** Called before every embed and step. */
  onCommand: () => void = () => {};

  readonly module = {
    FeatureBank: this.#constructorOf((count: number, dimension: number, device: string) => {
      const bank = new RecordedBank(count, dimension, device);
      this.banks.push(bank);
      this.mostBanks = Math.max(this.mostBanks, this.banks.filter(({ disposals }) => disposals === 0).length);
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
    LogisticRegression: this.#constructorOf((spec: LogisticRegressionSpec) => {
      const regression = new RecordedRegression(spec);
      this.regressions.push(regression);
      return regression;
    }),
    KnnClassifier: this.#constructorOf((queries: RecordedBank, rule: KnnRule) => {
      const number = this.classifiers.length;
      const classifier = new RecordedKnn(queries, rule, () => this.neighbours[number] ?? { top1: 0.5, top5: 0.75 });
      this.classifiers.push(classifier);
      return classifier;
    }),
  } as unknown as NativeModule;

  readonly network = this.#network(() => this.features);

  get undisposed(): number {
    const resources = [...this.banks, ...this.probes, ...this.regressions, ...this.classifiers];
    return resources.filter(({ disposals }) => disposals !== 1).length;
  }

  /** `trainLabels[i]` belongs to image i of the training store. */
  input(trainLabels: number[], testLabels: number[], changes: InputChanges = {}): ProtocolInput & { dispose(): void } {
    const store = (size: number): NativeImageStore => ({ size, labelled: true, dispose() {} });
    const images = (labels: number[]): Images =>
      storedImages(store(labels.length), {
        heights: 10,
        widths: 10,
        targets: { kind: 'class', labels: Int32Array.from(labels) },
      });
    const context = { native: this.module, device: 'cpu', seed: 11, ...changes.context };
    const encoder: FrozenEncoder = {
      network: this.network,
      view: squareView(10),
      statistics: 'running',
      batchSize: 16,
      ...changes.encoder,
    };
    const data = {
      train: images(trainLabels),
      test: images(testLabels),
      classes: 3,
      ...changes.data,
    };
    const features = new CenterCropFeatures(context, encoder, data);
    return { context, encoder, data, features, dispose: () => features.dispose() };
  }

  #network(features: () => number): FrozenEncoder['network'] {
    return {
      get features() {
        return features();
      },
      embed: async (input: EmbedInput): Promise<void> => {
        this.onCommand();
        this.embeds.push(input);
        const bank = input.bank as unknown as RecordedBank;
        for (const [i, image] of input.indices.entries()) {
          bank.rows[input.offset + i] = { image, plan: input.plan.slice(i * PLAN_WIDTH, (i + 1) * PLAN_WIDTH) };
        }
      },
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

  async write(): Promise<void> {}

  dispose(): void {
    this.disposals += 1;
  }
}

export class RecordedKnn {
  readonly banks: RecordedBank[] = [];
  disposals = 0;

  constructor(
    readonly queries: RecordedBank,
    readonly rule: KnnRule,
    readonly result: () => Accuracy,
  ) {}

  /** Of the rows that could be neighbours, in order. */
  get images(): number[] {
    return this.banks.flatMap(({ images }) => images);
  }

  async add(bank: RecordedBank): Promise<void> {
    this.banks.push(bank);
  }

  async accuracy(): Promise<Accuracy> {
    return this.result();
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

/** Learns nothing: each class has the same score. */
export class RecordedRegression {
  readonly learnt: Array<{ readonly bank: RecordedBank; readonly images: number[]; readonly labels: number[] }> = [];
  readonly penalties: number[] = [];
  readonly asked: Array<{ readonly bank: RecordedBank; readonly images: number[] }> = [];
  disposals = 0;

  constructor(readonly spec: LogisticRegressionSpec) {}

  async add(bank: RecordedBank, rows: Int32Array, { labels }: { readonly labels: Int32Array }): Promise<void> {
    this.learnt.push({ bank, images: imagesOf(bank, rows), labels: [...labels] });
  }

  async fit({ penalty }: { readonly penalty: number }): Promise<LogisticFit> {
    this.penalties.push(penalty);
    return { iterations: 1, objective: 0, gradientPart: 0, stopped: 'gradient' };
  }

  async scores(bank: RecordedBank, rows: Int32Array): Promise<Float32Array> {
    this.asked.push({ bank, images: imagesOf(bank, rows) });
    return new Float32Array(rows.length * this.spec.classes);
  }

  dispose(): void {
    this.disposals += 1;
  }
}

function imagesOf(bank: RecordedBank, rows: Int32Array): number[] {
  return [...rows].map((row) => bank.rows[row]?.image ?? -1);
}
