import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, test } from 'vitest';
import { waitFor } from 'xstate';
import { ConnectError, openDriver, StateError } from '../../src/index.ts';
import { FakeQemu } from '../../src/testing/index.ts';
import { Seen } from '../support/seen.ts';

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('attach', () => {
  test('the same monitor twice is a StateError, also while the first attach is under way (design §3)', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const options = { monitor: qemu.path, pid: process.pid };
    const results = await Promise.allSettled([driver.attach(options), driver.attach(options)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(driver.domains).toHaveLength(1);
  });

  test('a close meanwhile settles it with ERR_CLOSED, and nothing stays attached', async () => {
    await using qemu = await FakeQemu.start();
    for (const pid of [undefined, process.pid]) {
      const driver = await openDriver();
      const attached = failure(driver.attach({ monitor: qemu.path, ...(pid === undefined ? {} : { pid }) }));
      await driver.close();
      expect(await attached).toMatchObject({ code: 'ERR_CLOSED' });
      expect(driver.domains).toEqual([]);
    }
    while (qemu.connections > 0) await turn();
  });

  test('an abort meanwhile rejects with its reason, and nothing stays attached', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    for (const pid of [undefined, process.pid]) {
      const controller = new AbortController();
      const attached = failure(
        driver.attach({
          monitor: qemu.path,
          signal: controller.signal,
          ...(pid === undefined ? {} : { pid }),
        }),
      );
      controller.abort(new Error('changed my mind'));
      expect(await attached).toMatchObject({ message: 'changed my mind' });
    }
    expect(driver.domains).toEqual([]);
  });

  test('a process that is not there is ERR_NO_PROCESS', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    expect(await failure(driver.attach({ monitor: qemu.path, pid: 2 ** 22 }))).toMatchObject({
      code: 'ERR_NO_PROCESS',
    });
  });

  test('nobody there is a ConnectError; with `wait` it waits until somebody is', async () => {
    const qemu = await FakeQemu.start();
    qemu.kill();
    await using driver = await openDriver();
    expect(await failure(driver.attach({ monitor: qemu.path }))).toBeInstanceOf(ConnectError);
    const waiting = driver.attach({ monitor: qemu.path, wait: true });
    await qemu.restart();
    expect((await waiting).state).toMatchObject({ state: 'running', reason: 'unknown' });
    await qemu.close();
  });

  test('a name or uuid that differs from QEMU’s own is refused', async () => {
    const uuid = '11111111-2222-3333-4444-555555555555';
    await using qemu = await FakeQemu.start({ name: 'web1', uuid });
    await using driver = await openDriver();
    const monitor = qemu.path;
    expect(await failure(driver.attach({ monitor, name: 'web2', wait: true }))).toBeInstanceOf(StateError);
    expect(await failure(driver.attach({ monitor, uuid: uuid.replace('1', '2') }))).toBeInstanceOf(
      StateError,
    );
    const vm = await driver.attach({ monitor, name: 'web1', uuid: uuid.toUpperCase() });
    expect([vm.name, vm.uuid]).toEqual(['web1', uuid]);
  });

  test('QEMUs without name and uuid get names of their own, and uuid null (design §3)', async () => {
    await using one = await FakeQemu.start();
    await using two = await FakeQemu.start();
    await using driver = await openDriver();
    const names = [await driver.attach({ monitor: one.path }), await driver.attach({ monitor: two.path })];
    expect(names.map(({ uuid }) => uuid)).toEqual([null, null]);
    expect(names[1]?.name).toBe(`${names[0]?.name}-2`);
  });
});

describe('what QEMU says at the first contact', () => {
  test.each([
    ['query-name', { name: 5 }],
    ['query-name', null],
    ['query-uuid', { UUID: 'garbage' }],
    ['query-uuid', { UUID: [1] }],
    ['query-status', {}],
    ['query-status', { status: {} }],
    ['query-status', 7],
  ])('%s answered by %j is a BadReplyError (design §8)', async (command, reply) => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    qemu.handle(command, () => reply);
    expect(await failure(driver.attach({ monitor: qemu.path }))).toMatchObject({ code: 'ERR_BAD_REPLY' });
  });

  test('an empty name is none', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    qemu.handle('query-name', () => ({ name: '' }));
    expect((await driver.attach({ monitor: qemu.path })).name).toBe('m');
  });

  test('run-state events from before the answer are in it: no event is made of them (design §3a)', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const seen = new Seen(driver);
    qemu.handle('query-status', () => {
      for (const event of ['RESUME', 'STOP', 'GUEST_PANICKED']) qemu.emit(event);
      qemu.emit('DEVICE_DELETED', { device: 'd' });
      return { status: 'watchdog', running: false, singlestep: false };
    });
    const vm = await driver.attach({ monitor: qemu.path });
    await seen.until(() => seen.of('device-removed').length === 1);
    expect(vm.state).toMatchObject({ state: 'paused', reason: 'watchdog' });
    expect(seen.lifecycle).toEqual([]);
    expect(driver.drops.toJSON()).toEqual({ 'ignored-in-state': { RESUME: 1, STOP: 1, GUEST_PANICKED: 1 } });
  });

  test('what is still to be said of an earlier QEMU carries its uuid, and not the next one’s', async () => {
    const uuid = '11111111-2222-3333-4444-555555555555';
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const seen = new Seen(driver);
    await driver.attach({ monitor: qemu.path });
    qemu.handle('query-uuid', () => ({ UUID: uuid }));
    await qemu.restart();
    await seen.until(() => seen.lifecycle.includes('started booted'));
    expect(seen.of('lifecycle').map((event) => [event.args.event, event.uuid])).toEqual([
      ['stopped', null],
      ['started', uuid],
    ]);
  });
});

