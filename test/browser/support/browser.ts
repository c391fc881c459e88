/** The distribution's Chromium, and the dashboard's page in it. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from '../../support/chromium.ts';

/** Headless. Ends with `close()`. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

export interface Opened {
  readonly page: Page;
  /** What went wrong in the page: exceptions, and what its policy refused. */
  readonly faults: readonly string[];
}

export type OpenOptions = NonNullable<Parameters<Browser['newPage']>[0]> & {
  /** What the page's clock says at the beginning; it goes on as usual, and can be moved by `page.clock`. */
  readonly time?: number;
};

/** A page of its own, in a context of its own, at the dashboard that listens on `url`. */
export async function open(browser: Browser, url: string, options: OpenOptions = {}): Promise<Opened> {
  const { time, ...rest } = options;
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 }, timezoneId: 'UTC', ...rest });
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    // That the server cannot be reached is said by the page itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  if (time !== undefined) await page.clock.install({ time });
  await page.goto(url);
  return { page, faults };
}
