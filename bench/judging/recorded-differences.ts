import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../lib/binding/package-root.js';
import type { Draw } from './shapes.js';

/** Residuals of paired differences that the committed records have: of every two rows of a table, with mean 0. */

interface Point {
  readonly row: string;
  readonly seed: number;
  readonly knnTop1: number;
}

/** One list for each two rows of each table, with at least three seeds in common; scaled to have the variance of the differences. */
export function recordedResiduals(): number[][] {
  const tables = path.join(packageRoot(), 'bench', 'results', 'tables');
  const folders = readdirSync(tables, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name === 'records')
    .map((entry) => path.join(entry.parentPath, entry.name));
  return folders.sort().flatMap((folder) => residualsOf(pointsIn(folder)));
}

function pointsIn(folder: string): Point[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => {
      const record = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Partial<Point>;
      const { row, seed, knnTop1 } = record;
      return row !== undefined && seed !== undefined && typeof knnTop1 === 'number' ? [{ row, seed, knnTop1 }] : [];
    });
}

function residualsOf(points: readonly Point[]): number[][] {
  const rows = [...new Set(points.map(({ row }) => row))];
  return rows.flatMap((a, index) =>
    rows.slice(index + 1).flatMap((b) => {
      const differences = points.flatMap(({ row, seed, knnTop1 }) => {
        const other = row === a ? points.find((point) => point.row === b && point.seed === seed) : undefined;
        return other === undefined ? [] : [knnTop1 - other.knnTop1];
      });
      const count = differences.length;
      if (count < 3) return [];
      const mean = differences.reduce((sum, value) => sum + value, 0) / count;
      // Residuals of n values have (n - 1) / n of their variance.
      return [differences.map((value) => (value - mean) * Math.sqrt(count / (count - 1)))];
    }),
  );
}

/**
 * Of all pairs of rows together, with either sign: seeds of one claim then differ in how much they vary, and the skew of single pairs, of which
 * three to five seeds say nothing, is not in it.
 */
export function pooledDraw(residuals: readonly (readonly number[])[]): Draw {
  const pool = residuals.flat();
  return (random) => (random.chance(0.5) ? 1 : -1) * (pool[random.below(pool.length)] as number);
}
