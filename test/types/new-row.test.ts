/** A row in Table 3 is all that a new domain event needs: each door takes it, and knows its type. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from '@typescript/typescript6';
import { expect, test, vi } from 'vitest';
import type { DomainEvent } from '../../src/domain.ts';
import { Registrations } from '../../src/doors/registrations.ts';
import { streamEvents, waitFor } from '../../src/doors/streams.ts';
import { subscribe } from '../../src/doors/subscribe.ts';
import { newDoors } from '../unit/doors/doors.ts';

vi.mock('../../src/events/domain-events.ts', async (original) => {
  const tables = await original<typeof import('../../src/events/domain-events.ts')>();
  const row = { summary: 'a fan changed its speed', source: 'nobody’s', subject: 'alias' };
  return { ...tables, domainEvents: { ...tables.domainEvents, 'fan-change': row } };
});

test('with the row each door delivers it, and a stream coalesces it by its subject', async () => {
  const { loop, events, vm } = newDoors();
  // The type is not in the table that this test is compiled with.
  const type = 'fan-change' as 'reboot';
  const queue = (alias: string, rpm: number): void =>
    events.queue({ type, args: { alias, rpm }, domain: vm, name: 'web1', uuid: null } as never);
  const heard: unknown[] = [];
  subscribe(events, type, ({ args }) => heard.push(args), { once: true });
  new Registrations(events, () => {}).registerAny(vm, type, ({ args }) => heard.push(args), {});
  const waited = waitFor(events, loop, vm, type, () => true, {});
  const stream = streamEvents(events, vm, [type], { limit: 1, overflow: 'coalesce' });
  queue('fan0', 1000);
  queue('fan0', 2000);
  loop.turn();
  const first = { alias: 'fan0', rpm: 1000 };
  const second = { alias: 'fan0', rpm: 2000 };
  expect(heard).toEqual([first, first, second]);
  expect((await waited).args).toEqual(first);
  expect(((await stream.next()).value as DomainEvent).args).toEqual(second);
});

const root = fileURLToPath(new URL('../../', import.meta.url));
const table = `${root}src/events/domain-events.ts`;

/** The type errors of a file that uses the library, and of Table 3 as it is given. */
function typeErrors(tableText: string, code: string): string[] {
  const user = `${root}src/user.ts`;
  const virtual = new Map([
    [table, tableText],
    [user, code],
  ]);
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (file, version) => {
    const text = virtual.get(file);
    return text === undefined ? getSourceFile(file, version) : ts.createSourceFile(file, text, version);
  };
  const program = ts.createProgram([user], options, host);
  return [user, table].flatMap((file) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
  );
}

test('with the row its arguments are known by the id at each door; what has no row is refused', () => {
  const present = readFileSync(table, 'utf8');
  const withRow = present
    .replace(
      'export interface DomainEventArgs {',
      "export interface DomainEventArgs {\n  'fan-change': { readonly alias: string; readonly rpm: number };",
    )
    .replace(
      'DomainEventRow<I> } = {',
      "DomainEventRow<I> } = {\n  'fan-change': row('a fan', 'nobody’s', 'alias'),",
    );
  const code = `
    import type { Domain, Driver } from './index.ts';
    export async function use(driver: Driver, vm: Domain): Promise<number> {
      let rpm = 0;
      driver.on('fan-change', ({ args }) => (rpm = args.rpm));
      driver.on('no-row', () => {});
      driver.domainEventRegisterAny(null, 'fan-change', ({ args }) => (rpm = args.rpm));
      for await (const each of vm.events(['fan-change'])) if (each.type !== 'lost') rpm = each.args.rpm;
      return rpm + (await vm.waitFor('fan-change', ({ args }) => args.rpm > 5)).args.rpm;
    }`;
  expect(typeErrors(withRow, code)).toEqual([expect.stringContaining('no-row')]);
});
