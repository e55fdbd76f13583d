import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { tables } from '../../lib/tables/published/index.js';
import { code, type Page, prose, table } from './markdown.js';

/** The published tables, and what was measured of them: the reports in bench/results/tables are pages as they are. */

const MEASURED = 'bench/results/tables';

export function tablesPage(root: string): Page {
  const folder = path.join(root, MEASURED);
  // In the order of the published tables; tables of our own (bench/tables) come last.
  const ids = new Set([...tables.map(({ id }) => id), ...foldersIn(folder)]);
  const reports = [...ids].flatMap((id) =>
    foldersIn(path.join(folder, id))
      .map((scale) => ({ id, scale, file: path.join(folder, id, scale, 'table.md') }))
      .filter(({ file }) => existsSync(file)),
  );
  const address = (file: string): string => path.relative(path.join(root, 'docs/reference'), file);
  const children: Record<string, string> = { 'All claims': address(path.join(folder, 'README.md')) };
  for (const { id, scale, file } of reports) {
    const name = reports.filter((other) => other.id === id).length > 1 ? `${id} (${scale})` : id;
    children[`${name}: ${titleOf(file)}`] = address(file);
  }
  const rows = tables.map(({ id, aliases = [], title, rows: { length }, missing }) => {
    const links = reports.filter((report) => report.id === id).map(({ scale, file }) => `[${scale}](${address(file)})`);
    return [
      [id, ...aliases].map(code).join(', '),
      prose(title),
      String(length),
      missing === undefined ? links.join(', ') : `needs ${prose(missing)}`,
    ];
  });
  return {
    file: 'tables.md',
    title: 'Tables',
    children,
    text: `What the papers publish, and what was measured of it here. \`npx byol tables NAME\` trains the rows of a table and judges its
claims; [CI that reproduces a table](../recipes/ci-table.md) shows how. [All claims](${address(path.join(folder, 'README.md'))}) in one place.

${table(['table', 'title', 'rows', 'measured'], rows)}`,
  };
}

/** Sorted; none if it is not there. */
function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Without where it is published: that is part of the page. */
function titleOf(file: string): string {
  const [, title] = /^# (.+?)(?: \(.*\))?$/m.exec(readFileSync(file, 'utf8')) ?? [];
  return title ?? path.basename(path.dirname(file));
}
