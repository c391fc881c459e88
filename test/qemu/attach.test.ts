/** attach() and what follows, on real QEMUs: who is met, who is lost, who is gone, and who may be ended. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ConnectError,
  type Domain,
  GreetingError,
  openDriver,
  type QemuError,
  StateError,
} from '../../src/index.ts';
import { describeWith } from '../support/needs.ts';
import { type Qemu, startQemu, TABLET } from '../support/qemu.ts';
import { Relay } from '../support/relay.ts';
import { Seen } from '../support/seen.ts';
import { Watcher } from '../support/watcher.ts';
import { within } from '../support/within.ts';

const times = { greetingMs: 200, pingIntervalMs: 100, pingTimeoutMs: 100 };
/** Far above all bounds that are promised, for a busy machine; far below a hang. */
const BOUND_MS = 60_000;

const bounded = <T>(promise: Promise<T>): Promise<T> =>
  within(
    BOUND_MS,
    () => 'not bounded',
    () => promise,
  );

const failure = (promise: Promise<unknown>): Promise<QemuError & { cause?: NodeJS.ErrnoException }> =>
  bounded(
    promise.then(
      () => {
        throw new Error('did not fail');
      },
      (error) => error,
    ),
  );

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp('/tmp/qa-');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describeWith(['qemu'], 'attach to a QEMU', () => {
  test('three without -name and -uuid live side by side: no uuid, each its own name (design §3)', async () => {
    await using first = await startQemu({ paused: true });
    await using second = await startQemu({ paused: true });
    await using third = await startQemu({ paused: true });
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vms: Domain[] = [];
    for (const { path } of [first, second, third]) vms.push(await driver.attach({ monitor: path }));
    expect(vms.map(({ name, uuid }) => [name, uuid])).toEqual([
      ['qmp0', null],
      ['qmp0-2', null],
      ['qmp0-3', null],
    ]);
    expect(vms.map(({ state }) => state.id)).toEqual([1, 2, 3]);
    expect(new Set(vms.map(({ state }) => state.incarnation)).size).toBe(3);
    await second.qmp('cont');
    await seen.until(() => seen.lifecycle.length > 0);
    expect(vms.map(({ state }) => `${state.state} ${state.reason}`)).toEqual([
      'paused unknown',
      'running unpaused',
      'paused unknown',
    ]);
    expect(seen.of('lifecycle').map(({ domain }) => domain.name)).toEqual(['qmp0-2']);
  });

  test('the same monitor twice is a StateError, until the first lets go (design §3)', async () => {
    await using qemu = await startQemu({ paused: true, name: 'web' });
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    const other = qemu.path.replace('/qmp0', '/./qmp0');
    const error = await failure(driver.attach({ monitor: other }));
    expect(error).toBeInstanceOf(StateError);
    expect(error.message).toContain('is attached already, as web');
    expect(vm.state.monitor).toBe('ready');
    await vm.detach();
    expect((await driver.attach({ monitor: other })).name).toBe('web');
  });

  test('a monitor that another client holds is a GreetingError; with `wait` it is attached when that one leaves (qemu-event-recipes §4.16)', async () => {
    await using qemu = await startQemu({ paused: true });
    const holder = connect(qemu.path);
    await new Promise((resolve) => holder.once('data', resolve));
    await using driver = await openDriver();
    const error = await failure(driver.attach({ monitor: qemu.path, times }));
    expect(error).toBeInstanceOf(GreetingError);
    expect(error.message).toContain('another client may hold this monitor');
    expect(driver.domains).toEqual([]);

    const attached = driver.attach({ monitor: qemu.path, times, wait: true });
    const [waiting] = driver.domains;
    // Connections that nobody accepts stay in QEMU's short queue: when that is full, the next is refused.
    await expect.poll(() => waiting?.lastError, { timeout: BOUND_MS }).toBeInstanceOf(ConnectError);
    expect(waiting?.lastError).toMatchObject({ cause: { code: 'EAGAIN' } });
    expect(waiting?.lastError?.message).toContain('another client holds this monitor');
    expect(waiting?.state).toMatchObject({ state: 'shutoff', active: false, monitor: 'lost' });
    holder.destroy();
    const vm = await bounded(attached);
    expect(vm).toBe(waiting);
    expect(vm.state).toMatchObject({ state: 'paused', active: true, monitor: 'ready' });
    expect(vm.lastError).toBeNull();
  });

  test('what was given is checked: a QEMU of another name or uuid is refused (design §7)', async () => {
    await using qemu = await startQemu({
      paused: true,
      name: 'web',
      uuid: '11111111-2222-4333-8444-555555555555',
    });
    await using driver = await openDriver();
    for (const wrong of [{ name: 'db' }, { uuid: '11111111-2222-4333-8444-555555555556' }]) {
      const error = await failure(driver.attach({ monitor: qemu.path, wait: true, ...wrong }));
      expect(error).toBeInstanceOf(StateError);
      expect(error.message).toContain('this QEMU');
    }
    const vm = await driver.attach({ monitor: qemu.path });
    expect([vm.name, vm.uuid]).toEqual(['web', '11111111-2222-4333-8444-555555555555']);
  });

  test('its later runs on the same path are new incarnations, each with its own `stopped` (design §1.4)', async () => {
    const path = `${directory}/again.sock`;
    const start = (paused: boolean): Promise<Qemu> =>
      startQemu({ paused, args: ['-qmp', `unix:${path},server=on,wait=off`] });
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const first = await start(false);
    const vm = await driver.attach({ monitor: path, times });
    const { id, incarnation } = vm.state;
    await first[Symbol.asyncDispose]();
    await bounded(seen.until(() => seen.lifecycle.length === 1));
    expect(vm.state).toMatchObject({ state: 'shutoff', active: false, id: null, incarnation: null });

    const second = await start(false);
    await bounded(seen.until(() => seen.lifecycle.length === 2));
    expect(vm.state).toMatchObject({ state: 'running', reason: 'booted', active: true });
    expect(vm.state.id).toBeGreaterThan(id ?? Number.NaN);
    expect(vm.state.incarnation).not.toBe(incarnation);
    await vm.info();
    await second.qmp('quit').catch(() => {});
    await bounded(seen.until(() => seen.lifecycle.length === 4));

    // One that is not started yet begins with its first RESUME.
    await second[Symbol.asyncDispose]();
    await using third = await start(true);
    await bounded(seen.until(() => vm.state.active));
    expect(seen.lifecycle).toHaveLength(4);
    await third.qmp('cont');
    await bounded(seen.until(() => seen.lifecycle.length === 5));
    expect(seen.lifecycle).toEqual([
      'stopped failed',
      'started booted',
      'shutdown host',
      'stopped shutdown',
      'started booted',
    ]);
    const ids = seen.of('lifecycle').map((event) => event.id);
    expect(ids).toEqual([id, (id ?? 0) + 1, (id ?? 0) + 1, (id ?? 0) + 1, (id ?? 0) + 2]);
  });

  test('a TCP monitor: state, commands, and the end, by its pid (design §3a)', async () => {
    await using qemu = await startQemu({
      name: 'tcp',
      args: [
        ...['-chardev', 'socket,id=tcp,host=127.0.0.1,port=0,server=on,wait=off'],
        ...['-mon', 'chardev=tcp,mode=control'],
      ],
    });
    const chardevs = await qemu.qmp<{ label: string; filename: string }[]>('query-chardev');
    const port = /:(\d+),/.exec(chardevs.find(({ label }) => label === 'tcp')?.filename ?? '')?.[1];
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: `127.0.0.1:${port}`, pid: qemu.pid, times });
    expect([vm.name, vm.state.state]).toEqual(['tcp', 'running']);
    await qemu.qmp('stop');
    expect((await vm.execute('query-status')).status).toBe('paused');
    expect(vm.state).toMatchObject({ state: 'paused', reason: 'unknown' });
    qemu.kill('SIGKILL');
    await bounded(seen.until(() => seen.lifecycle.length === 2));
    expect(seen.lifecycle).toEqual(['suspended paused', 'stopped failed']);
  });

  test('a process whose last QEMU is gone ends by itself (design §5)', async () => {
    await using first = await startQemu({ paused: true });
    await using second = await startQemu({ paused: true, args: TABLET });
    await using watcher = await Watcher.start({
      attach: [{ monitor: first.path }, { monitor: second.path, pid: second.pid }],
    });
    first.kill('SIGKILL');
    await watcher.until(() => watcher.of('lifecycle').length === 1);
    await second.qmp('cont');
    await watcher.until(() => watcher.of('lifecycle').length === 2);
    // Its look at it is through when this is told.
    await second.qmp('device_del', { id: 'tablet0' });
    await watcher.until(() => watcher.of('device-removed').length === 1);
    second.kill('SIGTERM');
    expect(await bounded(watcher.end('by itself'))).toEqual({ code: 0, signal: null });
    expect(watcher.of('lifecycle').map(({ args, id }) => [id, args.event, args.detail])).toEqual([
      [1, 'stopped', 'failed'],
      [2, 'resumed', 'unpaused'],
      [2, 'shutdown', 'host'],
      [2, 'stopped', 'shutdown'],
    ]);
  });
});

