/**
 * What `execute` takes and gives. `tsc` is the test: nothing here is run, as what is called with wrong arguments is
 * written down to be refused.
 */
import { describe, expectTypeOf, test } from 'vitest';
import type { Domain } from '../../src/index.ts';
import type {
  None,
  Qapi,
  QmpClient,
  QmpCommands,
  QmpConnection,
  QmpEvents,
  RunState,
} from '../../src/qmp/index.ts';

declare const client: QmpClient;
declare const connection: QmpConnection;
declare const vm: Domain;
const written = (_: () => unknown): void => {};

describe('a known command', () => {
  test('query-block gives what QEMU says it gives (qapi/block-core.json)', () => {
    written(() => {
      expectTypeOf(client.execute('query-block')).resolves.toEqualTypeOf<Qapi.BlockInfo[]>();
      expectTypeOf(connection.execute('query-block')).resolves.toEqualTypeOf<Qapi.BlockInfo[]>();
      expectTypeOf(vm.execute('query-block')).resolves.toEqualTypeOf<Qapi.BlockInfo[]>();
    });
    expectTypeOf<Qapi.BlockInfo['device']>().toEqualTypeOf<string>();
    expectTypeOf<NonNullable<Qapi.BlockInfo['inserted']>['image']['virtual-size']>().toEqualTypeOf<number>();
  });

  test('query-status gives a run state (qapi/run-state.json)', () => {
    written(async () => {
      const { status, running } = await vm.execute('query-status');
      expectTypeOf(status).toEqualTypeOf<RunState>();
      expectTypeOf(running).toEqualTypeOf<boolean>();
      // @ts-expect-error there is no such run state
      return status === 'shutoff';
    });
  });

  test('a command without arguments takes none, or an empty object', () => {
    written(() => vm.execute('query-status'));
    written(() => vm.execute('query-status', {}, { timeoutMs: 5 }));
    // @ts-expect-error it has no arguments
    written(() => vm.execute('query-status', { x: 1 }));
  });

  test('a command whose arguments are all optional takes none; one that requires some does not', () => {
    written(() => client.execute('query-rx-filter'));
    written(() => client.execute('query-rx-filter', { name: 'net0' }));
    written(() => client.execute('device_del', { id: 'net0' }));
    // @ts-expect-error the id is required
    written(() => client.execute('device_del'));
    // @ts-expect-error the id is required
    written(() => client.execute('device_del', {}));
  });

  test('an argument of another name or type is refused', () => {
    // @ts-expect-error it is called name
    written(() => client.execute('query-rx-filter', { nme: 'net0' }));
    // @ts-expect-error it is a string
    written(() => client.execute('query-rx-filter', { name: 7 }));
    // @ts-expect-error there is no such action
    written(() => client.execute('set-action', { panic: 'explode' }));
    // What is expected of the result makes no difference.
    // @ts-expect-error it is called name
    written(async (): Promise<{ x: number }> => client.execute('query-rx-filter', { nme: 'net0' }));
  });

  test('blockdev-add must have a driver, and what that driver requires (qapi/block-core.json)', () => {
    written(() => vm.execute('blockdev-add', { driver: 'file', filename: '/a', 'node-name': 'a' }));
    written(() => vm.execute('blockdev-add', { driver: 'qcow2', file: { driver: 'file', filename: '/a' } }));
    written(() => vm.execute('blockdev-add', { driver: 'qcow2', file: 'a', backing: null }));
    // @ts-expect-error the driver is required
    written(() => vm.execute('blockdev-add', { 'node-name': 'a' }));
    // @ts-expect-error there is no such driver
    written(() => vm.execute('blockdev-add', { driver: 'floppy', filename: '/a' }));
    // @ts-expect-error file requires a filename
    written(() => vm.execute('blockdev-add', { driver: 'file' }));
    // @ts-expect-error the protocol below is checked too
    written(() => vm.execute('blockdev-add', { driver: 'qcow2', file: { driver: 'file' } }));
    // @ts-expect-error file has no backing
    written(() => vm.execute('blockdev-add', { driver: 'file', filename: '/a', backing: null }));
  });

  test('a variant is told by its tag', () => {
    written(async () => {
      for (const entry of await client.execute('query-qmp-schema'))
        if (entry['meta-type'] === 'enum') expectTypeOf(entry.values).toEqualTypeOf<string[]>();
    });
  });

  test('device_add takes the properties of any device (qapi/qdev.json: gen false)', () => {
    written(() => vm.execute('device_add', { driver: 'virtio-net-pci', netdev: 'n0', multifunction: true }));
    // @ts-expect-error the driver is required
    written(() => vm.execute('device_add', { netdev: 'n0' }));
  });

  test('a command that is one of some takes what all of them take', () => {
    written((name: 'stop' | 'cont' = 'stop') => vm.execute(name));
  });

  test('its types can be overruled by naming the result', () => {
    written(() => expectTypeOf(vm.execute<number>('stop', { x: 1 })).resolves.toEqualTypeOf<number>());
  });
});

