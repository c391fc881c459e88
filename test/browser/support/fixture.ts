/** One browser for a file of tests; a scripted server and a page of its own for each test. */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Base } from '../../../src/dashboard/protocol.ts';
import { launchBrowser, type Opened, type OpenOptions, open } from './browser.ts';
import { ScriptedServer } from './scripted-server.ts';

export interface Scene {
  readonly server: ScriptedServer;
  readonly page: Page;
}

interface Scenes {
  /** @param expected - faults of the page that the test provokes */
  begin(base?: Partial<Base>, options?: OpenOptions, expected?: readonly RegExp[]): Promise<Scene>;
}

/** Call it in a `describe`. After each test, pages in which something went wrong fail it. */
export function scenes(): Scenes {
  let browser: Browser;
  let provoked: readonly RegExp[] = [];
  const servers: ScriptedServer[] = [];
  const opened: Opened[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    const faults = opened.flatMap((one) => one.faults);
    for (const { page } of opened.splice(0)) await page.context().close();
    for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
    expect(faults.filter((fault) => !provoked.some((one) => one.test(fault)))).toEqual([]);
  });

  return {
    async begin(base = {}, options = {}, expected = []) {
      provoked = expected;
      const server = await ScriptedServer.start(base);
      servers.push(server);
      const one = await open(browser, server.url, options);
      opened.push(one);
      await shows(one.page.locator('.link'), 'connected');
      return { server, page: one.page };
    },
  };
}

/** Waits until the words in it are these, all white space being one space; of several, ` | ` between them. */
export const shows = (locator: Locator, words: string | RegExp): Promise<void> => {
  const seen = expect.poll(async () => plain((await locator.allInnerTexts()).join(' | ')), {
    timeout: 20_000,
  });
  return typeof words === 'string' ? seen.toBe(words) : seen.toMatch(words);
};

/** Waits until the words in each are these. */
export const showsAll = (locator: Locator, words: readonly string[]): Promise<void> =>
  expect.poll(async () => (await locator.allInnerTexts()).map(plain), { timeout: 20_000 }).toEqual(words);

const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Waits until what was asked for comes out. */
export const comesTo = <T>(ask: () => Promise<T> | T, wanted: T): Promise<void> =>
  expect.poll(ask, { timeout: 20_000 }).toEqual(wanted);

/** The row of a domain. */
export const rowOf = (page: Page, name: string): Locator =>
  page
    .locator('.domains tbody tr')
    .filter({ has: page.locator('th', { hasText: new RegExp(`^\\s*${name}\\b`) }) });

/** The words of the lines of the stream that are in the document. */
export const words = (page: Page): Locator => page.locator('.entry .words');
