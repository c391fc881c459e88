/** Looking back at a recording: `qemu-actors dashboard --replay`, its page as it was built, a real browser. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { launchBrowser, open } from './support/browser.ts';
import { startDashboard } from './support/dashboard.ts';
import { comesTo, rowOf, shows } from './support/fixture.ts';

const recording = fileURLToPath(new URL('../data/golden/suspend-resume.qmp.jsonl', import.meta.url));

describeWith(['browser'], 'a recording', () => {
  test('is looked back at in the dashboard, from its end to its beginning', async () => {
    const { cli, url } = await startDashboard('--replay', recording);
    await using _ = cli;
    const browser = await launchBrowser();
    try {
      const { page, faults } = await open(browser, url);
      await rowOf(page, 'gold').click();
      await shows(page.locator('.place'), /^the end, after \d+ items$/);
      await shows(page.locator('.now'), /^shutoff destroyed/);
      const states = [
        ['running (unpaused)', 'active.running', /^running unpaused/],
        ['paused (user)', 'active.paused', /^paused user/],
        ['running (booted)', 'active.running', /^running booted/],
      ] as const;
      for (const [words, state, shown] of states) {
        await page.getByLabel('Filter the stream by text').fill(words.split(' ')[1]?.slice(1, -1) ?? '');
        await page.locator('.entry[data-kind=state]', { hasText: words }).first().click();
        await page.getByRole('button', { name: 'Show the state after it' }).click();
        await shows(page.locator('.now'), shown);
        const lit = page.locator('.domain > .chart .lit:not(.outer)');
        await comesTo(() => lit.getAttribute('data-state'), state);
      }
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
