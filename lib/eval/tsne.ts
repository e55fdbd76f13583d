import type { Neighbours } from './cosine-neighbours.js';

/**
 * t-SNE (van der Maaten and Hinton 2008): a map in which what is near in many dimensions is near in two. Attraction is among nearest
 * neighbours, as in Barnes-Hut t-SNE (van der Maaten 2014); repulsion is of all pairs, exactly: for a few thousand rows.
 */

/** Neighbours that a row has effectively. */
const PERPLEXITY = 30;
/** Neighbours that are looked at, for each effective one. */
const LOOKED_AT = 3;
const STEPS = 500;
/** During the first steps attraction is so much stronger: clusters form. */
const EXAGGERATION = 12;
const EXAGGERATED_STEPS = 125;
/** Standard deviation of the start in the map's units: small, so that neighbours decide what becomes of it. */
const START = 1e-4;

/** Neighbours that tsne() wants of so many rows. */
export function mapNeighbours(rows: number): number {
  return Math.min(rows - 1, LOOKED_AT * PERPLEXITY);
}

/**
 * Places in the plane, rows x 2. Deterministic.
 *
 * @param start rows x 2 places to begin from, as principalPlane() gives them.
 */
export function tsne({ k, similarities, indices }: Neighbours, start: Float64Array): Float64Array {
  const rows = start.length / 2;
  const edges = attraction({ k, similarities, indices }, rows);
  const y = scaled(start);
  const forces = new Float64Array(2 * rows);
  const speed = new Float64Array(2 * rows);
  const gains = new Float64Array(2 * rows).fill(1);
  // As scikit-learn's 'auto' (Belkina et al. 2019).
  const rate = Math.max(rows / EXAGGERATION / 4, 50);
  for (let step = 0; step < STEPS; step += 1) {
    const early = step < EXAGGERATED_STEPS;
    gradient(y, edges, early ? EXAGGERATION : 1, forces);
    const momentum = early ? 0.5 : 0.8;
    for (let i = 0; i < forces.length; i += 1) {
      const force = forces[i] as number;
      const before = speed[i] as number;
      const gain = Math.max(0.01, force > 0 === before > 0 ? 0.8 * (gains[i] as number) : 0.2 + (gains[i] as number));
      gains[i] = gain;
      speed[i] = momentum * before - rate * gain * force;
      y[i] = (y[i] as number) + (speed[i] as number);
    }
  }
  return y;
}

interface Edges {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Of both directions together; all sum up to 1 / 2, since each pair is here once. */
  readonly weight: Float64Array;
}

/** Symmetric probabilities p_ij of neighbours (equations 1 and 2 of the paper, over squared distances of unit vectors: 2 - 2 cos). */
function attraction({ k, similarities, indices }: Neighbours, rows: number): Edges {
  const weights = new Map<number, number>();
  const row = new Float64Array(k);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < k; j += 1) row[j] = 2 - 2 * (similarities[i * k + j] as number);
    probabilities(row, Math.min(PERPLEXITY, Math.max(1, k / LOOKED_AT)));
    for (let j = 0; j < k; j += 1) {
      const other = indices[i * k + j] as number;
      const key = Math.min(i, other) * rows + Math.max(i, other);
      weights.set(key, (weights.get(key) ?? 0) + (row[j] as number) / (2 * rows));
    }
  }
  const keys = Float64Array.from(weights.keys());
  return {
    from: Int32Array.from(keys, (key) => Math.floor(key / rows)),
    to: Int32Array.from(keys, (key) => key % rows),
    weight: Float64Array.from(weights.values()),
  };
}

/** In place of squared distances, which ascend: p_j|i, with the width at which their entropy is that of so many equal ones. */
function probabilities(row: Float64Array, perplexity: number): void {
  const distances = Float64Array.from(row);
  const nearest = distances[0] ?? 0;
  const wanted = Math.log(perplexity);
  let [low, high, beta] = [0, Number.POSITIVE_INFINITY, 1];
  for (let step = 0; step < 60; step += 1) {
    let [sum, moment] = [0, 0];
    for (let j = 0; j < row.length; j += 1) {
      const distance = (distances[j] as number) - nearest;
      const p = Math.exp(-beta * distance);
      row[j] = p;
      sum += p;
      moment += p * distance;
    }
    for (let j = 0; j < row.length; j += 1) row[j] = (row[j] as number) / sum;
    const entropy = Math.log(sum) + (beta * moment) / sum;
    if (Math.abs(entropy - wanted) < 1e-5) return;
    if (entropy > wanted) low = beta;
    else high = beta;
    beta = high === Number.POSITIVE_INFINITY ? beta * 2 : (low + high) / 2;
  }
}

/** Equation 5 of the paper: 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2). */
function gradient(y: Float64Array, { from, to, weight }: Edges, exaggeration: number, out: Float64Array): void {
  const rows = y.length / 2;
  out.fill(0);
  let total = 0;
  for (let i = 0; i < rows; i += 1) {
    const x0 = y[2 * i] as number;
    const y0 = y[2 * i + 1] as number;
    let [fx, fy] = [0, 0];
    for (let j = i + 1; j < rows; j += 1) {
      const dx = x0 - (y[2 * j] as number);
      const dy = y0 - (y[2 * j + 1] as number);
      const q = 1 / (1 + dx * dx + dy * dy);
      total += q;
      const pull = q * q;
      fx += pull * dx;
      fy += pull * dy;
      out[2 * j] = (out[2 * j] as number) + pull * dx;
      out[2 * j + 1] = (out[2 * j + 1] as number) + pull * dy;
    }
    out[2 * i] = (out[2 * i] as number) - fx;
    out[2 * i + 1] = (out[2 * i + 1] as number) - fy;
  }
  // So far repulsion alone, of pairs that each count twice in the sum over all.
  const scale = 4 / Math.max(2 * total, Number.MIN_VALUE);
  for (let i = 0; i < out.length; i += 1) out[i] = (out[i] as number) * scale;
  for (let edge = 0; edge < weight.length; edge += 1) {
    const i = from[edge] as number;
    const j = to[edge] as number;
    const dx = (y[2 * i] as number) - (y[2 * j] as number);
    const dy = (y[2 * i + 1] as number) - (y[2 * j + 1] as number);
    const pull = (4 * exaggeration * (weight[edge] as number)) / (1 + dx * dx + dy * dy);
    out[2 * i] = (out[2 * i] as number) + pull * dx;
    out[2 * i + 1] = (out[2 * i + 1] as number) + pull * dy;
    out[2 * j] = (out[2 * j] as number) - pull * dx;
    out[2 * j + 1] = (out[2 * j + 1] as number) - pull * dy;
  }
}

function scaled(start: Float64Array): Float64Array {
  let sum = 0;
  for (let i = 0; i < start.length; i += 2) sum += (start[i] as number) ** 2;
  const deviation = Math.sqrt(sum / (start.length / 2)) || 1;
  return start.map((value) => (START * value) / deviation);
}
