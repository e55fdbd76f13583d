import { renderBars } from '../report/bars.js';
import type { TableReport } from './report.js';
import { publishedValue } from './table.js';

/** chart.svg: the first published number of each row beside the measured one, and where the untrained network stood. */
export function renderChart({ columns, rows, scale }: TableReport): string {
  return renderBars({
    title: 'Published beside measured, percent',
    names: [`published, ${columns[0]}`, `measured kNN top-1, scale ${scale}`],
    markName: 'kNN top-1 of the untrained network',
    groups: rows.map(({ label, published, measured }) => {
      const value = publishedValue(published[0]);
      const knn = measured?.knnTop1 ?? null;
      const gain = measured?.knnGain ?? null;
      return {
        label,
        bars: [
          { value: value === null ? null : value / 100 },
          knn === null
            ? { value: null }
            : {
                value: knn.mean,
                range: [knn.min, knn.max],
                ...(gain !== null && { mark: knn.mean - gain.mean }),
              },
        ],
      };
    }),
  });
}
