/** Who uses the page with a keyboard or a screen reader, judged by axe. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { comesTo, rowOf, scenes, shows } from './support/fixture.ts';
import {
  counter,
  domain,
  hostItem,
  item,
  lifecycleItem,
  outcomeItem,
  paused,
  stateItem,
} from './support/samples.ts';

const base = {
  seq: 5,
  readOnly: false,
  domains: [
    domain('web1', { controlled: true }),
    paused('web2'),
    domain('web3', { state: 'shutoff' }),
    domain('web4', { state: 'crashed' }),
    domain('web5', { monitor: 'lost' }),
  ],
  items: [
    lifecycleItem(1, 'web1'),
    stateItem(2, paused('web2')),
    outcomeItem(3, 'web1', 'failed'),
    hostItem(4, 'web1', '01:00:5e:00:00:01'),
    item(5, 'web2'),
  ],
  counters: [counter('stale', 'STOP', 3)],
};

/** Serious and critical faults: rule and place. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(fileURLToPath(import.meta.resolve('axe-core')), 'utf8'));
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
    );
}

describeWith(['browser'], 'for those who do not see or do not point', () => {
  const { begin } = scenes();

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1600, 420]) {
      test(`there is no serious fault, with a domain chosen or without: ${colorScheme}, ${width} px`, async () => {
        const { page } = await begin(base, { colorScheme, viewport: { width, height: 1000 } });
        await shows(page.locator('.summary'), /^5 domains/);
        expect(await faults(page)).toEqual([]);
        await rowOf(page, 'web1').click();
        await page.locator('.domain > .chart .lit').first().waitFor();
        await page.locator('.nested summary').first().click();
        await page.locator('[data-machine=monitor] svg').waitFor();
        await page.locator('.entry').first().click();
        expect(await faults(page)).toEqual([]);
        await page.getByRole('slider').fill('2');
        await shows(page.locator('.place'), /^3 of 5/);
        expect(await faults(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      });
    }
  }

  test('everything is reached by the tabulator, in the order in which it stands', async () => {
    const { page } = await begin(base);
    await rowOf(page, 'web1').click();
    await page.locator('.domain > .chart .lit').first().waitFor();
    await page.locator('.entry').first().click();
    await page.getByRole('slider').fill('2');
    // Whatever can be worked, as the browser has it: not what is disabled, not rows but the chosen one.
    const workable = await page
      .locator('a[href], button, input, select, summary, [tabindex="0"]')
      .evaluateAll(
        (elements) => elements.filter((one) => one.checkVisibility() && !one.matches(':disabled')).length,
      );
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.locator('h1').click();
    const seen: string[] = [];
    for (let n = 0; n < workable; n += 1) {
      await page.keyboard.press('Tab');
      seen.push(
        await page.evaluate(() => {
          const { activeElement } = document;
          const box = activeElement?.closest('section, header')?.getAttribute('aria-label');
          const name = activeElement?.getAttribute('aria-label') ?? activeElement?.textContent ?? '';
          return `${box}: ${name.trim().split(/\s+/)[0]}`;
        }),
      );
    }
    expect(new Set(seen.map((one) => one.split(':')[0]))).toEqual(
      new Set(['Time', 'Domains', 'Chosen domain', 'Stream', 'Reports']),
    );
    expect(seen).toContain('Domains: web1');
    expect(seen.some((one) => one.startsWith('null'))).toBe(false);
    // All of them, and then it is over.
    await page.keyboard.press('Tab');
    await comesTo(() => page.evaluate(() => document.activeElement === document.body), true);
  });

  test('a domain is found, chosen and destroyed, and an item read, with the keyboard alone', async () => {
    const { server, page } = await begin(base);
    await page.getByLabel('Filter by name or uuid').focus();
    await page.keyboard.type('web1');
    await comesTo(() => page.locator('.domains tbody tr').count(), 1);
    while ((await page.locator('tr:focus').count()) === 0) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await shows(page.locator('.domain h2'), 'web1');
    while ((await page.locator('.controls button:focus').count()) === 0) await page.keyboard.press('Tab');
    for (let n = 0; n < 5; n += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('dialog').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await shows(page.locator('.controls .message'), 'destroy web1: done');
    expect(server.asked.at(-1)?.body).toBe('{"key":"web1","operation":"destroy"}');
    while ((await page.locator('.lines:focus').count()) === 0) await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await shows(page.locator('.place'), /^5 of 5/);
  });
});
