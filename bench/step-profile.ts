/** Where the time of a profiled step goes, and how fast it could be if all its convolutions ran as the best of them. */

/** Wall-clock seconds of each operation without those that it calls, by name (native.ts, profileStep). */
export type OperationTimes = Readonly<Record<string, { readonly calls: number; readonly seconds: number }>>;

/** Shares of the profiled seconds. */
export interface StepProfile {
  readonly seconds: number;
  readonly shares: Readonly<Record<Part, number>>;
  /** The operations that take most. */
  readonly largest: ReadonlyArray<{ readonly name: string; readonly calls: number; readonly share: number }>;
  readonly convolutions: ConvolutionWork;
}

/** The convolutions of one step. */
export interface ConvolutionWork {
  /** Floating-point operations of all of them, in 10^9; those with padding count. */
  readonly gflop: number;
  /** 10^9 operations a second: all of them together, and the best shape and direction. */
  readonly rate: number;
  readonly bestRate: number;
}

/** Convolutions and matrix products are LibTorch's, the former in two forms; norm (with residual and ReLU), optimiser and EMA are ours. */
const parts = {
  convolution: /conv/i,
  'matrix products': /mm$|linear|AddmmBackward|MmBackward/,
  'ours: norm, residual, ReLU': /^byol::norm/,
  'ours: optimiser and EMA': /^byol::update/,
  rest: /./,
} as const;
type Part = keyof typeof parts;
const LARGEST = 8;

export function summarizeProfile(times: OperationTimes): StepProfile {
  const all = Object.entries(times).map(([name, time]) => ({ name, ...time }));
  const seconds = all.reduce((sum, time) => sum + time.seconds, 0);
  const shares = Object.fromEntries(Object.keys(parts).map((part) => [part, 0])) as Record<Part, number>;
  for (const { name, seconds: spent } of all) {
    const part = (Object.keys(parts) as Part[]).find((key) => parts[key].test(name)) as Part;
    shares[part] += spent / seconds;
  }
  const largest = all
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, LARGEST)
    .map(({ name, calls, seconds: spent }) => ({ name, calls, share: spent / seconds }));
  return { seconds, shares, largest, convolutions: convolutionWork(times) };
}

function convolutionWork(times: OperationTimes): ConvolutionWork {
  const all = Object.entries(times).flatMap(([name, { calls, seconds }]) => {
    const gflop = (convolutionFlop(name) * calls) / 1e9;
    return gflop > 0 ? [{ gflop, seconds }] : [];
  });
  const sum = (of: 'gflop' | 'seconds'): number => all.reduce((total, one) => total + one[of], 0);
  return {
    gflop: sum('gflop'),
    rate: sum('gflop') / sum('seconds'),
    bestRate: Math.max(0, ...all.map(({ gflop, seconds }) => gflop / seconds)),
  };
}

/** Operations of a convolution by its name in a profile, "... batch 64 in 3 height 32 ..."; 0 for anything else. */
function convolutionFlop(name: string): number {
  if (!name.startsWith('byol::convolution ')) return 0;
  const size = (of: string): number => Number(new RegExp(` ${of} (\\d+)`).exec(name)?.[1]);
  const outputs = (length: string, before: string, after: string): number =>
    Math.floor((size(length) + size(before) + size(after) - size('kernel')) / size('stride')) + 1;
  const pixels = size('batch') * outputs('height', 'top', 'bottom') * outputs('width', 'left', 'right');
  return 2 * pixels * size('kernel') ** 2 * size('in') * size('out');
}
