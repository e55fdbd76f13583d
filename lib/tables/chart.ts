import { renderBars } from '../report/bars.js';
import type { TableReport } from './report.js';
import { publishedValue } from './table.js';

/**
 * chart.svg: the first published number of each row beside the measured one, and where the untrained network stood. Measured
 * is the linear protocol, which most publications are of, where every row has it.
 */
export function renderChart({ columns, rows, scale }: TableReport): string {
  const runs = rows.flatMap(({ measured }) => measured ?? []);
  const linear = runs.length > 0 && runs.every(({ linearTop1 }) => linearTop1 !== null);
  const name = linear ? 'linear' : 'kNN';
  return renderBars({
    title: 'Published beside measured, percent',
    names: [`published, ${columns[0]}`, `measured ${name} top-1, scale ${scale}`],
    markName: `${name} top-1 of the untrained network`,
    groups: rows.map(({ label, published, measured }) => {
      const value = publishedValue(published[0]);
      const top1 = (linear ? measured?.linearTop1 : measured?.knnTop1) ?? null;
      const gain = (linear ? measured?.linearGain : measured?.knnGain) ?? null;
      return {
        label,
        bars: [
          { value: value === null ? null : value / 100 },
          top1 === null
            ? { value: null }
            : {
                value: top1.mean,
                range: [top1.min, top1.max],
                ...(gain !== null && { mark: top1.mean - gain.mean }),
              },
        ],
      };
    }),
  });
}
