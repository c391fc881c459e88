/** The list of domains in a real browser, at a scripted server. */
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { comesTo, rowOf, scenes, shows, showsAll } from './support/fixture.ts';
import { domain, paused, stateItem, timeOf } from './support/samples.ts';

const names = '.domains tbody th';

describeWith(['browser'], 'the list of domains', () => {
  const { begin } = scenes();

  test('shows name, state, reason and since when, exact in the title', async () => {
    const { page } = await begin({ domains: [paused('web1')] }, { time: timeOf(65) });
    await shows(rowOf(page, 'web1'), 'web1 paused user 1 min');
    expect(await rowOf(page, 'web1').locator('.since').getAttribute('title')).toBe('2026-11-21 09:00:00.000');
  });

  test('counts the time since then without being told', async () => {
    const { page } = await begin({ domains: [domain('web1')] }, { time: timeOf(5) });
    await shows(rowOf(page, 'web1').locator('.since'), /^\d s$/);
    await page.clock.runFor(60_000);
    await shows(rowOf(page, 'web1').locator('.since'), '1 min');
  });

  test('says in words which monitor does not answer', async () => {
    const { page } = await begin({
      domains: [
        domain('web1', { monitor: 'unresponsive' }),
        domain('web2', { monitor: 'lost' }),
        domain('web3'),
      ],
    });
    await showsAll(page.locator(names), ['web1 unresponsive', 'web2 lost', 'web3']);
    await shows(page.locator('.summary'), '3 domains 3 running 2 without monitor');
    await page.getByLabel('Filter by state').selectOption('without monitor');
    await showsAll(page.locator(names), ['web1 unresponsive', 'web2 lost']);
  });

  test('is filtered by text and by state, and counts all the same', async () => {
    const { page } = await begin({ domains: [domain('web1'), paused('web2'), paused('db1')] });
    await page.getByLabel('Filter by name or uuid').fill('WEB');
    await showsAll(page.locator(names), ['web1', 'web2']);
    await page.getByLabel('Filter by state').selectOption('paused');
    await showsAll(page.locator(names), ['web2']);
    await page.getByLabel('Filter by name or uuid').fill('nothing');
    await shows(page.locator('.domains .empty'), 'No domain matches.');
    await shows(page.locator('.summary'), '3 domains 2 paused 1 running');
  });

  test('stands in the order of names, numbers by value, and by another column if asked', async () => {
    const { page } = await begin({ domains: [domain('web10'), paused('web2'), domain('web1')] });
    await showsAll(page.locator(names), ['web1', 'web2', 'web10']);
    await page.getByRole('button', { name: 'State' }).click();
    await showsAll(page.locator(names), ['web2', 'web1', 'web10']);
    await page.getByRole('button', { name: 'State' }).click();
    await showsAll(page.locator(names), ['web1', 'web10', 'web2']);
    expect(await page.locator('th[data-column=state]').getAttribute('aria-sort')).toBe('descending');
  });

  test('a domain is chosen by a click, and by the arrow keys, which keep the focus on it', async () => {
    const { page } = await begin({ domains: ['web1', 'web2', 'web3'].map((name) => domain(name)) });
    await rowOf(page, 'web1').click();
    await shows(page.locator('.domain h2'), 'web1');
    for (const [key, name] of [
      ['ArrowDown', 'web2'],
      ['End', 'web3'],
      ['ArrowDown', 'web3'],
      ['Home', 'web1'],
      ['PageDown', 'web3'],
      ['ArrowUp', 'web2'],
    ] as const) {
      await page.keyboard.press(key);
      await shows(page.locator('.domain h2'), name);
      await shows(page.locator('tr:focus th'), name);
    }
    expect(await page.locator('tr[aria-selected=true]').count()).toBe(1);
    expect(await page.locator('tbody tr[tabindex="0"] th').allInnerTexts()).toEqual(['web2']);
  });

  test('follows a change, a domain that comes and one that goes, and touches no other row', async () => {
    const { server, page } = await begin(
      { domains: [domain('web1'), domain('web2')] },
      { time: timeOf(3600) },
    );
    await showsAll(page.locator(names), ['web1', 'web2']);
    await page.evaluate(() => {
      const changed: string[] = [];
      Object.assign(window, { changed });
      for (const row of document.querySelectorAll('.domains tbody tr'))
        new MutationObserver(() => changed.push(row.querySelector('bdi')?.textContent ?? '')).observe(row, {
          subtree: true,
          childList: true,
          attributes: true,
          characterData: true,
        });
    });
    const view = paused('web2');
    server.send({ items: [stateItem(1, view)], domains: [view, domain('web3')] });
    await showsAll(page.locator(names), ['web1', 'web2', 'web3']);
    await shows(rowOf(page, 'web2'), 'web2 paused user 1 h 0 min');
    await comesTo(() => page.evaluate('[...new Set(changed)]'), ['web2']);
    server.send({ gone: ['web1'] });
    await showsAll(page.locator(names), ['web2', 'web3']);
  });

  test('a chosen domain that goes is said to be gone', async () => {
    const { server, page } = await begin({ domains: [domain('web1')] });
    await rowOf(page, 'web1').click();
    server.send({ gone: ['web1'] });
    await shows(page.locator('.domain'), 'This domain is not attached any more.');
    await shows(page.locator('.domains .empty'), 'No domain is attached.');
  });
});
