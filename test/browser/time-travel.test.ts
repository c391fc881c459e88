/** Time travel over the kept items in a real browser, at a scripted server. */
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { comesTo, rowOf, scenes, shows, words } from './support/fixture.ts';
import { domain, item, outcomeItem, paused, stateItem, timeOf } from './support/samples.ts';

const running = domain('web1', { since: timeOf(4) });
const stopped = domain('web1', { state: 'shutoff', reason: 'destroyed', since: timeOf(6) });

/** web1: attached at 1, paused at 2, runs at 4, off at 6; web2 never changes. */
const items = [
  stateItem(1, domain('web1')),
  stateItem(2, paused('web1', { since: timeOf(2) })),
  outcomeItem(3, 'web1', 'done'),
  stateItem(4, running),
  item(5, 'web2'),
  stateItem(6, stopped),
];

const base = { seq: 6, domains: [stopped, domain('web2')], items };

describeWith(['browser'], 'time travel', () => {
  const { begin } = scenes();

  test('shows list, chart, outcomes and stream as they were after an item', async () => {
    const { page } = await begin(base);
    await rowOf(page, 'web1').click();
    await shows(page.locator('.now'), /^shutoff destroyed/);
    await page.getByRole('slider').fill('1');
    await shows(rowOf(page, 'web1'), 'web1 paused user 0 s');
    await shows(page.locator('.now'), 'paused user for 0 s');
    await comesTo(
      () => page.locator('.domain > .chart .lit:not(.outer)').getAttribute('data-state'),
      'active.paused',
    );
    await shows(page.locator('.entry[aria-current] .words'), 'paused (user)');
    expect(await page.locator('.entry[data-future=true]').count()).toBe(4);
    await shows(page.locator('.reports .empty').first(), 'None yet.');
    await shows(page.locator('.place'), '2 of 6 · 09:00:02.000 · web1 · paused (user)');
    expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toMatch(/^2 of 6/);
  });

  test('goes item by item, by buttons and by keys, and back to now', async () => {
    const { page } = await begin(base);
    await page.getByRole('button', { name: 'Previous item' }).click();
    await shows(page.locator('.place'), /^5 of 6/);
    await page.getByRole('slider').focus();
    await page.keyboard.press('ArrowLeft');
    await shows(page.locator('.place'), /^4 of 6/);
    await page.keyboard.press('Home');
    await shows(page.locator('.place'), /^1 of 6/);
    expect(await page.getByRole('button', { name: 'Previous item' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Next item' }).click();
    await shows(page.locator('.place'), /^2 of 6/);
    await page.getByRole('button', { name: 'Live' }).click();
    await shows(page.locator('.place'), 'now, 6 items kept');
    expect(await page.getByRole('button', { name: 'Live' }).getAttribute('aria-pressed')).toBe('true');
  });

  test('goes to a line of the stream by Enter, and by its button', async () => {
    const { page } = await begin(base);
    await page.locator('.entry').nth(3).click();
    await page.keyboard.press('Tab');
    await page.locator('.lines').focus();
    await page.keyboard.press('Enter');
    await shows(page.locator('.place'), /^4 of 6/);
    await page.locator('.entry').nth(1).click();
    await page.getByRole('button', { name: 'Show the state after it' }).click();
    await shows(rowOf(page, 'web1'), 'web1 paused user 0 s');
  });

  test('stays where it is while live goes on being collected', async () => {
    const { server, page } = await begin(base);
    await page.getByRole('slider').fill('1');
    await shows(rowOf(page, 'web1'), 'web1 paused user 0 s');
    const again = domain('web1', { reason: 'unpaused', since: timeOf(7) });
    server.send({ items: [stateItem(7, again), item(8, 'web3')], domains: [again, domain('web3')] });
    await shows(page.locator('.place'), '2 of 8 · 09:00:02.000 · web1 · paused (user)');
    await shows(words(page).last(), 'EVENT_8');
    await shows(rowOf(page, 'web1'), 'web1 paused user 0 s');
    await page.getByRole('button', { name: 'Live' }).click();
    await shows(rowOf(page, 'web1'), /^web1 running unpaused/);
  });

  test('says so where it is not known how a domain was, since what came before is not kept', async () => {
    const { page } = await begin({ seq: 6, domains: [stopped, domain('web2')], items: items.slice(4) });
    await rowOf(page, 'web1').click();
    await page.getByRole('slider').fill('0');
    await shows(rowOf(page, 'web1'), 'web1 not known');
    await shows(page.locator('.domain'), /^How this domain was then is not known/);
    await shows(rowOf(page, 'web2'), /^web2 running booted/);
  });

  test('goes no further back than what is kept, however long it stays', async () => {
    const { server, page } = await begin(base);
    await page.getByRole('slider').fill('1');
    await shows(page.locator('.place'), /^2 of 6/);
    server.send({ items: Array.from({ length: 10_000 }, (_, n) => item(7 + n, 'web2')) });
    await shows(page.locator('.place'), /^1 of 10000 · .* · EVENT_7$/);
    await shows(rowOf(page, 'web1'), /^web1 shutoff destroyed/);
  });

  test('in a replay begins at the end, and counts the time from the start', async () => {
    const { page } = await begin({
      ...base,
      replay: 'boot.qmp',
      domains: [domain('web1', { state: 'shutoff', since: 61_500 })],
      items: [
        { ...stateItem(1, domain('web1', { since: 0 })), at: 0 },
        { ...stateItem(2, domain('web1', { state: 'shutoff', since: 61_500 })), at: 61_500 },
        { ...item(3, 'web1'), at: 71_500 },
      ],
    });
    await shows(page.locator('.place'), 'the end, after 3 items');
    await shows(page.locator('header .note'), 'Replay of boot.qmp');
    await shows(rowOf(page, 'web1'), 'web1 shutoff booted 10 s');
    expect(await rowOf(page, 'web1').locator('.since').getAttribute('title')).toBe(
      '01:01.500 after the start',
    );
    await page.getByRole('slider').fill('1');
    await shows(page.locator('.place'), '2 of 3 · 01:01.500 · web1 · shutoff (booted)');
    await rowOf(page, 'web1').click();
    await shows(page.locator('.now'), /^shutoff booted/);
    expect(await page.getByRole('link', { name: 'Recording' }).count()).toBe(0);
    await page.getByRole('button', { name: 'End' }).click();
    await shows(page.locator('.place'), 'the end, after 3 items');
  });

  test('plays what is kept as fast as asked for, and stands still when told', async () => {
    const { page } = await begin(base, { time: timeOf(0) });
    await page.getByRole('slider').waitFor();
    await page.clock.pauseAt(timeOf(3600));
    const placeAfter = async (ms: number, place: RegExp): Promise<void> => {
      await page.clock.runFor(ms);
      await shows(page.locator('.place'), place);
    };
    await page.getByRole('button', { name: 'Play at 10×' }).click();
    await placeAfter(50, /^1 of 6/);
    await placeAfter(100, /^2 of 6/);
    await page.getByRole('button', { name: 'Play at 10×' }).click();
    await placeAfter(1000, /^2 of 6/);
    await page.getByRole('button', { name: 'Play at 1×', exact: true }).click();
    await placeAfter(500, /^2 of 6/);
    await placeAfter(1000, /^3 of 6/);
    await placeAfter(10_000, /^now, 6 items kept/);
  });
});
