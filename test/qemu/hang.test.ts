/** A QEMU that hangs, by SIGSTOP: it is told in bounded time, nobody waits for it, and nothing of it is lost. */
import { expect, test } from 'vitest';
import { createIproute2 } from '../../src/host/iproute2.ts';
import {
  type AttachOptions,
  CommandTimeoutError,
  type Domain,
  openDriver,
  StateError,
} from '../../src/index.ts';
import { FakeHost, trustedNic } from '../support/fake-host.ts';
import { describeWith } from '../support/needs.ts';
import { startQemu } from '../support/qemu.ts';
import { Seen } from '../support/seen.ts';
import { within } from '../support/within.ts';

/** Silence is noticed in about a fifth of a second. */
const times = { greetingMs: 500, pingIntervalMs: 100, pingTimeoutMs: 100 };
/** Far above all bounds that are promised, for a busy machine; far below a hang. */
const BOUND_MS = 60_000;

const bounded = <T>(what: string, promise: Promise<T>): Promise<T> =>
  within(
    BOUND_MS,
    () => `not bounded: ${what}`,
    () => promise,
  );

const monitorsOf = (seen: Seen, vm: Domain): string[] =>
  seen
    .of('state')
    .filter(({ domain }) => domain === vm)
    .map(({ args }) => args.monitor);

