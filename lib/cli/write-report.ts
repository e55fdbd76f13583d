import { basename, dirname, relative, resolve } from 'node:path';
import { ByolError } from '../errors.js';
import { writeAtomically } from '../files/atomic-file.js';
import { refuseOthers } from '../files/own-file.js';
import { PAGE_START } from '../report/html.js';
import type { RunData } from '../report/run-data.js';
import { renderRunsPage } from '../report/runs-page.js';
import { readRunData } from '../run/read-run-data.js';
import { pointsBeside } from '../run/report-files.js';
import { RunFolder } from '../run/run-folder.js';

/** Where the page of several runs goes that is given no name. */
const COMPARISON = 'comparison.html';

/** The page of one run or several; returns its path. Throws ERR_BYOL_USAGE, ERR_BYOL_RUN, ERR_BYOL_IO. */
export async function writeReport(folders: readonly string[], out: string | undefined): Promise<string> {
  if (out !== undefined && !/\.html?$/i.test(out)) {
    throw new ByolError('ERR_BYOL_USAGE', `A page is written as .html, and ${out} is not.`);
  }
  const names = runNames(folders);
  const single = folders.length === 1;
  const own = single ? new RunFolder(folders[0] as string).report : null;
  const path = out ?? own ?? COMPARISON;
  const points = pointsBeside(folders.length);
  const runs: RunData[] = [];
  for (const [index, folder] of folders.entries()) {
    runs.push(await readRunData(folder, { name: names[index] as string, pageFolder: dirname(path), points }));
  }
  // A run's own report, of whatever version, is the run's to write again.
  if (own === null || resolve(path) !== resolve(own)) await refuseOthers(path, { start: PAGE_START });
  await writeAtomically(path, renderRunsPage(runs, single ? {} : { title: comparisonTitle(names) }));
  return path;
}

function comparisonTitle(names: readonly string[]): string {
  return `${names.length} runs: ${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''}`;
}

/** Of each folder its name, or, where two have the same, its path. Throws ERR_BYOL_USAGE where a run is there twice. */
export function runNames(folders: readonly string[]): string[] {
  const places = folders.map((folder) => resolve(folder));
  const twice = places.find((place, index) => places.indexOf(place) !== index);
  if (twice !== undefined) throw new ByolError('ERR_BYOL_USAGE', `The run in ${twice} is given more than once.`);
  const short = places.map((place) => basename(place));
  return short.map((name, index) => {
    if (short.indexOf(name) === short.lastIndexOf(name)) return name;
    const place = places[index] as string;
    const here = relative('.', place);
    return here === '' || here.startsWith('..') ? place : here;
  });
}
