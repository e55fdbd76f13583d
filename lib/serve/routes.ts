import { ByolError } from '../errors.js';
import { type Answer, page, sentence } from './answer.js';
import { indexPage } from './index-page.js';
import type { RunIndex } from './run-index.js';
import { RunPages } from './run-pages.js';

/**
 * What is answered to a path behind the token. Paths are compared, never taken apart into names of files: a run is known by its id,
 * and what there is of it by names that stand here.
 */
export class Routes {
  readonly #index: RunIndex;
  readonly #pages: RunPages;

  constructor(index: RunIndex) {
    this.#index = index;
    this.#pages = new RunPages(index);
  }

  async answer(path: string, query: URLSearchParams): Promise<Answer> {
    try {
      return (await this.#answer(path, query)) ?? sentence(404, 'There is no such page.');
    } catch (error) {
      if (!(error instanceof ByolError)) throw error;
      return sentence(503, error.message);
    }
  }

  async #answer(path: string, query: URLSearchParams): Promise<Answer | null> {
    const compared = query.getAll('run');
    switch (path) {
      case '/':
        return page(indexPage(this.#index.root));
      case '/runs.json':
        return this.#runs(Number(query.get('after') ?? 0));
      case '/compare':
        return this.#pages.compare(compared);
      case '/compare.json':
        return this.#pages.update(compared);
    }
    const [, id, file] = /^\/run\/([0-9a-f]{16})\/([a-z.]*)$/.exec(path) ?? [];
    if (id === undefined) return null;
    switch (file) {
      case '':
        return this.#pages.run(id);
      case 'data.json':
        return this.#pages.update([id]);
      case 'neighbours.html':
        return this.#pages.neighbours(id);
      default:
        return null;
    }
  }

  async #runs(after: number): Promise<Answer> {
    await this.#index.refresh();
    const list = this.#index.list(Number.isSafeInteger(after) ? after : 0);
    return { status: 200, type: 'application/json', body: JSON.stringify(list), tag: `${list.version}` };
  }
}
