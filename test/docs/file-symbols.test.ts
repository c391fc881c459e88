/** What the pages name of the source is there: each `file.ts:symbol`, and each path. */
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pages, proseOf, root } from './pages.ts';
import { declares } from './symbols.ts';

const files = ['src', 'test', 'scripts', 'examples'].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
);

/** A path from the top, or the one file that ends so. */
function fileOf(name: string): string | undefined {
  if (files.includes(name)) return name;
  const found = files.filter((file) => file.endsWith(`/${name}`) && basename(file) === basename(name));
  return found.length === 1 ? found[0] : undefined;
}

function wrongSymbol(named: string): string | null {
  const [, name = '', symbol = ''] = /^([^:]+):(.+)$/.exec(named) ?? [];
  const file = fileOf(name);
  if (file === undefined) return `${named}: no file ${name}, or several`;
  return declares(`${root}${file}`, symbol) ? null : `${named}: not in ${file}`;
}

describe('the pages', () => {
  test('name only symbols that are in the source', () => {
    const named = pages.flatMap((page) =>
      [...proseOf(page).matchAll(/`([\w./-]+\.m?ts:[A-Za-z_#][^`\s]*)`/g)].map((match) => ({
        page: page.path,
        wrong: wrongSymbol(match[1] ?? ''),
      })),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ wrong }) => wrong !== null)).toEqual([]);
  });

  test('name only files that are there', () => {
    const missing = pages.flatMap((page) =>
      [...proseOf(page).matchAll(/`((?:src|test|scripts|examples|docs)\/[\w./-]+)`/g)]
        .map((match) => match[1] ?? '')
        .filter((path) => !existsSync(`${root}${path}`))
        .map((path) => `${page.path}: ${path}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('a symbol is found', () => {
  test.each([
    'src/actors/route-event.ts:routeEvent',
    'route-event.ts:routeEvent',
    'src/actors/monitor.ts:Link.#receive',
    'src/actors/lease.ts:Lease.execute',
    'src/events/qemu/devices.ts:deviceEvents.NIC_RX_FILTER_CHANGED',
    'src/machines/domain-machine.ts:running.on.qemu.STOP',
    'src/machines/domain-work.ts:domainSetup.actions.submitProcessEvent',
  ])('%s', (named) => {
    expect(wrongSymbol(named)).toBeNull();
  });

  test.each([
    'src/actors/route-event.ts:routeEvents',
    'src/actors/monitor.ts:Link.receive',
    'src/events/qemu/devices.ts:deviceEvents.NOT_THERE',
    'src/machines/domain-machine.ts:running.on.qemu.NIC_RX_FILTER_CHANGED',
    'src/actors/not-there.ts:routeEvent',
    'index.ts:openDriver',
  ])('but not %s', (named) => {
    expect(wrongSymbol(named)).not.toBeNull();
  });
});
