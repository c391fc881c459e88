/** What the page is made of is there, and every chart has every state. */
import { expect, onTestFinished, test } from 'vitest';
import type { AnyStateNode } from 'xstate';
import { pathsOf } from '../../../src/dashboard/state-paths.ts';
import { openDriver } from '../../../src/index.ts';
import {
  domainMachine,
  monitorMachine,
  processEventMachine,
  qemuJobMachine,
} from '../../../src/machines/index.ts';
import { ask } from '../../support/ask.ts';

const statesIn = (node: AnyStateNode): string[] =>
  Object.values(node.states).flatMap((inner) => [inner.path.join('.'), ...statesIn(inner)]);

async function open(): Promise<string> {
  const driver = await openDriver();
  onTestFinished(() => driver.close());
  return (await driver.dashboard()).url;
}

test('the page, and all that it imports, is served', async () => {
  const url = await open();
  const asked = new Set(['/']);
  for (const path of asked) {
    const { status, headers, body } = await ask(url, path);
    expect([path, status]).toEqual([path, 200]);
    const type = path === '/' ? 'text/html' : path.endsWith('.css') ? 'text/css' : 'text/javascript';
    expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
    for (const [, found = ''] of body.matchAll(/(?:from|import|src=|href=)\s*["']([./][^"']*)["']/g))
      asked.add(new URL(found, new URL(path, url)).pathname);
  }
  expect(asked.size).toBeGreaterThan(10);
  expect([...asked]).toContain('/assets/lit-html/lit-html.js');
});

test.each([
  ['domain', domainMachine],
  ['monitor', monitorMachine],
  ['process-event', processEventMachine],
  ['qemu-job', qemuJobMachine],
] as const)('the chart of %s has each of its states, and nothing that runs', async (name, machine) => {
  const { status, headers, body } = await ask(await open(), `/charts/${name}.svg`);
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('image/svg+xml; charset=utf-8');
  const states = statesIn(machine.root);
  expect(states.length).toBeGreaterThan(3);
  for (const path of states) expect(body).toContain(`data-state="${path}"`);
  expect(body).not.toMatch(/<script|\son\w+=|javascript:/i);
});

test('what is active has the names that charts have: outer states first', () => {
  expect(pathsOf('shutoff')).toEqual(['shutoff']);
  expect(pathsOf({ active: 'running' })).toEqual(['active', 'active.running']);
  expect(pathsOf({ a: { b: 'c', d: 'e' } })).toEqual(['a', 'a.b', 'a.b.c', 'a.d', 'a.d.e']);
});
