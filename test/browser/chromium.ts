import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's own, unless another is named: as in test/chromium.js. */
const program = process.env.INNKEEPER_TEST_CHROMIUM ?? '/usr/bin/chromium';

/** Root cannot use Chromium's sandbox, and nothing but the page under test is asked for over the network. */
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A browser with a profile of its own, which goes away when it is closed. Its crash reports and settings of the desktop
 * would stand in the home directory whatever the profile, hence another.
 */
export const openBrowser = (home: string): Promise<Browser> =>
  chromium.launch({ executablePath: program, args, env: { PATH: process.env.PATH, HOME: home } });

export interface OpenPage {
  readonly page: Page;
  /** What the console called an error, and what nobody caught; requests with their status and path. */
  readonly errors: ReadonlySet<string>;
  /** How often a document was loaded. */
  readonly loads: () => number;
}

const waitMs = 15_000;

export const openPage = async (
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> => {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(waitMs);
  const errors = new Set<string>();
  let loads = 0;
  page.on('pageerror', (error) => errors.add(error.message));
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const { url } = message.location();
    const status = /responded with a status of (\d+)/.exec(message.text())?.[1];
    errors.add(status === undefined ? message.text() : `${status} ${new URL(url).pathname}`);
  });
  page.on('load', () => {
    loads += 1;
  });
  await page.goto(address);
  return { page, errors, loads: () => loads };
};