describe('attach to what is no QEMU', () => {
  async function listen(answer: string | null): Promise<{ server: Server; path: string }> {
    const path = `${directory}/other.sock`;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      if (answer !== null) socket.write(answer);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return { server, path };
  }

  test('a socket that is not there, or that nobody serves, is a ConnectError with the reason of the system (design §8)', async () => {
    await using driver = await openDriver();
    const missing = await failure(driver.attach({ monitor: `${directory}/missing.sock` }));
    expect(missing).toBeInstanceOf(ConnectError);
    expect(missing.cause?.code).toBe('ENOENT');
    await writeFile(`${directory}/file`, '');
    const refused = await failure(driver.attach({ monitor: `${directory}/file` }));
    expect(refused).toBeInstanceOf(ConnectError);
    expect(refused.cause?.code).toBe('ECONNREFUSED');
    expect(driver.domains).toEqual([]);
  });

  test.each([
    ['speaks something else', 'HTTP/1.1 400 Bad Request\r\n\r\n', /not a QMP monitor/],
    ['says something that is JSON, but no greeting', '{"return": {}}\r\n', /expected a QMP greeting/],
    ['is silent', null, /no QMP greeting within 200 ms/],
  ])('a server that %s is a GreetingError in bounded time (design §8)', async (_what, answer, message) => {
    const { server, path } = await listen(answer);
    await using driver = await openDriver();
    const error = await failure(driver.attach({ monitor: path, times }));
    expect(error).toBeInstanceOf(GreetingError);
    expect(error.message).toMatch(message);
    expect(driver.domains).toEqual([]);
    server.close();
  });
});