describe('a domain that is detached', () => {
  test('refuses operations, commands and streams with ERR_CLOSED', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path, control: true });
    await vm.detach();
    for (const operation of ['suspend', 'resume', 'destroy'] as const)
      expect(await failure(vm[operation]())).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await failure(vm.execute('query-status'))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(() => vm.events(['lifecycle'])).toThrow(/closed/);
  });
});

describe('bad options', () => {
  test.each([
    [5, /options/],
    [null, /options/],
    [{ hots: 'apply' }, /hots/],
    [{ host: 'on' }, /host/],
    [{ host: null }, /host/],
    [{ closeTimeoutMs: 'a' }, /closeTimeoutMs/],
    [{ closeTimeoutMs: -1 }, /closeTimeoutMs/],
    [{ onCallbackError: 5 }, /onCallbackError/],
    [{ eventLoop: {} }, /eventLoop/],
    [{ runtime: {} }, /runtime/],
  ])('openDriver(%j) is a TypeError that names what is wrong', async (options, message) => {
    const opened = openDriver(options as object);
    await expect(opened).rejects.toThrow(TypeError);
    await expect(opened).rejects.toThrow(message);
  });

  test.each([
    [5, /options/],
    [{ signal: 5 }, /signal/],
    [{ timeoutMs: Number.NaN }, /timeoutMs/],
    [{ timeoutMs: -5 }, /timeoutMs/],
    [{ timeoutMs: 'x' }, /timeoutMs/],
  ])('suspend(%j) is a TypeError, and leaves nothing behind', async (options, message) => {
    await using qemu = await FakeQemu.start();
    const driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path, control: true });
    const suspended = vm.suspend(options as object);
    await expect(suspended).rejects.toThrow(TypeError);
    await expect(suspended).rejects.toThrow(message);
    await driver.close();
    expect(driver.domains).toEqual([]);
  });

  test('attach() without options, or with a signal that is none, is a TypeError', async () => {
    await using driver = await openDriver();
    expect(await failure(driver.attach(null as never))).toBeInstanceOf(TypeError);
    expect(await failure(driver.attach({ monitor: '/x', signal: 5 as never }))).toBeInstanceOf(TypeError);
    expect(() => driver.on('lifecycle', () => {}, { domain: 5 as never })).toThrow(TypeError);
  });
});

describe('operations', () => {
  test('of an observer are refused, and name the option (design §3a)', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    for (const operation of ['suspend', 'resume', 'destroy'] as const)
      expect(String(await failure(vm[operation]()))).toMatch(/control: true/);
    expect(qemu.received.map(({ command }) => command)).not.toContain('stop');
  });

  test('suspend, resume and destroy give their reasons (qemu_driver.c:qemuDomainSuspend)', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path, control: true });
    const seen = new Seen(driver);
    await vm.suspend();
    await vm.suspend();
    expect(vm.state).toMatchObject({ state: 'paused', reason: 'user' });
    await vm.resume();
    expect(vm.state).toMatchObject({ state: 'running', reason: 'unpaused' });
    expect(await failure(vm.resume())).toBeInstanceOf(StateError);
    await vm.destroy();
    expect(vm.state).toMatchObject({ state: 'shutoff', reason: 'destroyed', active: false, id: null });
    expect(await failure(vm.suspend())).toMatchObject({ code: 'ERR_DOMAIN_INACTIVE' });
    await seen.until(() => seen.lifecycle.length === 4);
    expect(seen.lifecycle).toEqual([
      'suspended paused',
      'resumed unpaused',
      'shutdown host',
      'stopped destroyed',
    ]);
  });

  test('a raw `stop` is somebody’s, not our operation: reason unknown (golden qmp-stop-cont)', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path, control: true });
    await vm.execute('stop');
    expect(vm.state).toMatchObject({ state: 'paused', reason: 'unknown' });
  });

  test('a destroy that is given up leaves a domain that can be destroyed again', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path, control: true });
    qemu.hang();
    const controller = new AbortController();
    const given = failure(vm.destroy({ signal: controller.signal }));
    controller.abort(new Error('given up'));
    expect(await given).toMatchObject({ message: 'given up' });
    expect(vm.state).toMatchObject({ state: 'running', active: true });
    qemu.resume();
    await vm.destroy().catch(() => {});
    expect(vm.state.active).toBe(false);
  });

  test('two destroys: one `stopped`, and the second is told so (domain-states.md §6, 25)', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path, control: true });
    const seen = new Seen(driver);
    const results = await Promise.allSettled([vm.destroy(), vm.destroy()]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await seen.until(() => !vm.state.active);
    await turn();
    expect(seen.lifecycle.filter((one) => one.startsWith('stopped'))).toEqual(['stopped destroyed']);
  });

  test('what waits when the driver closes is settled with ERR_CLOSED', async () => {
    await using qemu = await FakeQemu.start();
    const driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path, control: true });
    qemu.hang();
    const waiting = [failure(vm.suspend()), failure(vm.execute('query-status'))];
    await driver.close();
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: 'ERR_CLOSED' });
    qemu.resume();
  });
});

