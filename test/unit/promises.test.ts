/** The promises of the design, each under its own words. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Domain, type DomainEvent, type Driver, openDriver } from '../../src/index.ts';
import { FakeQemu } from '../../src/testing/index.ts';
import { trustedNic } from '../support/fake-host.ts';
import { Seen } from '../support/seen.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface World {
  readonly qemu: FakeQemu;
  readonly driver: Driver;
  readonly vm: Domain;
  readonly seen: Seen;
}

async function inWorld(run: (world: World) => Promise<void>, control = false): Promise<void> {
  await using qemu = await FakeQemu.start({ nics: [{ name: 'net0' }] });
  await using driver = await openDriver();
  const seen = new Seen(driver);
  const vm = await driver.attach({
    monitor: qemu.path,
    control,
    devices: [trustedNic, { type: 'disk', alias: 'disk0' }],
  });
  await run({ qemu, driver, vm, seen });
}

/** Events as a QEMU may send them: known, unknown, and with anything for data. */
const anyEvent = fc.record({
  name: fc.constantFrom(
    'STOP',
    'RESUME',
    'RESET',
    'POWERDOWN',
    'WATCHDOG',
    'GUEST_PANICKED',
    'NIC_RX_FILTER_CHANGED',
    'DEVICE_DELETED',
    'SHUTDOWN',
    'BALLOON_CHANGE',
    'constructor',
  ),
  data: fc.oneof(
    fc.constant(undefined),
    fc.record({
      action: fc.constantFrom('pause', 'reset', 'none'),
      name: fc.constantFrom('net0', 'net1'),
      device: fc.constantFrom('disk0', 'x'),
    }),
    fc.dictionary(fc.constantFrom('action', 'name', 'device', 'guest'), fc.jsonValue()),
  ),
});

describe('1. A QEMU event that arrives is accounted for: it changes state, becomes a domain event, starts a handler, is coalesced, or is counted as ignored with a reason. Nothing is lost silently.', () => {
  test('random events, known and unknown, right and wrong', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 30 }), (events) =>
        inWorld(async ({ qemu, driver, vm, seen }) => {
          const all: DomainEvent[] = seen.all;
          driver.on('monitor-event', (event) => all.push(event));
          for (const { name, data } of events) qemu.emit(name, data as object | undefined);
          await seen.until(() => seen.of('monitor-event').length === events.length);
          const settled = (): boolean => {
            const { running, waiting } = vm.actor.getSnapshot().context.work;
            return running === null && waiting.length === 0;
          };
          while (!settled()) await turn();
          await turn();

          // Between two raw events stands what the first one did; only what it left to a handler comes later.
          const marks = all.flatMap(({ type }, index) => (type === 'monitor-event' ? [index] : []));
          for (const [n, mark] of marks.entries()) {
            const effects = all.slice(mark + 1, marks[n + 1]).filter(({ type }) => type !== 'outcome');
            if (effects.length === 0)
              expect(['NIC_RX_FILTER_CHANGED', 'DEVICE_DELETED']).toContain(events[n]?.name);
          }
          expect(seen.of('outcome')).toHaveLength(vm.actor.getSnapshot().context.work.sequence);
        }),
      ),
      { numRuns: 40, seed: 3 },
    );
  });
});

