import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ByolError } from '../errors.js';
import { ioError } from '../files/atomic-file.js';
import { readJson } from '../files/json-file.js';
import { PAGE_START } from '../report/html.js';
import { FIGURE_FILE } from './figure.js';
import { OVERVIEW_FILE, OVERVIEW_PAGE, OVERVIEW_START } from './overview.js';
import { namesIn, type TableFolder } from './record-files.js';

/** Nothing that somebody else wrote is replaced: only reports and overviews that can be told to be ours. */

const REPORT_FILES = ['table.json', 'table.md', 'table.html', 'chart.svg', FIGURE_FILE] as const;

/** Of a plan, what its reports are known by. */
interface ReportName {
  readonly table: { readonly id: string };
  readonly scale: string;
}

/**
 * @throws ByolError ERR_BYOL_RUN: a README.md or overview.html, or files of the names of a table's report, which this command did not write.
 * ERR_BYOL_IO if they cannot be read.
 */
export async function refuseForeignFiles(out: string, plan: ReportName, folder: TableFolder): Promise<void> {
  for (const [file, start] of [
    [OVERVIEW_FILE, OVERVIEW_START],
    [OVERVIEW_PAGE, PAGE_START],
  ] as const) {
    const text = await textOf(join(out, file));
    if (text !== null && !text.startsWith(start)) throw foreign(join(out, file));
  }
  const there = (await namesIn(folder.path)).filter((name) => (REPORT_FILES as readonly string[]).includes(name));
  if (there.length > 0 && !(await isReportOf(plan, join(folder.path, 'table.json')))) {
    throw foreign(join(folder.path, there.includes('table.json') ? 'table.json' : (there[0] as string)));
  }
}

/** Throws ERR_BYOL_IO where no file can be made in the folder. */
export async function checkWritable(folder: TableFolder): Promise<void> {
  const path = join(folder.path, `.${process.pid}.tmp`);
  try {
    await writeFile(path, '', { flag: 'wx' });
    await rm(path);
  } catch (error) {
    throw ioError(path, 'write', error);
  }
}

function foreign(path: string): ByolError {
  return new ByolError(
    'ERR_BYOL_RUN',
    `${path} was not written by byol tables and would be replaced. Choose another folder (--out DIR; in the API out: 'DIR').`,
  );
}

async function isReportOf({ table, scale }: ReportName, path: string): Promise<boolean> {
  try {
    const value = (await readJson(path)) as
      | { table?: unknown; scale?: unknown; plannedRuns?: unknown }
      | null
      | undefined;
    return value?.table === table.id && value.scale === scale && typeof value.plannedRuns === 'number';
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw ioError(path, 'read', error);
  }
}
