/** What callbacks, streams and waits are given, by the id. `tsc` is the test; nothing here is run. */
import { describe, expectTypeOf, test } from 'vitest';
import type { Domain, DomainHandle, DomainSnapshot, Driver, Lost } from '../../src/index.ts';

declare const driver: Driver;
declare const vm: Domain;
const written = (_: () => unknown): void => {};

describe('the id says what the arguments are', () => {
  test('of on()', () => {
    written(() =>
      driver.on('rtc-change', ({ type, args, domain }) => {
        expectTypeOf(type).toEqualTypeOf<'rtc-change'>();
        expectTypeOf(args.utcOffsetSeconds).toEqualTypeOf<number>();
        expectTypeOf(domain).toEqualTypeOf<Domain>();
        // @ts-expect-error that is another event's
        return args.actualKiB;
      }),
    );
    // @ts-expect-error there is no such id
    written(() => driver.on('rtc-changed', () => {}));
  });

  test('of domainEventRegisterAny(), with a handle for the domain, and opaque as it was given', () => {
    written(() =>
      driver.domainEventRegisterAny(
        vm,
        'tray-change',
        ({ args, domain }, opaque) => {
          expectTypeOf(args.reason).toEqualTypeOf<'open' | 'close'>();
          expectTypeOf(domain).toEqualTypeOf<DomainHandle>();
          expectTypeOf(opaque).toEqualTypeOf<{ mine: boolean }>();
        },
        {
          opaque: { mine: true },
          free: (opaque) => expectTypeOf(opaque).toEqualTypeOf<{ mine: boolean }>(),
        },
      ),
    );
    // @ts-expect-error reports are not libvirt's
    written(() => driver.domainEventRegisterAny(null, 'state', () => {}));
    // @ts-expect-error the legacy call is for lifecycle
    written(() => driver.domainEventRegister(({ args }) => args.reason));
  });

  test('of monitorEventRegister()', () => {
    written(() =>
      driver.monitorEventRegister(null, { name: 'STOP' }, ({ args }) => {
        expectTypeOf(args.event).toEqualTypeOf<string>();
        expectTypeOf(args.data).toEqualTypeOf<Readonly<Record<string, unknown>> | null>();
      }),
    );
  });

  test('of events(): each of the list, and what was lost', () => {
    written(async () => {
      for await (const event of vm.events(['lifecycle', 'reboot'])) {
        expectTypeOf(event.type).toEqualTypeOf<'lifecycle' | 'reboot' | 'lost'>();
        if (event.type === 'lost') expectTypeOf(event).toEqualTypeOf<Lost>();
        else if (event.type === 'lifecycle') expectTypeOf(event.args.event).toBeString();
        // @ts-expect-error not in the list
        else if (event.type === 'watchdog') return;
      }
    });
  });

  test('of waitFor() and watchState()', () => {
    written(async () => {
      const { args } = await vm.waitFor('balloon-change', (event) => event.args.actualKiB > 5);
      expectTypeOf(args.actualKiB).toEqualTypeOf<number>();
      for await (const state of vm.watchState()) expectTypeOf(state).toEqualTypeOf<DomainSnapshot>();
    });
  });
});