describe("2. Order is kept within one domain (the order of arrival; QEMU's timestamps of throttled events may run backwards). No domain waits for another, not even for one whose QEMU hangs.", () => {
  test('a thousand events arrive in order, whatever their timestamps say', () =>
    inWorld(async ({ qemu, seen }) => {
      const line = (n: number): string =>
        `${JSON.stringify({
          timestamp: { seconds: 2_000_000_000 - n, microseconds: 0 },
          event: n % 2 === 0 ? 'STOP' : 'RESUME',
        })}\r\n`;
      qemu.faults.rubbish(Array.from({ length: 1000 }, (_, n) => line(n)).join(''));
      await seen.until(() => seen.lifecycle.length === 1000);
      expect(seen.lifecycle).toEqual(
        Array.from({ length: 1000 }, (_, n) => (n % 2 === 0 ? 'suspended paused' : 'resumed unpaused')),
      );
    }));

  test('a domain goes on while the QEMU of another, with a command under way, hangs', () =>
    inWorld(async ({ qemu, driver, vm, seen }) => {
      await using other = await FakeQemu.start();
      const second = await driver.attach({ monitor: other.path });
      qemu.hang();
      const asked = vm.execute('query-status').catch((error: unknown) => error);
      other.emit('STOP');
      await seen.until(() => seen.lifecycle.includes('suspended paused'));
      expect(await second.execute('query-name')).toEqual({});
      await vm.detach();
      expect(await asked).toBeInstanceOf(Error);
    }));
});

describe('4. Exactly one `stopped` for each incarnation that began (`started`, or attached while active), unless it was detached first; after it no lifecycle event of that incarnation, and nothing else but `job-completed` of the job that ended it. Its `id` is always the incarnation’s.', () => {
  const anyLife = fc.array(
    fc.constantFrom('kill', 'terminate', 'restart', 'destroy', 'pause', 'resume', 'filter', 'panic', 'cut'),
    { minLength: 1, maxLength: 12 },
  );
  const live: Readonly<Record<string, (world: World) => unknown>> = {
    kill: ({ qemu }) => qemu.kill(),
    terminate: ({ qemu }) => qemu.terminate(),
    restart: ({ qemu }) => qemu.restart(),
    destroy: ({ vm }) => vm.destroy().catch(() => {}),
    pause: ({ vm }) => vm.suspend().catch(() => {}),
    resume: ({ vm }) => vm.resume().catch(() => {}),
    filter: ({ qemu }) => qemu.setRxFilter('net0', { promiscuous: false }),
    panic: ({ qemu }) => qemu.guestPanic('pause'),
    cut: ({ qemu }) => {
      qemu.faults.closeAfterBytes(10);
      qemu.emit('POWERDOWN');
    },
  };

  test('random lives, with every way to end', async () => {
    await fc.assert(
      fc.asyncProperty(anyLife, (life) =>
        inWorld(async (world) => {
          const { qemu, vm, seen } = world;
          const first = vm.state;
          for (const step of life) await live[step]?.(world);
          qemu.kill();
          await seen.until(() => !vm.state.active);
          await turn();

          const ids = new Map([[first.incarnation, first.id]]);
          for (const { incarnation, id, args } of seen.of('lifecycle'))
            if (args.event === 'started') ids.set(incarnation, id);
          for (const [incarnation, id] of ids) {
            const own = seen.all.filter((event) => event.incarnation === incarnation);
            const stopped = own.filter(
              ({ type, args }) => type === 'lifecycle' && 'event' in args && args.event === 'stopped',
            );
            expect(stopped.map((event) => event.id)).toEqual([id]);
            expect(own.at(-1)).toBe(stopped[0]);
          }
          const all = seen.of('lifecycle').filter(({ args }) => args.event === 'stopped');
          expect(all).toHaveLength(ids.size);
        }, true),
      ),
      { numRuns: 40, seed: 4 },
    );
  });

  test('a domain that is detached gets no `stopped`, but a `detached`', () =>
    inWorld(async ({ qemu, vm, seen }) => {
      await vm.detach();
      qemu.kill();
      await seen.until(() => seen.of('detached').length === 1);
      await turn();
      expect(seen.lifecycle).toEqual([]);
    }));
});

