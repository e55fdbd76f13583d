import { readFile } from 'node:fs/promises';
import { ByolError } from '../errors.js';
import { ioError } from '../files/atomic-file.js';
import type { RunData, RunState } from '../report/run-data.js';
import { renderRunsPage, runsUpdate } from '../report/runs-page.js';
import { RunReader } from '../run/read-run-data.js';
import { neighboursLink, pointsBeside } from '../run/report-files.js';
import { count, duration } from '../text/format.js';
import { quoteArgument } from '../text/shell.js';
import { type Answer, page, sentence } from './answer.js';
import { stampFile } from './plain-file.js';
import type { RunIndex } from './run-index.js';
import type { RunOverview, WatchedRun } from './watched-run.js';

/** Runs on one page. */
const MOST_COMPARED = 24;
/** Readers that are kept for pages that may be open; one that is made anew reads its run from the start. */
const MOST_READERS = 64;
const EVERY_SECONDS = 2;

/** The readers of runs that are shown, and how each is to be called. */
interface Reader {
  readonly reader: RunReader;
  /** The configuration that it began with: a run that was resumed or replaced has another file. */
  readonly config: number | undefined;
  /** Reads of one run come one after the other. */
  last: Promise<unknown>;
}

/** Pages of one run and of several, and what open ones ask for. */
export class RunPages {
  readonly #index: RunIndex;
  /** By the id of the run and the points of its lines; the one that was used last comes last. */
  readonly #readers = new Map<string, Reader>();

  constructor(index: RunIndex) {
    this.#index = index;
  }

  /** The page of a run. Throws ByolError if it cannot be read. */
  async run(id: string): Promise<Answer> {
    const runs = await this.#read([id]);
    const [run] = runs ?? [];
    if (run === undefined) return NOT_THERE;
    const live = { address: 'data.json', everySeconds: EVERY_SECONDS, home: '../../' };
    return page(renderRunsPage([run], { title: `${run.name} (${run.title})`, live }));
  }

  async compare(ids: readonly string[]): Promise<Answer> {
    const runs = await this.#read(ids);
    if (runs === null) return NOT_THERE;
    const address = `compare.json?${ids.map((id) => `run=${id}`).join('&')}`;
    return page(renderRunsPage(runs, { live: { address, everySeconds: EVERY_SECONDS, home: './' } }));
  }

  async update(ids: readonly string[]): Promise<Answer> {
    const runs = await this.#read(ids);
    if (runs === null) return NOT_THERE;
    return { status: 200, type: 'application/json', body: JSON.stringify(runsUpdate(runs)) };
  }

  /** The page about what its encoder takes for similar, as the run wrote it. */
  async neighbours(id: string): Promise<Answer> {
    const run = await this.#index.get(id);
    const path = run?.folder.neighbours;
    if (path === undefined || (await stampFile(path)) === null) return NOT_THERE;
    const body = await readFile(path).catch((error: unknown) => {
      throw ioError(path, 'read', error);
    });
    // Whatever is in it, it reads nothing of the other pages and asks nobody.
    const policy =
      "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";
    return { status: 200, type: 'text/html', body, policy };
  }

  /** null: one of them is not there. */
  async #read(ids: readonly string[]): Promise<RunData[] | null> {
    if (ids.length > MOST_COMPARED) {
      throw new ByolError(
        'ERR_BYOL_USAGE',
        `No more than ${MOST_COMPARED} runs fit on one page, and these are ${ids.length}.`,
      );
    }
    const points = pointsBeside(ids.length);
    const all: RunData[] = [];
    for (const id of new Set(ids)) {
      const run = await this.#index.get(id);
      if (run === undefined) return null;
      all.push(await this.#readOne(run, points));
    }
    return all.length === 0 ? null : all;
  }

  async #readOne(run: WatchedRun, points: number): Promise<RunData> {
    const { overview, folder } = run;
    if (overview === null || overview.state === 'broken') {
      throw new ByolError('ERR_BYOL_RUN', `${overview?.name ?? folder.path} cannot be shown: ${overview?.text}`);
    }
    // Those that are read besides; the run's other files have been looked at.
    await stampFile(folder.views);
    const neighbours = await stampFile(folder.neighbours);
    const entry = await this.#readerOf(run, overview.name, points);
    const now = { state: stateOf(overview), status: statusOf(overview, folder.path) };
    const reading = entry.last.catch(() => {}).then(() => entry.reader.read(now));
    entry.last = reading;
    const data = await reading;
    if (neighbours === null) return data;
    return {
      ...data,
      links: [neighboursLink('neighbours.html', 'What the encoder takes for similar, beside the untrained one.')],
    };
  }

  async #readerOf(run: WatchedRun, name: string, points: number): Promise<Reader> {
    const key = `${run.id} ${points}`;
    const config = (await stampFile(run.folder.config))?.inode;
    const known = this.#readers.get(key);
    this.#readers.delete(key);
    const fresh = (): Reader => ({
      reader: new RunReader(run.folder.path, { name, pageFolder: null, points }),
      config,
      last: Promise.resolve(),
    });
    const entry = known?.config === config && known !== undefined ? known : fresh();
    this.#readers.set(key, entry);
    for (const oldest of this.#readers.keys()) {
      if (this.#readers.size <= MOST_READERS) break;
      this.#readers.delete(oldest);
    }
    return entry;
  }
}

const NOT_THERE = sentence(404, 'There is no such run, or it is not there any more.');

function stateOf({ state, text }: RunOverview): RunState {
  if (state === 'broken' || state === 'stopped') return text.startsWith('diverged') ? 'failed' : 'stopped';
  return state;
}

/** Of a run that is not finished. */
function statusOf({ state, text, step, steps, epoch, epochs, ends }: RunOverview, path: string): string {
  const at =
    `step ${count(step ?? 0)}${steps === null ? '' : ` of ${count(steps)}`}, ` +
    `epoch ${count(epoch ?? 0)}${epochs === null ? '' : ` of ${count(epochs)}`}`;
  if (state === 'running') {
    const left = ends === null || step === steps ? '' : `, about ${duration((ends - Date.now()) / 1000)} left`;
    return `Running, ${text}: ${at}${left}.`;
  }
  const why = text === 'stopped' ? '' : ` (${text})`;
  return `Stopped at ${at}${why}. byol resume ${quoteArgument(path)} goes on with it.`;
}
