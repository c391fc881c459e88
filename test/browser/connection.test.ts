/** The connection to the server, in a real browser. */
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { comesTo, rowOf, scenes, shows, showsAll, words } from './support/fixture.ts';
import { domain, item, paused, stateItem } from './support/samples.ts';

describeWith(['browser'], 'the connection', () => {
  const { begin } = scenes();
  const base = { seq: 1, domains: [domain('web1')], items: [item(1, 'web1')] };
  const streams = (server: { asked: readonly { path: string; lastEventId: string | undefined }[] }) =>
    server.asked.filter(({ path }) => path === '/stream').map(({ lastEventId }) => lastEventId);

  test('is made again after a drop, and goes on where it ended', async () => {
    const { server, page } = await begin(base);
    await rowOf(page, 'web1').click();
    server.drop();
    const view = paused('web1');
    server.send({ items: [stateItem(2, view)], domains: [view] });
    await showsAll(words(page), ['EVENT_1', 'paused (user)']);
    await shows(page.locator('.now'), /^paused user/);
    await shows(page.locator('.link'), 'connected');
    expect(streams(server)).toEqual([undefined, 'first-1']);
  });

  test('is said to be lost since when, while the server is gone, and what was known stays', async () => {
    const { server, page } = await begin(base);
    await server.stop();
    await shows(page.locator('.link'), /^reconnecting since \d\d:\d\d:\d\d \(\d+ s\)$/);
    await shows(rowOf(page, 'web1'), /^web1 running/);
    await server.listen();
    await shows(page.locator('.link'), 'connected');
    await showsAll(words(page), ['EVENT_1']);
  });

  test('to a server that was restarted begins anew, keeping what was chosen', async () => {
    const { server, page } = await begin({ ...base, domains: [domain('web1'), domain('web2')] });
    await rowOf(page, 'web2').click();
    await page.getByRole('slider').fill('0');
    await server.restart({ seq: 1, domains: [paused('web2')], items: [item(1, 'web2', 'ANEW')] });
    await shows(page.locator('.link'), /^connected · server restarted at \d\d:\d\d:\d\d$/);
    await showsAll(page.locator('.domains tbody th'), ['web2']);
    await showsAll(words(page), ['ANEW']);
    await shows(page.locator('.now'), /^paused user/);
    await shows(page.locator('.place'), 'now, 1 items kept');
  });

  test('to a server that was restarted does not take away what is paused', async () => {
    const { server, page } = await begin(base);
    await page.getByRole('button', { name: 'Pause' }).click();
    await server.restart({ seq: 1, domains: [domain('web1')], items: [item(1, 'web1', 'ANEW')] });
    await shows(page.getByRole('button', { name: 'Resume' }), 'Resume (1 new)');
    await showsAll(words(page), ['EVENT_1']);
    await page.getByRole('button', { name: 'Resume' }).click();
    await showsAll(words(page), ['ANEW']);
  });

  test('whose end is refused for good is tried again all the same', async () => {
    const { server, page } = await begin(base);
    server.refuse = true;
    server.drop();
    await shows(page.locator('.link'), /^reconnecting since/);
    server.refuse = false;
    await shows(page.locator('.link'), 'connected');
    await showsAll(words(page), ['EVENT_1']);
  });

  test('counts a message that cannot be read, and goes on with the next', async () => {
    const { server, page } = await begin(base, {}, [/^SyntaxError/]);
    server.sendRaw('update', '{"seq":');
    server.send({ items: [item(2, 'web1')] });
    await shows(page.locator('.link'), 'connected · messages not understood: 1');
    await showsAll(words(page), ['EVENT_1', 'EVENT_2']);
  });

  test('goes to no other server', async () => {
    const { server, page } = await begin(base);
    const urls: string[] = [];
    page.on('request', (request) => urls.push(request.url()));
    await page.reload();
    await rowOf(page, 'web1').click();
    await page.locator('.domain > .chart svg').waitFor();
    await comesTo(() => urls.length > 10, true);
    expect(urls.filter((url) => !url.startsWith(server.url) && !url.startsWith('data:'))).toEqual([]);
  });
});
