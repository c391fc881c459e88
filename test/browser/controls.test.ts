/** Operations on a domain from the page in a real browser, at a scripted server. */
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { comesTo, rowOf, scenes, shows, showsAll } from './support/fixture.ts';
import { domain, item } from './support/samples.ts';
import type { ScriptedServer } from './support/scripted-server.ts';

const controlled = domain('web1', { key: 'k1', controlled: true });

const posted = (server: ScriptedServer): unknown[] =>
  server.asked.filter(({ path }) => path === '/control').map(({ body }) => JSON.parse(body));

describeWith(['browser'], 'operations', () => {
  const { begin } = scenes();

  test('are offered only where the server and the domain allow them', async () => {
    const { server, page } = await begin({ readOnly: false, domains: [controlled, domain('web2')] });
    await rowOf(page, 'web1').click();
    await showsAll(page.locator('.controls > button'), [
      'suspend',
      'resume',
      'reset',
      'shutdown',
      'reboot',
      'destroy',
    ]);
    await rowOf(page, 'web2').click();
    await shows(page.locator('.domain h2'), 'web2');
    expect(await page.locator('.controls').count()).toBe(0);
    await server.restart({ readOnly: true, domains: [controlled] });
    await rowOf(page, 'web1').click();
    await shows(page.locator('.domain h2'), 'web1');
    expect(await page.locator('.controls').count()).toBe(0);
  });

  test('are posted with key and operation, and what came of it is said', async () => {
    const { server, page } = await begin({ readOnly: false, domains: [controlled] });
    await rowOf(page, 'web1').click();
    await page.getByRole('button', { name: 'suspend' }).click();
    await shows(page.locator('.controls .message'), 'suspend web1: done');
    server.control = { status: 409, body: { code: 'ERR_STATE', message: '<b>monitor</b> is lost' } };
    await page.getByRole('button', { name: 'resume' }).click();
    await shows(page.locator('.controls .message'), 'resume web1 failed: ERR_STATE: <b>monitor</b> is lost');
    server.control = { status: 500, body: 'no object' };
    await page.getByRole('button', { name: 'reset' }).click();
    await shows(page.locator('.controls .message'), 'reset web1 failed: the server answers 500');
    expect(posted(server)).toEqual(
      ['suspend', 'resume', 'reset'].map((operation) => ({ key: 'k1', operation })),
    );
    await server.stop();
    await page.getByRole('button', { name: 'shutdown' }).click();
    await shows(page.locator('.controls .message'), /^shutdown web1 failed: the server was not reached/);
  });

  test('that destroy ask first, and do nothing without a yes', async () => {
    const { server, page } = await begin({ readOnly: false, domains: [controlled] });
    await rowOf(page, 'web1').click();
    await page.getByRole('button', { name: 'destroy' }).click();
    await shows(page.locator('dialog p'), /^Destroy web1\?/);
    await shows(page.locator(':focus'), 'Leave it running');
    await page.keyboard.press('Escape');
    await comesTo(() => page.locator('dialog').isVisible(), false);
    await page.getByRole('button', { name: 'destroy' }).click();
    await page.getByRole('button', { name: 'Leave it running' }).click();
    await comesTo(() => page.locator('dialog').isVisible(), false);
    expect(posted(server)).toEqual([]);
    await page.getByRole('button', { name: 'destroy' }).click();
    await page.getByRole('button', { name: 'Destroy', exact: true }).click();
    await shows(page.locator('.controls .message'), 'destroy web1: done');
    expect(posted(server)).toEqual([{ key: 'k1', operation: 'destroy' }]);
  });

  test('are not offered in the past, nor on a domain that is off', async () => {
    const { server, page } = await begin({
      seq: 2,
      readOnly: false,
      domains: [controlled],
      items: [item(1, 'k1'), item(2, 'k1')],
    });
    await rowOf(page, 'web1').click();
    const disabled = (): Promise<number> => page.locator('.controls > button:disabled').count();
    await comesTo(disabled, 0);
    await page.getByRole('button', { name: 'Previous item' }).click();
    await comesTo(disabled, 6);
    await shows(page.locator('.controls .message'), 'The past cannot be changed.');
    await page.getByRole('button', { name: 'Live' }).click();
    await comesTo(disabled, 0);
    server.send({ domains: [domain('web1', { key: 'k1', controlled: true, state: 'shutoff' })] });
    await comesTo(disabled, 6);
  });
});