describe('detach', () => {
  test('what runs and what waits ends as ignored, before `detached` (promise 1)', async () => {
    const nic = { type: 'net', alias: 'net0', trustGuestRxFilters: true } as const;
    await using qemu = await FakeQemu.start({ nics: [{ name: 'net0' }] });
    await using driver = await openDriver({ host: 'dry-run' });
    qemu.faults.delayReply('query-rx-filter', new Promise(() => {}));
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path, devices: [nic] });
    qemu.emit('DEVICE_DELETED', { device: 'x' });
    // The look at attach waits too.
    await waitFor(vm.actor, ({ context }) => context.work.waiting.length === 2);
    await vm.detach();
    await seen.until(() => seen.of('detached').length === 1);
    const outcomes = seen.of('outcome').map(({ args }) => [args.type, args.status, args.why]);
    expect(outcomes.filter(([type]) => type !== 'attached')).toEqual([
      ['nicRxFilterChanged', 'ignored', 'detached'],
      ['deviceDeleted', 'ignored', 'detached'],
    ]);
    expect(seen.all.at(-1)?.type).toBe('detached');
  });
});

describe('streams of events', () => {
  test('end with the domain, after its `detached`', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    const types: string[] = [];
    const read = (async () => {
      for await (const event of vm.events(['lifecycle', 'detached'])) types.push(event.type);
    })();
    qemu.emit('STOP');
    await turn();
    while (types.length === 0) await turn();
    await vm.detach();
    await read;
    expect(types).toEqual(['lifecycle', 'detached']);
  });

  test('with a signal that is aborted already are over at once', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    const stream = vm.events(['lifecycle'], { signal: AbortSignal.abort() });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('of an unknown type, with a bad limit or overflow, are a TypeError', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    expect(() => vm.events(['lifecycle', 'nonsense' as 'lifecycle'])).toThrow(TypeError);
    expect(() => vm.events(['lifecycle'], { limit: Number.NaN })).toThrow(TypeError);
    expect(() => vm.events(['lifecycle'], { overflow: 'x' as 'fail' })).toThrow(TypeError);
    expect(() => driver.on('nonsense' as 'lifecycle', () => {})).toThrow(TypeError);
  });

  test('two that wait at once both get theirs', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    const stream = (await driver.attach({ monitor: qemu.path })).events(['lifecycle']);
    const both = [stream.next(), stream.next()];
    qemu.emit('STOP');
    qemu.emit('RESUME');
    const details = (await Promise.all(both)).map(
      ({ value }) => value?.type === 'lifecycle' && value.args.detail,
    );
    expect(details).toEqual(['paused', 'unpaused']);
  });
});

describe('diagnostics', () => {
  test('what is dropped is counted and published, with its reason (docs/diagnostics.md)', async () => {
    await using qemu = await FakeQemu.start();
    await using driver = await openDriver();
    await driver.attach({ monitor: qemu.path });
    const heard: unknown[] = [];
    const listen = (message: unknown): void => void heard.push(message);
    subscribe('qemu-actors:drop', listen);
    const seen = new Seen(driver);
    qemu.emit('RESUME');
    qemu.emit('DEVICE_DELETED', { path: '/machine/x' });
    qemu.emit('NOBODY_KNOWS', { actual: 1 });
    await seen.until(() => seen.of('drop').length === 3);
    unsubscribe('qemu-actors:drop', listen);
    expect(driver.drops.toJSON()).toEqual({
      'ignored-in-state': { RESUME: 1 },
      'missing-field': { DEVICE_DELETED: 1 },
      unknown: { NOBODY_KNOWS: 1 },
    });
    expect(heard).toHaveLength(3);
    expect(heard[0]).toMatchObject({ reason: 'ignored-in-state', event: 'RESUME' });
  });
});
