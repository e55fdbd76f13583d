import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** uPlot (https://github.com/leeoniya/uPlot), as pages carry it: 50 kB, no dependencies, and quick with tens of thousands of points. */
export interface ChartLibrary {
  /** Defines `uPlot`. With its licence, which has to go where it goes. */
  readonly script: string;
  readonly style: string;
}

let library: ChartLibrary | undefined;

export function chartLibrary(): ChartLibrary {
  if (library !== undefined) return library;
  const { resolve } = createRequire(import.meta.url);
  const read = (path: string): string => readFileSync(resolve(`uplot/${path}`), 'utf8');
  library = {
    script: `/*\n${read('LICENSE').trim()}\n*/\n${read('dist/uPlot.iife.min.js').trim()}`,
    style: read('dist/uPlot.min.css').trim(),
  };
  return library;
}
