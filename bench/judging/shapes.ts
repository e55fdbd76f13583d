import type { Stream } from '../../lib/random/philox.js';

/** How paired differences of two rows may be distributed over seeds. In fractions: 0.01 is a point. Each with mean 0. */

/** Draws one seed's difference. */
export type Draw = (random: Stream) => number;

/** Standard deviation of paired differences, where a shape does not say: that of two rows with 2.5 points each. */
const SD = 0.035;

export const shapes: Readonly<Record<string, { readonly what: string; readonly draw: Draw }>> = {
  normal: { what: 'normal, standard deviation 3.5 points', draw: (random) => SD * normal(random) },
  'normal-10': { what: 'normal, standard deviation 10 points', draw: (random) => 0.1 * normal(random) },
  'normal-1': { what: 'normal, standard deviation 1 point', draw: (random) => 0.01 * normal(random) },
  unequal: {
    what: 'the difference of two normal rows, standard deviations 1 and 6 points, correlation 0.5',
    draw: (random) => pair(random, 0.01, 0.06, 0.5),
  },
  opposed: {
    what: 'the difference of two normal rows, standard deviations 2.5 points each, correlation -0.5',
    draw: (random) => pair(random, 0.025, 0.025, -0.5),
  },
  t3: {
    what: "heavy tails: Student's t with 3 degrees of freedom, standard deviation 3.5 points",
    draw: (random) => (SD / Math.sqrt(3)) * studentT3(random),
  },
  'right-skew': {
    what: 'lognormal (sigma 0.5, skewness 1.75), a few seeds far above, standard deviation 3.5 points',
    draw: (random) => SD * lognormal(random, 0.5),
  },
  'left-skew': { what: 'the same, a few seeds far below', draw: (random) => -SD * lognormal(random, 0.5) },
  'strong-right-skew': {
    what: 'lognormal (sigma 1, skewness 6.2), a few seeds far above, standard deviation 3.5 points',
    draw: (random) => SD * lognormal(random, 1),
  },
  'strong-left-skew': { what: 'the same, a few seeds far below', draw: (random) => -SD * lognormal(random, 1) },
  'first-falls': {
    what: 'normal (2 points), and one seed in five of the first row falls by 20 points',
    draw: (random) => falls(random),
  },
  'second-falls': { what: 'the same of the second row', draw: (random) => -falls(random) },
  'both-fall': {
    what: 'normal (2 points), and one seed in five of each row falls by 20 points, each row by itself',
    draw: (random) => 0.02 * normal(random) + fall(random) - fall(random),
  },
};

/** By Box and Muller. */
export function normal(random: Stream): number {
  // Not 0, of which there is no logarithm.
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return radius * Math.cos(2 * Math.PI * random.uniform());
}

function pair(random: Stream, first: number, second: number, correlation: number): number {
  const common = normal(random);
  const own = correlation * common + Math.sqrt(1 - correlation ** 2) * normal(random);
  return first * common - second * own;
}

/** Variance 3. */
function studentT3(random: Stream): number {
  const squares = normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2;
  return normal(random) / Math.sqrt(squares / 3);
}

/** Mean 0, variance 1. */
function lognormal(random: Stream, sigma: number): number {
  const mean = Math.exp(sigma ** 2 / 2);
  const sd = mean * Math.sqrt(Math.exp(sigma ** 2) - 1);
  return (Math.exp(sigma * normal(random)) - mean) / sd;
}

/** 20 points less with one seed in five. */
function fall(random: Stream): number {
  return random.chance(0.2) ? -0.2 : 0;
}

function falls(random: Stream): number {
  return 0.02 * normal(random) + fall(random) + 0.2 * 0.2;
}
