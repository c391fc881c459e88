/** The page in Chromium: what it shows, not what it knows. */
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, open } from '../../browser/support/browser.ts';

export class BrowserReader {
  readonly #browser: Browser;
  readonly #page: Page;

  static async open(url: string): Promise<BrowserReader> {
    const browser = await launchBrowser();
    const { page } = await open(browser, url);
    await page.locator('.domains tbody tr').first().waitFor();
    return new BrowserReader(browser, page);
  }

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  /** Of the list of domains: name and state of each row. */
  states(): Promise<[string, string][]> {
    return this.#page
      .locator('.domains tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => [
          row.querySelector('bdi')?.textContent ?? '',
          row.querySelector('[data-state]')?.getAttribute('data-state') ?? '',
        ]),
      );
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
