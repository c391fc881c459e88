/** What a driver makes of registrations, beside the rules of their queue: its drops, its close, its domains. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Domain, openDriver, StateError } from '../../src/index.ts';
import { FakeQemu } from '../../src/testing/index.ts';

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('registrations of a driver', () => {
  const UUID = '77a6fc12-07b5-9415-8abb-a803613f2a40';
  const nothing = (): void => {};

  test('events that wait when the last one goes are counted as `unsubscribed`, and published (T4)', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    // The look at attach is over, so that nothing but the detachment is told.
    await vm.info();
    const heard: unknown[] = [];
    const listen = (message: unknown): void => void heard.push(message);
    subscribe('qemu-actors:drop', listen);
    const subscription = driver.on('monitor-event', ({ args }) => {
      if (args.event === 'STOP') subscription[Symbol.dispose]();
    });
    const id = driver.domainEventRegisterAny(null, 'lifecycle', () => {
      // Of what this causes nobody hears: no registration is left when the batch is through.
      driver.domainEventDeregisterAny(id);
      void vm.detach();
    });
    qemu.emit('STOP');
    while (heard.length === 0) await turn();
    unsubscribe('qemu-actors:drop', listen);
    expect(driver.drops.toJSON()).toEqual({ unsubscribed: { detached: 1 } });
    expect(heard).toEqual([expect.objectContaining({ reason: 'unsubscribed', event: 'detached' })]);
  });

  test('close() delivers what is queued, then frees each once, and calls nobody after it', async () => {
    await using qemu = await FakeQemu.start();
    const driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    const log: string[] = [];
    const heard = (name: string) => (): void => void log.push(name);
    const free = (name: string) => ({ free: heard(`free ${name}`) });
    driver.domainEventRegister(heard('legacy'), free('legacy'));
    driver.domainEventRegisterAny(vm, 'lifecycle', heard('any'), free('any'));
    driver.monitorEventRegister(vm, { name: 'STOP' }, heard('monitor'), free('monitor'));
    const stopped = new Promise<void>((resolve) => {
      vm.actor.on('*', ({ type }) => type === 'lifecycle' && resolve());
    });
    qemu.emit('STOP');
    await stopped;
    const stream = vm.events(['lifecycle']);
    const waited = failure(vm.waitFor('reboot'));
    const closed = driver.close();
    await closed;
    expect(log).toEqual(['monitor', 'legacy', 'any', 'free legacy', 'free any', 'free monitor']);
    expect((await stream.next()).value).toMatchObject({ type: 'lifecycle' });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await waited).toMatchObject({ code: 'ERR_CLOSED' });
    qemu.emit('RESUME');
    await turn();
    expect(log).toHaveLength(6);
  });

  test('close() inside of a callback: the batch is delivered, all is freed, then it resolves', async () => {
    await using qemu = await FakeQemu.start();
    const driver = await openDriver();
    await driver.attach({ monitor: qemu.path });
    const log: string[] = [];
    const closed = new Promise<void>((resolve) => {
      driver.domainEventRegisterAny(
        null,
        'lifecycle',
        () => {
          log.push('first');
          void driver.close().then(() => {
            log.push('closed');
            resolve();
          });
        },
        { free: () => log.push('free') },
      );
    });
    driver.on('lifecycle', () => log.push('second'));
    driver.on('detached', () => log.push('detached'));
    qemu.emit('STOP');
    await closed;
    expect(log).toEqual(['first', 'second', 'detached', 'free', 'closed']);
  });

  test('a closed driver registers nothing: ERR_CLOSED', async () => {
    const driver = await openDriver();
    await driver.close();
    for (const register of [
      () => driver.on('lifecycle', nothing),
      () => driver.domainEventRegisterAny(null, 'lifecycle', nothing),
      () => driver.domainEventRegister(nothing),
      () => driver.monitorEventRegister(null, {}, nothing),
    ])
      expect(register).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });

  test('a domain whose attach failed registers nothing: ERR_CLOSED', async () => {
    await using qemu = await FakeQemu.start({ name: 'web1' });
    await using driver = await openDriver();
    const domains = new Set<Domain>();
    driver.on('detached', ({ domain }) => domains.add(domain));
    expect(await failure(driver.attach({ monitor: qemu.path, name: 'web2' }))).toBeInstanceOf(StateError);
    await turn();
    const [vm, ...others] = domains;
    expect([vm?.name, others]).toEqual(['web2', []]);
    for (const register of [() => vm?.events(['lifecycle']), () => vm?.watchState()])
      expect(register).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    expect(await failure(vm?.waitFor('lifecycle') ?? turn())).toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('a driver is one connection: another one’s domain is a TypeError, its id is not found (R2)', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    await using foreign = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    for (const register of [
      () => foreign.on('lifecycle', nothing, { domain: vm }),
      () => foreign.domainEventRegisterAny(vm, 'lifecycle', nothing),
      () => foreign.domainEventRegisterAny(5 as never, 'lifecycle', nothing),
      () => foreign.monitorEventRegister(vm, {}, nothing),
    ])
      expect(register).toThrow(TypeError);
    const id = driver.domainEventRegisterAny(vm, 'lifecycle', nothing);
    expect(() => foreign.domainEventDeregisterAny(id)).toThrow(StateError);
    driver.domainEventDeregisterAny(id);
    expect(() => driver.monitorEventDeregister(id)).toThrow(StateError);
  });

  test('a callback gets raw events with timestamp and data as QEMU gave them, before what they cause', async () => {
    await using qemu = await FakeQemu.start({ uuid: UUID });
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    const log: unknown[] = [];
    driver.domainEventRegisterAny(vm, 'lifecycle', ({ args }) => log.push(args.event));
    driver.monitorEventRegister(vm, { name: '^STOP$|^X_', regex: true }, ({ args, domain }) =>
      log.push([args.event, args.data, typeof args.timestamp?.seconds, domain.uuid, domain.lookup()]),
    );
    qemu.emit('STOP');
    qemu.emit('X_NOT_KNOWN', { n: 1 });
    await vm.waitFor('monitor-event', ({ args }) => args.event === 'X_NOT_KNOWN');
    expect(log).toEqual([
      ['STOP', null, 'number', UUID, vm],
      'suspended',
      ['X_NOT_KNOWN', { n: 1 }, 'number', UUID, vm],
    ]);
  });

  test('a callback that throws or frees badly is told to onCallbackError, with the event or null', async () => {
    await using qemu = await FakeQemu.start();
    const errors: unknown[] = [];
    await using driver = await openDriver({
      onCallbackError: (error, event) => errors.push([String(error), event?.type ?? null]),
    });
    const vm = await driver.attach({ monitor: qemu.path });
    const free = (): never => {
      throw new Error('free');
    };
    const id = driver.domainEventRegisterAny(vm, 'lifecycle', () => Promise.reject(new Error('late')), {
      free,
    });
    qemu.emit('STOP');
    await vm.waitFor('lifecycle');
    driver.domainEventDeregisterAny(id);
    expect(errors).toEqual([
      ['Error: late', 'lifecycle'],
      ['Error: free', null],
    ]);
  });
});

describe('an onCallbackError that fails itself is a process warning, and the others are called', () => {
  const unshowable = Object.create(null);

  test.each([
    ['rejects with an error', () => Promise.reject(new Error('twice')), 'twice'],
    [
      'throws what cannot be shown',
      () => {
        throw unshowable;
      },
      'something that cannot be shown',
    ],
    ['rejects with what cannot be shown', () => Promise.reject(unshowable), 'something that cannot be shown'],
  ])('one that %s', async (_, onCallbackError, shown) => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver({ onCallbackError });
    const vm = await driver.attach({ monitor: qemu.path });
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => emitWarning.mockRestore());
    driver.on('lifecycle', () => {
      throw unshowable;
    });
    for (const event of ['STOP', 'RESUME']) {
      const heard = vm.waitFor('lifecycle');
      qemu.emit(event);
      await heard;
    }
    await turn();
    expect(emitWarning.mock.calls.map(([warning]) => warning)).toEqual(
      Array(2).fill(`onCallbackError failed: ${shown}`),
    );
  });
});

describe('the state and the wait for an event', () => {
  test('watchState() follows a domain from its present state to its `detached`', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    const reasons: string[] = [];
    for await (const { state, reason, monitor } of vm.watchState()) {
      reasons.push(`${state} ${reason} ${monitor}`);
      if (reasons.length === 1) qemu.emit('STOP');
      else await vm.detach();
    }
    expect(reasons).toEqual(['running unknown ready', 'paused unknown ready']);
    expect(() => vm.watchState()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });

  test('waitFor() is registered before the caller’s next action', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path, control: true });
    const stopped = vm.waitFor('lifecycle', ({ args }) => args.event === 'stopped');
    await vm.destroy();
    expect((await stopped).args).toEqual({ event: 'stopped', detail: 'destroyed' });
    await vm.detach();
    expect(await failure(vm.waitFor('lifecycle'))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('waitFor() gives up after timeoutMs', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    expect(await failure(vm.waitFor('reboot', () => true, { timeoutMs: 1 }))).toMatchObject({
      code: 'ERR_EVENT_TIMEOUT',
    });
  });
});
