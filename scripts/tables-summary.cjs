'use strict';
// node scripts/tables-summary.cjs FOLDER: the reports of all tables in a folder of `byol tables` as one page of Markdown, on stdout,
// for a place that has no files beside it: the summary of a workflow's run. Links to files become their text, pictures go.
const fs = require('node:fs');
const path = require('node:path');
const { Failure, run } = require('./failure.cjs');

/** GitHub takes 1 MiB for a step. */
const mostBytes = 2 ** 20;

const alone = (markdown) =>
  markdown.replaceAll(/!\[[^\]]*\]\((?!https?:)[^)]*\)\n*/g, '').replaceAll(/\[([^\]]*)\]\((?!https?:)[^)]*\)/g, '$1');

/** table.md of every table and scale, in the order of the overview. */
function reportsOf(folder, overview) {
  const named = new Set([...overview.matchAll(/\]\(([^)]+\/table\.md)\)/g)].map(([, name]) => name));
  return [...named].map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
}

function summary() {
  const folder = process.argv[2];
  if (folder === undefined)
    throw new Failure('ERR_BYOL_USAGE', 'Give the folder of the tables: node scripts/tables-summary.cjs tables');
  const file = path.join(folder, 'README.md');
  if (!fs.existsSync(file))
    throw new Failure('ERR_BYOL_RUN', `${file} is not there: no table has been run into ${folder}.`);
  const overview = fs.readFileSync(file, 'utf8');
  const folded = reportsOf(folder, overview).map((report) => {
    const title = /^# (.+)$/m.exec(report)?.[1] ?? 'Report';
    return `<details><summary>${title}</summary>\n\n${alone(report.replace(/^# .+\n/, ''))}\n</details>\n`;
  });
  let text = alone(overview);
  // The claims come first: what does not fit is left out whole.
  for (const part of folded) {
    if (Buffer.byteLength(text) + Buffer.byteLength(part) > mostBytes - 1000) {
      text += '\nMore reports are in the artifacts: this page takes no more.\n';
      break;
    }
    text += `\n${part}`;
  }
  process.stdout.write(text);
}

run(summary);