describeWith(['qemu'], 'a monitor that is lost while its QEMU lives', () => {
  test('is made again: the same incarnation, and what changed meanwhile is told as reconstructed (design §1.6)', async () => {
    await using qemu = await startQemu();
    await using relay = await Relay.start(`${directory}/relay.sock`, qemu.path);
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: relay.path, times });
    const before = vm.state;

    async function gap(during: () => Promise<unknown>): Promise<void> {
      relay.silent = true;
      relay.drop();
      await bounded(seen.until(() => vm.state.monitor === 'lost'));
      expect(vm.state).toMatchObject({ state: before.state, active: true, incarnation: before.incarnation });
      await expect(vm.execute('query-status')).rejects.toBeInstanceOf(StateError);
      await during();
      relay.silent = false;
      // Ends the attempt that was not answered.
      relay.drop();
      await bounded(seen.until(() => vm.state.monitor === 'ready'));
    }
    await gap(async () => {});
    expect(seen.lifecycle).toEqual([]);
    await gap(() => qemu.qmp('stop'));
    expect(vm.state).toMatchObject({ state: 'paused', reason: 'unknown' });
    Object.assign(before, { state: 'paused' });
    await gap(() => qemu.qmp('cont'));
    expect(vm.state).toMatchObject({ state: 'running', reason: 'unpaused' });
    await seen.until(() => seen.lifecycle.length === 2);
    expect(
      seen.of('lifecycle').map(({ args, reconstructed, id }) => [args.event, args.detail, reconstructed, id]),
    ).toEqual([
      ['suspended', 'paused', true, before.id],
      ['resumed', 'unpaused', true, before.id],
    ]);
    expect(vm.state).toMatchObject({ id: before.id, incarnation: before.incarnation });
    const connected = seen.of('state').flatMap(({ args }) => args.connected ?? []);
    expect(connected).toEqual([false, true, false, true, false, true]);
    await qemu.qmp('stop');
    await seen.until(() => seen.lifecycle.length === 3);
    expect(seen.of('lifecycle')[2]?.reconstructed).toBe(false);
  });

  test.each(['pid', 'pidFile'] as const)(
    'with a known process (%s), not even a refused connection is its death; its end is (design §3a)',
    async (how) => {
      await using qemu = await startQemu({ args: ['-pidfile', `${directory}/pid`] });
      await using relay = await Relay.start(`${directory}/relay.sock`, qemu.path);
      await using driver = await openDriver();
      const seen = new Seen(driver);
      const process = how === 'pid' ? { pid: qemu.pid } : { pidFile: `${directory}/pid` };
      const vm = await driver.attach({ monitor: relay.path, times, ...process });
      const { incarnation } = vm.state;
      await relay.close();
      const ends = () => seen.of('outcome').filter(({ args }) => args.type !== 'attached');
      await bounded(seen.until(() => ends().length >= 3));
      for (const { args } of ends())
        expect(args).toEqual({ type: 'monitorEof', status: 'ignored', why: 'the process lives' });
      expect(vm.state).toMatchObject({ state: 'running', active: true, monitor: 'lost', incarnation });
      expect(vm.lastError).toBeInstanceOf(ConnectError);
      // Another socket file, but the same process.
      await relay.listen();
      await bounded(seen.until(() => vm.state.monitor === 'ready'));
      expect(vm.state).toMatchObject({ state: 'running', incarnation });
      expect(seen.lifecycle).toEqual([]);
      // While it is lost, the process ends.
      await relay.close();
      await bounded(seen.until(() => vm.state.monitor === 'lost'));
      qemu.kill('SIGKILL');
      await bounded(seen.until(() => !vm.state.active));
      expect(seen.lifecycle).toEqual(['stopped failed']);
    },
  );

  test('without a known process, a monitor that is gone is a QEMU that is gone (design §3a)', async () => {
    await using qemu = await startQemu();
    await using relay = await Relay.start(`${directory}/relay.sock`, qemu.path);
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: relay.path, times });
    await relay.close();
    await bounded(seen.until(() => !vm.state.active));
    expect(seen.lifecycle).toEqual(['stopped failed']);
    expect(qemu.child.exitCode).toBeNull();
  });
});