describe('a command whose types are not known', () => {
  test('takes any object and gives unknown', () => {
    written(() => expectTypeOf(client.execute('x-foo')).resolves.toEqualTypeOf<unknown>());
    written(() => expectTypeOf(vm.execute('x-foo', { id: 'a' })).resolves.toEqualTypeOf<unknown>());
    written((name: string = 'x-foo') =>
      expectTypeOf(connection.execute(name, { id: 'a' }, { oob: true })).resolves.toEqualTypeOf<unknown>(),
    );
    // @ts-expect-error arguments are an object
    written(() => client.execute('x-foo', 7));
    // @ts-expect-error what comes is not what is hoped for, unless it is said
    written((): Promise<{ size: number }> => client.execute('x-foo'));
  });

  test('has the types that the caller gives: command, arguments, result', () => {
    type Foo = { id: string };
    type Size = { size: number };
    written(() =>
      expectTypeOf(vm.execute<'x-foo', Foo, Size>('x-foo', { id: 'a' })).resolves.toEqualTypeOf<Size>(),
    );
    written(() => client.execute<'x-foo', Foo, Size>('x-foo', { id: 'a' }, { timeoutMs: 5 }));
    written(() => connection.execute<'x-foo', Foo, Size>('x-foo', { id: 'a' }));
    // @ts-expect-error the id is a string
    written(() => vm.execute<'x-foo', Foo, Size>('x-foo', { id: 7 }));
    // @ts-expect-error it is another command
    written(() => vm.execute<'x-foo', Foo, Size>('x-bar', { id: 'a' }));
  });

  test('has the result that the caller gives, alone', () => {
    written(() =>
      expectTypeOf(vm.execute<{ size: number }>('x-foo')).resolves.toEqualTypeOf<{ size: number }>(),
    );
  });
});

describe('events', () => {
  test('have the data that QEMU says they have', () => {
    expectTypeOf<QmpEvents['DEVICE_DELETED']>().toEqualTypeOf<{ device?: string; path: string }>();
    expectTypeOf<QmpEvents['JOB_STATUS_CHANGE']['status']>().toEqualTypeOf<Qapi.JobStatus>();
    expectTypeOf<QmpEvents['STOP']>().toEqualTypeOf<None>();
    expectTypeOf<'SHUTDOWN' | 'BLOCK_IO_ERROR'>().toExtend<keyof QmpEvents>();
    expectTypeOf<'SHUT_DOWN'>().not.toExtend<keyof QmpEvents>();
  });
});

test('a type that refers to itself is that of its parts too (qapi/block-core.json:BlockdevRef)', () => {
  expectTypeOf<Qapi.BlockdevRef>().toEqualTypeOf<string | Qapi.BlockdevOptions>();
  expectTypeOf<QmpCommands['blockdev-add']['arguments']>().toEqualTypeOf<Qapi.BlockdevOptions>();
});