describeWith(['qemu'], 'a QEMU that hangs', () => {
  test('becomes unresponsive in bounded time, the other domains go on, and on SIGCONT it is ready with nothing lost (design §1.2, §3a)', async () => {
    await using hung = await startQemu({ name: 'hung' });
    await using other = await startQemu({ name: 'other' });
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: hung.path, times });
    const next = await driver.attach({ monitor: other.path, times, control: true });

    hung.kill('SIGSTOP');
    await bounded(
      'unresponsive',
      seen.until(() => vm.state.monitor === 'unresponsive'),
    );
    expect(vm.state).toMatchObject({ state: 'running', active: true });

    // Another client's commands wait in QEMU's socket, so their events come after SIGCONT.
    const changed = [hung.qmp('stop'), hung.qmp('system_reset'), hung.qmp('cont')];
    await next.suspend();
    await other.qmp('cont');
    await seen.until(() => seen.lifecycle.length === 2);
    expect(seen.lifecycle).toEqual(['suspended paused', 'resumed unpaused']);
    expect(seen.of('lifecycle').every(({ domain }) => domain === next)).toBe(true);
    expect(vm.state.monitor).toBe('unresponsive');
    expect(new Set(monitorsOf(seen, next))).toEqual(new Set(['ready']));

    hung.kill('SIGCONT');
    await bounded(
      'ready again',
      seen.until(() => vm.state.monitor === 'ready'),
    );
    await Promise.all(changed);
    const ofHung = () => seen.of('lifecycle').filter(({ domain }) => domain === vm);
    await seen.until(() => ofHung().length === 2 && seen.of('reboot').length > 0);
    expect(ofHung().map(({ args, reconstructed }) => [args.event, reconstructed])).toEqual([
      ['suspended', false],
      ['resumed', false],
    ]);
    expect(seen.of('state').filter(({ args }) => args.monitor === 'lost')).toEqual([]);
    expect((await vm.execute('query-status')).status).toBe('running');
  });

  test('a command to it ends with CommandTimeoutError, and its late reply harms no later one (design §8)', async () => {
    await using qemu = await startQemu({ paused: true });
    await using driver = await openDriver();
    const vm = await driver.attach({ monitor: qemu.path, times });
    qemu.kill('SIGSTOP');
    const error = await bounded(
      'execute',
      vm.execute('query-status', {}, { timeoutMs: 300 }).catch((reason: unknown) => reason),
    );
    expect(error).toBeInstanceOf(CommandTimeoutError);
    expect(error).toMatchObject({ command: 'query-status', timeoutMs: 300, code: 'ERR_COMMAND_TIMEOUT' });
    qemu.kill('SIGCONT');
    expect(await vm.execute('query-name')).toEqual({});
    expect((await vm.execute('query-status')).status).toBe('prelaunch');
  });

  test('an operation on it ends in its own time (design §5)', async () => {
    await using qemu = await startQemu();
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path, times, control: true });
    qemu.kill('SIGSTOP');
    await expect(bounded('suspend', vm.suspend({ timeoutMs: 300 }))).rejects.toBeInstanceOf(StateError);
    const caller = new AbortController();
    const suspended = vm.suspend({ signal: caller.signal });
    caller.abort(new Error('no longer wanted'));
    await expect(bounded('suspend', suspended)).rejects.toBe(caller.signal.reason);
    qemu.kill('SIGCONT');
    await bounded(
      'ready again',
      seen.until(() => vm.state.monitor === 'ready'),
    );
    // Whether QEMU got the command is not known to the caller; the state is as QEMU tells.
    const { status } = await vm.execute('query-status');
    expect(vm.state.state).toBe(status);
  });

  test('a handler that waits for its answer ends failed, and its work is done after SIGCONT: no event is lost (design §1.1)', async () => {
    await using qemu = await startQemu({
      args: [
        ...['-netdev', 'hubport,id=n0,hubid=0'],
        ...['-device', `virtio-net-pci,netdev=n0,id=net0,mac=${trustedNic.mac}`],
      ],
    });
    const host = new FakeHost();
    await using driver = await openDriver({ runtime: host.runtime, host: createIproute2(host.runtime) });
    const seen = new Seen(driver);
    let hang = true;
    const trace: AttachOptions['trace'] = (direction, message) => {
      if (direction !== 'send' || !('execute' in message) || message.execute !== 'query-rx-filter') return;
      // It stops just before it could read the command.
      if (hang) qemu.kill('SIGSTOP');
      hang = false;
    };
    const vm = await driver.attach({ monitor: qemu.path, times, devices: [trustedNic], trace });
    const looks = () =>
      seen.of('outcome').flatMap(({ args }) => (args.type === 'nicRxFilterChanged' ? [args] : []));
    await bounded(
      'the handler',
      seen.until(() => looks().length === 1),
    );
    expect(looks()[0]).toEqual({
      type: 'nicRxFilterChanged',
      status: 'failed',
      why: 'no reply to query-rx-filter within 10000 ms',
    });
    expect(vm.state.monitor).toBe('unresponsive');
    expect(host.writes).toEqual([]);
    qemu.kill('SIGCONT');
    await bounded(
      'the second look',
      seen.until(() => looks().length === 2),
    );
    expect(looks()[1]).toEqual({ type: 'nicRxFilterChanged', status: 'done' });
    // A NIC that no driver has set up yet is promiscuous.
    expect(seen.of('host').map(({ args }) => args.change)).toEqual([{ type: 'set-promiscuous', on: true }]);
    expect(host.flags).toContain('PROMISC');
  });

  test('close() while it hangs is bounded, and settles what waits with a typed error (design §5)', async () => {
    await using qemu = await startQemu({ paused: true });
    await using other = await startQemu({ paused: true });
    const driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path, times, control: true });
    await driver.attach({ monitor: other.path, times });
    qemu.kill('SIGSTOP');
    const waiting = [vm.execute('query-status'), vm.resume(), vm.destroy()].map((promise) =>
      promise.catch((error: unknown) => error),
    );
    await bounded(
      'unresponsive',
      seen.until(() => vm.state.monitor === 'unresponsive'),
    );
    await bounded('close', driver.close());
    for (const error of await bounded('what waits', Promise.all(waiting)))
      expect(error).toMatchObject({
        code: expect.stringMatching(/^ERR_(CLOSED|STATE|COMMAND_INTERRUPTED|DOMAIN_INACTIVE)$/),
      });
    expect(seen.lifecycle).toEqual([]);
    expect(qemu.child.exitCode).toBeNull();
    expect((await other.qmp<{ status: string }>('query-status')).status).toBe('prelaunch');
  });
});
