/** The chosen domain and its charts in a real browser, at a scripted server. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { ActorView } from '../../src/dashboard/protocol.ts';
import { describeWith } from '../support/needs.ts';
import { comesTo, rowOf, scenes, shows, showsAll } from './support/fixture.ts';
import {
  counter,
  domain,
  hostItem,
  item,
  outcomeItem,
  paused,
  stateItem,
  timeOf,
} from './support/samples.ts';

const lit = (page: Page): Promise<(string | undefined)[]> =>
  page
    .locator('.domain > .chart .lit')
    .evaluateAll((states) => states.map((one) => (one as SVGElement).dataset.state));

const taken = (page: Page): Promise<string[]> =>
  page
    .locator('.domain > .chart .just-taken')
    .evaluateAll((arrows) =>
      arrows.map((one) => `${(one as SVGElement).dataset.from} → ${(one as SVGElement).dataset.to}`),
    );

const handler: ActorView = {
  id: 'processEvent#3',
  machine: 'process-event',
  about: 'nicRxFilterChanged',
  active: ['running'],
  last: { event: 'domainJob.granted', from: ['waitingForJob'], to: ['running'] },
  children: [],
};

describeWith(['browser'], 'the chosen domain', () => {
  const { begin } = scenes();

  test('has its active states and its last transition lit in the chart', async () => {
    const { server, page } = await begin({ domains: [domain('web1')] });
    await rowOf(page, 'web1').click();
    await comesTo(() => lit(page), ['active', 'active.running']);
    expect(await taken(page)).toEqual([]);
    const view = paused('web1');
    server.send({ items: [stateItem(1, view)], domains: [view] });
    await comesTo(() => lit(page), ['active', 'active.paused']);
    expect(await taken(page)).toEqual(['active.running → active.paused']);
    await shows(page.locator('.facts .last'), 'Last transition qemu.STOP: active.running → active.paused');
    expect(await page.locator('.domain > .chart svg').getAttribute('aria-label')).toBe(
      'Chart of domain; active: active, active.paused',
    );
  });

  test.each([
    [
      'leaves from around the state that was left',
      'qemu.GUEST_PANICKED',
      'crashed',
      'active → active.crashed',
    ],
    ['stands for several, this one among them', 'monitor.ready', 'paused', 'active → active'],
    ['names no event', 'qemu.STOP', 'paused', 'active.running → active.paused'],
  ])('has an arrow lit that %s', async (_, event, state, arrow) => {
    const view = domain('web1', { state });
    const last = { event, from: ['active.running'], to: [`active.${state}`] };
    const { page } = await begin({ domains: [{ ...view, actor: { ...view.actor, last } }] });
    await rowOf(page, 'web1').click();
    await comesTo(() => lit(page), ['active', `active.${state}`]);
    await comesTo(() => taken(page), [arrow]);
  });

  test('tells its transitions to a screen reader, the newest only, and not one upon another', async () => {
    const { server, page } = await begin({ domains: [domain('web1'), paused('web2')] }, { time: timeOf(0) });
    await page.locator('#announcements').evaluate((element) => {
      const said: string[] = [];
      Object.assign(window, { said });
      new MutationObserver(() => said.push(element.textContent ?? '')).observe(element, {
        childList: true,
      });
    });
    const said = (): Promise<string[]> => page.evaluate('said');
    const words = (from: string): string => `web1: qemu.STOP: ${from} → active.paused; paused, user`;
    expect(await page.locator('#announcements').getAttribute('aria-live')).toBe('polite');
    // That another domain is chosen is no transition.
    for (const name of ['web1', 'web2', 'web1']) {
      await rowOf(page, name).click();
      await shows(page.locator('.domain h2'), name);
    }
    await page.clock.pauseAt(timeOf(3600));
    for (const from of ['active.first', 'active.second', 'active.third']) {
      const view = paused('web1');
      const last = { event: 'qemu.STOP', from: [from], to: ['active.paused'] };
      server.send({ domains: [{ ...view, actor: { ...view.actor, last } }] });
      // In steps so small that the pause is not over before it is there.
      await expect
        .poll(
          async () => {
            await page.clock.runFor(5);
            return page.locator('.facts .last').textContent();
          },
          { timeout: 20_000 },
        )
        .toMatch(from);
    }
    expect(await said()).toEqual([words('active.first')]);
    await page.clock.runFor(2000);
    await comesTo(said, ['active.first', 'active.third'].map(words));
  });

  test('shows who holds its job, how many wait, and its id, which may be none', async () => {
    const { server, page } = await begin({
      domains: [domain('web1', { job: 'processEvent#3', waiting: 2 })],
    });
    await rowOf(page, 'web1').click();
    await showsAll(page.locator('.facts > div'), [
      'Id 7',
      'Uuid 11111111-2222-4333-8444-555555555555',
      'Job held by processEvent#3',
      'Waiting 2',
      'Last transition none yet',
    ]);
    server.send({ domains: [domain('web1', { state: 'shutoff', uuid: null })] });
    await shows(page.locator('.facts > div').nth(0), 'Id –');
    await shows(page.locator('.facts > div').nth(2), 'Job held by nobody');
  });

  test('has its monitor, its handlers and its QEMU jobs as charts of their own', async () => {
    const view = domain('web1');
    const actor = { ...view.actor, children: [...view.actor.children, handler] };
    const { server, page } = await begin({ domains: [{ ...view, actor }] });
    await rowOf(page, 'web1').click();
    await showsAll(page.locator('.nested summary'), [
      'Monitor monitor#1: linked.ready',
      'Handlers processEvent#3 nicRxFilterChanged: running',
      'QEMU jobs none',
    ]);
    await page.locator('.nested summary', { hasText: 'Handlers' }).click();
    const chart = page.locator('[data-machine=process-event] svg');
    await chart.waitFor();
    expect(await chart.getAttribute('aria-label')).toBe('Chart of processEvent#3; active: running');
    expect(server.asked.map(({ path }) => path)).toEqual([
      '/stream',
      '/charts/domain.svg',
      '/charts/process-event.svg',
    ]);
    server.send({ domains: [domain('web1')] });
    await shows(page.locator('.nested summary', { hasText: 'Handlers' }), 'Handlers none runs');
    await comesTo(() => chart.count(), 0);
  });

  test('has a chart that fits, and can be made larger and smaller', async () => {
    const { page } = await begin({ domains: [domain('web1')] });
    await rowOf(page, 'web1').click();
    const chart = page.locator('.domain > .chart');
    const width = async (): Promise<number> =>
      Math.round((await chart.locator('svg').boundingBox())?.width ?? 0);
    const room = await chart.evaluate((element) => element.clientWidth);
    await comesTo(width, room);
    const [smaller, larger] = ['Smaller', 'Larger'].map((name) => page.getByRole('button', { name }));
    // However large it was: five times is as large as it gets.
    for (let times = 0; times < 5; times += 1) await larger?.click();
    await comesTo(width, 460 * 2);
    await smaller?.click();
    await comesTo(width, 460 * 1.5);
    await smaller?.click();
    await comesTo(width, 460);
    await page.getByRole('button', { name: 'Fit' }).click();
    await comesTo(width, room);
  });

  test('whose chart cannot be had is shown without, with the reason', async () => {
    const { server, page } = await begin({ domains: [domain('web1'), domain('web2')] });
    server.chart = null;
    await rowOf(page, 'web1').click();
    await shows(page.locator('.domain > .chart'), 'The chart cannot be shown: the server answers 404.');
    await shows(page.locator('.now'), /^running booted/);
  });

  test('shows its host changes, newest first, and the outcomes of handlers by type and status', async () => {
    const items = [
      hostItem(1, 'web1', '01:00:5e:00:00:01'),
      hostItem(2, 'web2', '01:00:5e:00:00:02'),
      hostItem(3, 'web1', '01:00:5e:00:00:03'),
      outcomeItem(4, 'web1', 'done'),
      outcomeItem(5, 'web2', 'done'),
      outcomeItem(6, 'web1', 'failed'),
      item(7, 'web1'),
    ];
    const { server, page } = await begin({
      seq: 7,
      domains: [domain('web1'), domain('web2')],
      items,
      counters: [counter('stale', 'STOP', 3), counter('coalesced', 'nicRxFilterChanged', 5)],
    });
    await rowOf(page, 'web1').click();
    await showsAll(page.locator('.host li'), [
      '09:00:03.000 macvtap0 (net0): add-multicast 01:00:5e:00:00:03 dry run',
      '09:00:01.000 macvtap0 (net0): add-multicast 01:00:5e:00:00:01 dry run',
    ]);
    await showsAll(page.locator('.reports tbody tr'), [
      'nicRxFilterChanged 2 0 1',
      'coalesced nicRxFilterChanged 5',
      'stale STOP 3',
    ]);
    server.send({ counters: [counter('stale', 'STOP', 4), counter('unknown', 'NEW', 1)] });
    await showsAll(page.locator('.reports tbody tr'), [
      'nicRxFilterChanged 2 0 1',
      'coalesced nicRxFilterChanged 5',
      'stale STOP 4',
      'unknown NEW 1',
    ]);
  });
});
