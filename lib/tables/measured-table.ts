import { join } from 'node:path';
import { writeAtomically } from '../files/atomic-file.js';
import { writeJson } from '../files/json-file.js';
import { renderChart } from './chart.js';
import { FIGURE_FILE, renderFigure } from './figure.js';
import { renderMarkdown } from './markdown.js';
import { writeOverview } from './overview.js';
import { renderTablePage } from './page.js';
import type { PlannedRun, TablePlan } from './plan.js';
import { type TableFolder, writeRecord } from './record-files.js';
import type { TableRecord } from './records.js';
import { reportTable, type TableReport } from './report.js';

/** A table as far as it has been measured, in memory and in its folder. */
export class MeasuredTable {
  readonly #plan: TablePlan;
  readonly #out: string;
  readonly #folder: TableFolder;
  readonly #records: Map<string, TableRecord>;
  #report: TableReport;
  /** Runs end at any time; files are written one after the other. */
  #writing: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** `records` by PlannedRun.name: those that are there already. */
  constructor(plan: TablePlan, out: string, folder: TableFolder, records: ReadonlyMap<string, TableRecord>) {
    this.#plan = plan;
    this.#out = out;
    this.#folder = folder;
    this.#records = new Map(records);
    this.#report = reportTable(plan, this.#records);
  }

  get report(): TableReport {
    return this.#report;
  }

  /** By PlannedRun.name. */
  get records(): ReadonlyMap<string, TableRecord> {
    return this.#records;
  }

  /** Of the planned runs, those without a record. */
  get missing(): PlannedRun[] {
    return this.#plan.runs.filter(({ name }) => !this.#records.has(name));
  }

  /** Writes a record and, unless another one follows at once, the reports. `kept`: called when the record is on the disk. Throws ERR_BYOL_IO. */
  add(run: PlannedRun, record: TableRecord, kept: () => Promise<void>): Promise<void> {
    this.#waiting += 1;
    const written = this.#writing.then(async () => {
      this.#waiting -= 1;
      await writeRecord(this.#folder, run, record);
      this.#records.set(run.name, record);
      this.#report = reportTable(this.#plan, this.#records);
      await kept();
      if (this.#waiting === 0) await this.writeReports();
    });
    this.#writing = written.catch(() => {});
    return written;
  }

  /** table.json, table.md, table.html, chart.svg and figure.svg, and the overview of all tables. Throws ERR_BYOL_IO. */
  async writeReports(): Promise<void> {
    const { path } = this.#folder;
    // table.json first: by it the others are known to be ours.
    await writeJson(join(path, 'table.json'), this.#report);
    await writeAtomically(join(path, 'table.md'), renderMarkdown(this.#report));
    await writeAtomically(join(path, 'table.html'), renderTablePage(this.#report));
    await writeAtomically(join(path, 'chart.svg'), renderChart(this.#report));
    const figure = renderFigure(this.#report);
    if (figure !== null) await writeAtomically(join(path, FIGURE_FILE), figure);
    await writeOverview(this.#out);
  }
}
