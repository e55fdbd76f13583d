import path from 'node:path';
import { overviewTables } from '../../lib/tables/overview-reports.js';
import { tables } from '../../lib/tables/published/index.js';
import { code, type Page, prose, table } from './markdown.js';

/** The published tables, and what was measured of them: the reports in bench/results/tables are pages as they are. */

const MEASURED = 'bench/results/tables';

export async function tablesPage(root: string): Promise<Page> {
  const folder = path.join(root, MEASURED);
  const address = (...parts: string[]): string =>
    path.relative(path.join(root, 'docs/reference'), path.join(folder, ...parts));
  const reports = (await overviewTables(folder)).map(({ path: place, scale, title }) => ({
    id: path.dirname(place),
    place,
    scale,
    title,
  }));
  const published = new Set(tables.map(({ id }) => id));
  const own = reports.filter(({ id }) => !published.has(id));
  const children: Record<string, string> = { 'All claims': address('README.md') };
  // In the order of the published tables; tables of our own (bench/tables) come last.
  for (const { id } of [...tables, ...own]) {
    const measured = reports.filter((report) => report.id === id);
    for (const { place, scale, title } of measured) {
      children[`${id}${measured.length > 1 ? ` (${scale})` : ''}: ${withoutSource(title)}`] = address(
        place,
        'table.md',
      );
    }
  }
  const link = ({ place, scale }: (typeof reports)[number]): string => `[${scale}](${address(place, 'table.md')})`;
  const rows = tables.map(({ id, aliases = [], title, rows: { length }, missing }) => {
    const links = reports.filter((report) => report.id === id).map(link);
    return [
      [id, ...aliases].map(code).join(', '),
      prose(title),
      String(length),
      missing === undefined ? links.join(', ') : `needs ${prose(missing)}`,
    ];
  });
  const ownRows = own.map((report) => [code(`bench/tables/${report.id}.yaml`), prose(report.title), link(report)]);
  return {
    file: 'tables.md',
    title: 'Tables',
    children,
    text: `What the papers publish, and what was measured of it here. \`npx byol tables NAME\` trains the rows of a table and judges its
claims; [CI that reproduces a table](../recipes/ci-table.md) shows how. [All claims](${address('README.md')}) in one place.

${table(['table', 'title', 'rows', 'measured'], rows)}

Tables of the project's own, for what the published ones leave open:

${table(['table', 'title', 'measured'], ownRows)}`,
  };
}

/** Without where it is published: that is part of the page. */
function withoutSource(title: string): string {
  return title.replace(/ \(.*\)$/, '');
}
