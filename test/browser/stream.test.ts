/** The stream of what happened in a real browser, at a scripted server. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { comesTo, rowOf, scenes, shows, showsAll, words } from './support/fixture.ts';
import {
  domain,
  hostItem,
  item,
  lifecycleItem,
  outcomeItem,
  paused,
  stateItem,
  timeOf,
  transitionItem,
} from './support/samples.ts';

const many = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => item(from + n, 'web1'));

const mixed = [
  lifecycleItem(1, 'web1'),
  stateItem(2, paused('web1')),
  outcomeItem(3, 'web1', 'done'),
  hostItem(4, 'web2', '01:00:5e:00:00:01'),
  transitionItem(5, 'web1'),
  item(6, 'web2', 'BALLOON_CHANGE', { actual: 1024 }),
];

const all = [
  'lifecycle: suspended (paused)',
  'paused (user)',
  'nicRxFilterChanged: done',
  'macvtap0 (net0): add-multicast 01:00:5e:00:00:01, dry run',
  'domain, qemu.STOP: active.running → active.paused',
  'BALLOON_CHANGE, actual 1024',
];

const base = { seq: 6, domains: [domain('web1'), domain('web2')], items: mixed };

/** What was copied last, by whichever way. */
const copied = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

describeWith(['browser'], 'the stream', () => {
  const { begin } = scenes();

  test('has a line for each item, with time, domain, kind and words', async () => {
    const { page } = await begin(base);
    await showsAll(words(page), all);
    await shows(page.locator('.entry').first(), '09:00:01.000 web1 event lifecycle: suspended (paused)');
  });

  test('is filtered by kind', async () => {
    const { page } = await begin(base);
    for (const kind of ['transition', 'monitor-event', 'host'])
      await page.getByLabel(kind, { exact: true }).uncheck();
    await showsAll(words(page), all.slice(0, 3));
    await page.getByLabel('host', { exact: true }).check();
    await showsAll(words(page), all.slice(0, 4));
  });

  test('is filtered by text in words or data, in upper or lower case, also what comes later', async () => {
    const { server, page } = await begin(base);
    await page.getByLabel('Filter the stream by text').fill('balloon');
    await showsAll(words(page), ['BALLOON_CHANGE, actual 1024']);
    server.send({ items: [item(7, 'web1'), item(8, 'web1', 'BALLOON_CHANGE', { actual: 1 })] });
    await showsAll(words(page), ['BALLOON_CHANGE, actual 1024', 'BALLOON_CHANGE, actual 1']);
    await page.getByLabel('Filter the stream by text').fill('"event":"balloon');
    await showsAll(words(page), ['BALLOON_CHANGE, actual 1024', 'BALLOON_CHANGE, actual 1']);
    await page.getByLabel('Filter the stream by text').fill('');
    await showsAll(words(page), [...all, 'EVENT_7', 'BALLOON_CHANGE, actual 1']);
  });

  test('is filtered by the chosen domain, and by the next one that is chosen', async () => {
    const { page } = await begin(base);
    expect(await page.getByLabel('chosen domain only').isDisabled()).toBe(true);
    await rowOf(page, 'web2').click();
    await page.getByLabel('chosen domain only').check();
    await showsAll(page.locator('.entry .name'), ['web2', 'web2']);
    await rowOf(page, 'web1').click();
    await showsAll(page.locator('.entry .name'), ['web1', 'web1', 'web1', 'web1']);
    await page.getByLabel('chosen domain only').uncheck();
    await showsAll(words(page), all);
  });

  test('stands still while it is paused, counts what comes meanwhile, and shows that afterwards', async () => {
    const { server, page } = await begin(base);
    await page.getByRole('button', { name: 'Pause' }).click();
    server.send({ items: many(7, 9) });
    await shows(page.getByRole('button', { name: 'Resume' }), 'Resume (3 new)');
    await showsAll(words(page), all);
    await page.getByRole('button', { name: 'Resume' }).click();
    await showsAll(words(page), [...all, 'EVENT_7', 'EVENT_8', 'EVENT_9']);
  });

  test('says how many items were lost, in their place, whatever is filtered', async () => {
    const { server, page } = await begin(base);
    await page.getByLabel('Filter the stream by text').fill('EVENT_');
    server.send({ items: many(107, 108), lost: 100 });
    await showsAll(words(page), [
      '100 items were lost: this page was too slow for them',
      'EVENT_107',
      'EVENT_108',
    ]);
  });

  test('copies the line that is selected, else all that are shown, as JSON', async () => {
    const { page } = await begin(base, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByLabel('Filter the stream by text').fill('suspended');
    await page.getByRole('button', { name: 'Copy all' }).click();
    await shows(page.locator('.detail [role=status]'), 'Copied: 1 line');
    const { line } = lifecycleItem(1, 'web1');
    expect(JSON.parse(await copied(page))).toEqual({ ...line, seq: 1, at: timeOf(1), key: 'web1' });
    await page.getByLabel('Filter the stream by text').fill('');
    await page.getByRole('button', { name: 'Copy all' }).click();
    await shows(page.locator('.detail [role=status]'), 'Copied: 6 lines');
    expect((await copied(page)).split('\n').map((text) => JSON.parse(text).seq)).toEqual([1, 2, 3, 4, 5, 6]);
    await page.locator('.entry').nth(2).click();
    await page.getByRole('button', { name: 'Copy line' }).click();
    await shows(page.locator('.detail [role=status]'), 'Copied: 1 line');
    expect(JSON.parse(await copied(page))).toMatchObject({ seq: 3, kind: 'outcome', status: 'done' });
  });

  test('copies also where the browser refuses its clipboard', async () => {
    const { page } = await begin(base, { permissions: ['clipboard-read'] });
    await page.evaluate(() => {
      Object.defineProperty(navigator.clipboard, 'writeText', {
        value: () => Promise.reject(new Error('no')),
      });
    });
    await page.locator('.entry').nth(5).click();
    await page.getByRole('button', { name: 'Copy line' }).click();
    await shows(page.locator('.detail [role=status]'), 'Copied: 1 line');
    expect(JSON.parse(await copied(page))).toMatchObject({ seq: 6, event: 'BALLOON_CHANGE' });
  });

  test('links to the recording of the chosen domain', async () => {
    const { page } = await begin({ domains: [domain('a b&c', { key: 'k/1&2' })] });
    await rowOf(page, 'a b').click();
    expect(await page.getByRole('link', { name: 'Recording' }).getAttribute('href')).toBe(
      '/recording?key=k%2F1%262',
    );
  });

  test('keeps the last 10,000 items, and has only lines in sight in the document', async () => {
    const { server, page } = await begin({ seq: 9990, domains: [domain('web1')], items: many(1, 9990) });
    await shows(words(page).last(), 'EVENT_9990');
    server.send({ items: many(9991, 10_020) });
    await shows(words(page).last(), 'EVENT_10020');
    expect(await page.locator('.entry').count()).toBeLessThan(60);
    await shows(page.locator('.place'), 'now, 10000 items kept');
    await page.locator('.lines').focus();
    await page.keyboard.press('Home');
    await shows(words(page).first(), 'EVENT_21');
    await shows(page.locator('.entry[aria-selected=true]'), /EVENT_21$/);
    expect(await page.locator('.entry').first().getAttribute('aria-setsize')).toBe('10000');
    expect(await page.locator('.entry').count()).toBeLessThan(60);
  });

  test('follows the newest line, unless somebody reads further up', async () => {
    const { server, page } = await begin({ seq: 200, domains: [domain('web1')], items: many(1, 200) });
    await shows(words(page).last(), 'EVENT_200');
    const top = (): Promise<string> =>
      page.evaluate(() => {
        const box = document.querySelector('.lines')?.getBoundingClientRect();
        const line = document
          .elementFromPoint((box?.left ?? 0) + 400, (box?.top ?? 0) + 4)
          ?.closest('.entry');
        return line?.querySelector('.words')?.textContent ?? '';
      });
    await page.locator('.lines').evaluate((lines) => {
      lines.scrollTop = 100 * 22;
    });
    await comesTo(top, 'EVENT_101');
    server.send({ items: many(201, 10_050) });
    await shows(page.locator('.place'), 'now, 10000 items kept');
    await comesTo(top, 'EVENT_101');
    await page.locator('.lines').evaluate((lines) => {
      lines.scrollTop = lines.scrollHeight;
    });
    await shows(words(page).last(), 'EVENT_10050');
    server.send({ items: many(10_051, 10_052) });
    await shows(words(page).last(), 'EVENT_10052');
  });

  test('is read by keyboard: arrows select a line, its JSON is shown, Escape lets go of it', async () => {
    const { page } = await begin(base);
    await page.locator('.lines').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await shows(page.locator('.entry[aria-selected=true] .words'), all[4] ?? '');
    expect(await page.locator('.lines').getAttribute('aria-activedescendant')).toBe('entry-5');
    expect(JSON.parse((await page.locator('pre').textContent()) ?? '')).toMatchObject({
      seq: 5,
      kind: 'transition',
    });
    await page.keyboard.press('Escape');
    await comesTo(() => page.locator('.entry[aria-selected=true]').count(), 0);
  });
});

const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';

describeWith(['browser'], 'what comes from guests', () => {
  const { begin } = scenes();

  test('is text, never markup: in names, reasons, events, data and counters', async () => {
    const view = paused(hostile, { reason: hostile, uuid: hostile, job: hostile });
    const { page } = await begin({
      seq: 2,
      domains: [view],
      items: [item(1, hostile, hostile, { [hostile]: hostile }), outcomeItem(2, hostile, 'done')],
      counters: [{ reason: hostile, event: hostile, count: 1 }],
      replay: hostile,
    });
    await page.locator('tbody tr').first().click();
    await shows(page.locator('.domain h2'), hostile);
    await page.locator('.entry').first().click();
    await shows(page.locator('pre'), /onerror/);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('body script').count()).toBe(0);
    expect(await page.title()).toBe('qemu-actors');
  });

  test('does not turn round what stands beside it, and hides nothing', async () => {
    const { page } = await begin({ domains: [domain('web\u202e1\u0000\n2\u200b')] });
    await shows(page.locator('.domains tbody th'), 'web\\u{202e}1\\u{0}\\u{a}2\\u{200b}');
    expect(await page.locator('.domains tbody th bdi').count()).toBe(1);
  });

  test('is cut where it is long, and does not make the page wider', async () => {
    const long = 'x'.repeat(10_000);
    const { page } = await begin({
      seq: 1,
      domains: [domain(long)],
      items: [item(1, long, long, { a: long })],
    });
    await page.locator('tbody tr').first().click();
    await shows(page.locator('.domain h2'), `${'x'.repeat(300)}…`);
    expect((await page.locator('.domain h2').getAttribute('title'))?.length).toBe(1001);
    expect((await page.locator('.entry .words').textContent())?.length).toBe(301);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1600);
    await page.locator('.entry').click();
    expect((await page.locator('pre').textContent())?.length).toBeGreaterThan(20_000);
  });
});