describe('5. No callback after its subscription is closed. A throwing callback harms nobody else.', () => {
  test('an event that is queued when its subscription is closed is not delivered', () =>
    inWorld(async ({ qemu, driver, seen }) => {
      let calls = 0;
      const subscription = driver.on('lifecycle', () => {
        calls += 1;
      });
      driver.on('monitor-event', () => subscription[Symbol.dispose]());
      qemu.emit('STOP');
      await seen.until(() => seen.lifecycle.length === 1);
      expect(calls).toBe(0);
    }));

  test('nobody is called after close(), whatever happens meanwhile', () =>
    inWorld(async ({ qemu, driver, seen }) => {
      qemu.emit('STOP');
      await driver.close();
      const heard = seen.all.length;
      qemu.emit('RESUME');
      qemu.kill();
      await turn();
      await turn();
      expect(seen.all).toHaveLength(heard);
    }));

  test('the others hear, and whoever asked is told, also if that throws', async () => {
    await using qemu = await FakeQemu.start();
    const errors: unknown[] = [];
    await using driver = await openDriver({
      onCallbackError: (error) => {
        errors.push(error);
        throw error;
      },
    });
    driver.on('lifecycle', () => {
      throw new Error('mine');
    });
    const seen = new Seen(driver);
    await driver.attach({ monitor: qemu.path });
    qemu.emit('STOP');
    qemu.emit('RESUME');
    await seen.until(() => seen.lifecycle.length === 2);
    expect(errors.map(String)).toEqual(['Error: mine', 'Error: mine']);
  });
});

describe('6. After losing the monitor, or after a restart of the embedding process, the state is read back from QEMU and the difference is reported, marked `reconstructed`.', () => {
  test('a pause in the gap is reported with the mark, and the incarnation goes on', () =>
    inWorld(async ({ qemu, vm, seen }) => {
      const { incarnation } = vm.state;
      qemu.handle('query-status', () => ({ status: 'paused', running: false, singlestep: false }));
      qemu.faults.closeAfterBytes(0);
      qemu.emit('POWERDOWN');
      await seen.until(() => seen.lifecycle.length === 1);
      const [event] = seen.of('lifecycle');
      expect(event).toMatchObject({
        args: { event: 'suspended', detail: 'paused' },
        reconstructed: true,
        incarnation,
      });
      expect(vm.state).toMatchObject({ state: 'paused', monitor: 'ready', incarnation });
    }));
});

describe('7. Bad input (from QEMU, from a file, from the caller) gives a typed error or a counted drop; never a crash, a hang or unbounded memory.', () => {
  test('rubbish from QEMU is a control-error, the connection is made anew, the domain goes on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) =>
        inWorld(async ({ qemu, vm, seen }) => {
          qemu.faults.rubbish(Uint8Array.from([...bytes, 10, 120, 10]));
          await seen.until(() => seen.of('control-error').length === 1);
          await seen.until(
            () => vm.state.monitor === 'ready' && seen.of('state').at(-1)?.args.connected === true,
          );
          expect(vm.state).toMatchObject({ state: 'running', active: true });
          expect(seen.lifecycle).toEqual([]);
        }),
      ),
      { numRuns: 30, seed: 7 },
    );
  });

  test.each([
    [{}, /monitor/],
    [{ monitor: '' }, /monitor/],
    [{ monitor: 5 }, /monitor/],
    [{ monitor: '/x', unknown: 1 }, /unknown/i],
    [{ monitor: '/x', onCrash: 'destroy' }, /onCrash/],
    [
      { monitor: '/x', devices: [{ type: 'net', alias: 'net0', host: { interface: 'm', kind: 'veth' } }] },
      /devices\[0\]\.host\.kind/,
    ],
    [{ monitor: '/x', devices: [{ type: 'net' }] }, /devices\[0\]\.alias/],
    [{ monitor: '/x', pid: -1 }, /pid/],
  ])('attach(%j) is a TypeError that names what is wrong', async (options, message) => {
    await using driver = await openDriver();
    const attached = driver.attach(options as { monitor: string });
    await expect(attached).rejects.toThrow(TypeError);
    await expect(attached).rejects.toThrow(message);
  });
});
