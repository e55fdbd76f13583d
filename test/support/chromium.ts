import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** A browser for tests of pages. */

/** Of the system's packages, and what Google and others call theirs. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome', 'microsoft-edge'];
const PLACES = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

export interface Chromium {
  readonly command: string;
  /** "Chromium 150.0.1" */
  readonly version: string;
}

/** A Chromium that can be started, or the reason why there is none. BYOL_CHROMIUM names one, else one of the usual commands. */
export function findChromium(): Chromium | string {
  const given = process.env['BYOL_CHROMIUM'];
  for (const name of given === undefined ? [...NAMES, ...PLACES] : [given]) {
    const found = spawnSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' });
    const command = found.stdout?.trim();
    if (!command) continue;
    const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8', timeout: 30_000 });
    if (status === 0) return { command, version: stdout.trim() };
  }
  return given === undefined
    ? 'there is no Chromium (BYOL_CHROMIUM names one that is elsewhere)'
    : `${given}, which BYOL_CHROMIUM names, cannot be started`;
}

/** An open page, and what it complained of. */
export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, requests that failed: a good page has none. */
  readonly complaints: readonly string[];
  /** Addresses of everything that was asked for, but what is part of the page (data:, blob:). */
  readonly requests: readonly string[];
}

/** One browser for a file of tests; a context of its own for each visit. */
export class TestBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start({ command }: Chromium): Promise<TestBrowser> {
    // Tests run as root in containers, where Chromium has no sandbox to offer, and /dev/shm is small.
    const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
    return new TestBrowser(await chromium.launch({ executablePath: command, args }));
  }

  /** `options`: `viewport`, `colorScheme` ... as Playwright has them. The page is closed after `body`. */
  async visit<T>(address: string, body: (visit: Visit) => Promise<T>, options: BrowserContextOptions = {}): Promise<T> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const complaints: string[] = [];
    const requests: string[] = [];
    try {
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
      page.on('request', (request) => {
        if (!/^(data|blob):/.test(request.url())) requests.push(request.url());
      });
      await page.goto(address);
      return await body({ page, complaints, requests });
    } finally {
      await context.close();
    }
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

let shared: Promise<TestBrowser> | undefined;

/** The browser of this file of tests, started at the first call; null, and the test is skipped with a word, where there is none. */
export async function testBrowser(t: TestContext): Promise<TestBrowser | null> {
  if (shared === undefined) {
    const found = findChromium();
    if (typeof found === 'string') {
      t.skip(found);
      return null;
    }
    shared = TestBrowser.start(found);
  }
  return shared;
}

/** After the last test of a file: `after(closeBrowser)`. */
export async function closeBrowser(): Promise<void> {
  const browser = await shared;
  shared = undefined;
  await browser?.close();
}