describeWith(['qemu'], 'a QEMU under control', () => {
  test('suspend, resume and destroy have their reasons: user, unpaused, destroyed (libvirt-domain.h)', async () => {
    await using qemu = await startQemu();
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path, control: true });
    await vm.suspend();
    expect(vm.state).toMatchObject({ state: 'paused', reason: 'user' });
    // It is paused: nothing to do.
    await vm.suspend();
    await vm.resume();
    expect(vm.state).toMatchObject({ state: 'running', reason: 'unpaused' });
    await expect(vm.resume()).rejects.toBeInstanceOf(StateError);
    await bounded(vm.destroy());
    expect(vm.state).toMatchObject({ state: 'shutoff', reason: 'destroyed', active: false, id: null });
    await expect(vm.suspend()).rejects.toMatchObject({ code: 'ERR_DOMAIN_INACTIVE' });
    expect(await qemu.exited).toEqual({ code: 0, signal: null });
    await seen.until(() => seen.lifecycle.some((one) => one.startsWith('stopped')));
    expect(seen.lifecycle.filter((one) => !one.startsWith('shutdown'))).toEqual([
      'suspended paused',
      'resumed unpaused',
      'stopped destroyed',
    ]);
  });

  test('a stop that is passed through is not our suspend: its reason is unknown (design §3a, golden qmp-stop-cont)', async () => {
    await using qemu = await startQemu();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path, control: true });
    await vm.execute('stop');
    expect(vm.state).toMatchObject({ state: 'paused', reason: 'unknown' });
    await vm.execute('cont');
    expect(vm.state).toMatchObject({ state: 'running', reason: 'unpaused' });
  });

  test('an observer changes nothing: its operations are refused, naming the option (design §3a)', async () => {
    await using qemu = await startQemu();
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path });
    for (const refused of [vm.suspend(), vm.resume(), vm.destroy()])
      await expect(refused).rejects.toThrow('attach({ control: true })');
    expect((await vm.execute('query-status')).status).toBe('running');
  });

  test('one that hangs is not destroyed without a known process: ERR_NO_PROCESS in bounded time, and it goes on (design §3a)', async () => {
    await using qemu = await startQemu();
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path, control: true, times });
    qemu.kill('SIGSTOP');
    const error = await failure(vm.destroy());
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({ code: 'ERR_NO_PROCESS', cause: { code: 'ERR_COMMAND_TIMEOUT' } });
    expect(error.message).toContain('attach it with pid or pidFile');
    expect(vm.state).toMatchObject({ state: 'running', active: true });
    expect(seen.lifecycle).toEqual([]);
    // It obeys when it can; by then nobody ends it any more, so it ended as QEMU says.
    qemu.kill('SIGCONT');
    await bounded(seen.until(() => !vm.state.active));
    expect(seen.lifecycle.filter((one) => one.startsWith('stopped'))).toHaveLength(1);
    expect(await qemu.exited).toEqual({ code: 0, signal: null });
  });

  test('one that hangs is killed when its process is known, and `destroy` is what ended it (design §3a)', async () => {
    await using qemu = await startQemu();
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path, control: true, times, pid: qemu.pid });
    qemu.kill('SIGSTOP');
    await bounded(vm.destroy());
    expect(vm.state).toMatchObject({ state: 'shutoff', reason: 'destroyed', active: false });
    await seen.until(() => seen.lifecycle.length > 0);
    expect(seen.lifecycle).toEqual(['stopped destroyed']);
    expect(await qemu.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
