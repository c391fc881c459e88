/** The whole way: a real QEMU, `qemu-actors dashboard` from the sources, its page as it was built, a real browser. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { type Qemu, startQemu } from '../support/qemu.ts';
import { launchBrowser, open } from './support/browser.ts';
import { startDashboard } from './support/dashboard.ts';
import { comesTo, rowOf, shows } from './support/fixture.ts';

/** The state that is lit, and around no other. */
const lit = (page: Page): Promise<string | null> =>
  page.locator('.domain > .chart .lit:not(.outer)').getAttribute('data-state');

const lastLines = async (page: Page, count: number): Promise<string[]> =>
  (await page.locator('.entry').allInnerTexts())
    .map((text) => text.split(/\s+/).slice(2).join(' '))
    .filter((text) => /^(event|state)/.test(text))
    .slice(-count);

describeWith(['browser', 'qemu'], 'the dashboard of a QEMU', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  const watch = async (qemu: Qemu) => {
    const { cli, url } = await startDashboard('--qmp', qemu.path);
    const { page, faults } = await open(browser, url);
    await rowOf(page, 'web1').click();
    await comesTo(() => lit(page), 'active.running');
    return { cli, url, page, faults };
  };

  test('follows stop, cont and the end of QEMU: the lit state, the reason, the stream', async () => {
    await using qemu = await startQemu({ name: 'web1' });
    const { cli, page, faults } = await watch(qemu);
    await using _ = cli;
    await qemu.qmp('stop');
    await comesTo(() => lit(page), 'active.paused');
    await shows(page.locator('.now'), /^paused unknown/);
    await shows(rowOf(page, 'web1'), /^web1 paused unknown/);
    await shows(page.locator('.facts .last'), 'Last transition qemu.STOP: active.running → active.paused');
    await comesTo(
      () => lastLines(page, 2),
      ['event lifecycle: suspended (paused)', 'state paused (unknown)'],
    );
    await qemu.qmp('cont');
    await comesTo(() => lit(page), 'active.running');
    await comesTo(() => lastLines(page, 1), ['state running (unpaused)']);
    qemu.kill('SIGKILL');
    await comesTo(() => lit(page), 'shutoff');
    await shows(page.locator('.now'), /^shutoff crashed/);
    await comesTo(() => lastLines(page, 2), ['event lifecycle: stopped (failed)', 'state shutoff (crashed)']);
    expect(await page.locator('.controls').count()).toBe(0);
    await page.locator('.entry[data-kind=state]', { hasText: 'paused (unknown)' }).click();
    await page.getByRole('button', { name: 'Show the state after it' }).click();
    await comesTo(() => lit(page), 'active.paused');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('is met again by its page when it was restarted, and shows what is so then', async () => {
    await using qemu = await startQemu({ name: 'web1' });
    const { cli, url, page } = await watch(qemu);
    await cli[Symbol.asyncDispose]();
    await shows(page.locator('.link'), /^reconnecting since/);
    await qemu.qmp('stop');
    const again = await startDashboard('--qmp', qemu.path, '--listen', new URL(url).host);
    await using _ = again.cli;
    expect(again.url).toBe(url);
    await shows(page.locator('.link'), /^connected · server restarted at/);
    await rowOf(page, 'web1').click();
    await comesTo(() => lit(page), 'active.paused');
    await shows(page.locator('.now'), /^paused unknown/);
    await page.context().close();
  });

  test('suspends and resumes it where that is allowed', async () => {
    await using qemu = await startQemu({ name: 'web1' });
    const { cli, url } = await startDashboard('--qmp', qemu.path, '--allow-control');
    await using _ = cli;
    const { page, faults } = await open(browser, url);
    await rowOf(page, 'web1').click();
    await page.getByRole('button', { name: 'suspend' }).click();
    await shows(page.locator('.controls .message'), 'suspend web1: done');
    await comesTo(() => lit(page), 'active.paused');
    await shows(page.locator('.now'), /^paused user/);
    expect((await qemu.qmp<{ status: string }>('query-status')).status).toBe('paused');
    await page.getByRole('button', { name: 'resume' }).click();
    await comesTo(() => lit(page), 'active.running');
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
