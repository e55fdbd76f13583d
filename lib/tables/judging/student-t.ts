/** Student's t distribution with a whole number of degrees of freedom, exact: finite sums (Abramowitz and Stegun, 26.7.3 and 26.7.4). */

/** P(T <= t); `degrees`: from 1. */
export function studentCdf(t: number, degrees: number): number {
  return cdfAt(Math.atan(t / Math.sqrt(degrees)), degrees);
}

/** Those that were asked for: few, and each very often where the rule is simulated (bench/judging.ts). */
const known = new Map<number, Map<number, number>>();

/** The t with P(T <= t) = `probability`, which lies between 0 and 1; `degrees`: from 1. */
export function studentQuantile(probability: number, degrees: number): number {
  const ofDegrees = known.get(degrees) ?? new Map<number, number>();
  known.set(degrees, ofDegrees);
  const quantile = ofDegrees.get(probability) ?? findQuantile(probability, degrees);
  ofDegrees.set(probability, quantile);
  return quantile;
}

function findQuantile(probability: number, degrees: number): number {
  // By halving in the angle, where the whole line is an interval and the distribution has no steep place.
  let low = -Math.PI / 2;
  let high = Math.PI / 2;
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (cdfAt(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return Math.sqrt(degrees) * Math.tan((low + high) / 2);
}

/** P(T <= sqrt(degrees) tan(angle)). */
function cdfAt(angle: number, degrees: number): number {
  const cosine = Math.cos(angle);
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = 0;
  for (let power = odd ? 3 : 2; power <= degrees; power += 2) {
    sum += term;
    term *= (cosine ** 2 * (power - 1)) / power;
  }
  const central = odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return (1 + central) / 2;
}
