/**
 * The guard against "destroyed while its event was being processed": the domain goes at every step of the
 * handler of NIC_RX_FILTER_CHANGED, in every way in which it can go.
 */
import { describe, expect, test } from 'vitest';
import { waitFor } from 'xstate';
import { createIproute2 } from '../../../src/host/iproute2.ts';
import { type Domain, type Driver, openDriver } from '../../../src/index.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { FakeHost, type IpCommand, trustedNic } from '../../support/fake-host.ts';
import { Seen } from '../../support/seen.ts';

const GUEST_FILTER = {
  'main-mac': '52:54:00:00:00:02',
  promiscuous: true,
  multicast: 'normal',
  'multicast-table': ['33:33:00:00:00:05', '33:33:00:00:00:06'],
} satisfies Parameters<FakeQemu['setRxFilter']>[1];

/** The same filter as the host has: the look at attach finds nothing to do. */
const QUIET_FILTER = { 'main-mac': '52:54:00:00:00:01', promiscuous: false, 'vlan-table': [] };

interface World {
  readonly qemu: FakeQemu;
  readonly driver: Driver;
  readonly vm: Domain;
  readonly host: FakeHost;
  readonly seen: Seen;
  /** Whatever must not be left waiting. */
  readonly pending: Promise<unknown>[];
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const host = new FakeHost();
  const nics = [{ name: 'net0' }, { name: 'net1' }];
  await using qemu = await FakeQemu.start({ nics });
  for (const nic of nics) qemu.setRxFilter(nic.name, QUIET_FILTER);
  await using driver = await openDriver({ runtime: host.runtime, host: createIproute2(host.runtime) });
  const seen = new Seen(driver);
  const vm = await driver.attach({
    monitor: qemu.path,
    control: true,
    devices: [trustedNic, { ...trustedNic, alias: 'net1', host: null }],
    times: { greetingMs: 50 },
  });
  await seen.until(() => seen.of('outcome').length === 3);
  const world: World = { qemu, driver, vm, host, seen, pending: [] };
  await run(world);
  await Promise.allSettled(world.pending);
}

/** Each way to go ends when the loss is known here: from then on nothing may be started. */
const waysToGo: Readonly<Record<string, (world: World) => Promise<void>>> = {
  async 'by SIGKILL'({ qemu, seen, vm }) {
    qemu.kill();
    await seen.until(() => vm.state.monitor === 'lost');
  },
  async 'by a destroy call'({ vm, pending }) {
    pending.push(vm.destroy().catch(() => {}));
  },
  async 'by the end of its monitor, which another client takes'({ qemu, seen, vm }) {
    qemu.faults.greeting(null);
    qemu.faults.closeAfterBytes(0);
    qemu.emit('POWERDOWN');
    await seen.until(() => vm.state.monitor === 'lost');
  },
  async 'by a new incarnation under its name'({ qemu, seen, vm }) {
    await qemu.restart();
    await seen.until(() => vm.state.monitor === 'lost' || seen.lifecycle.includes('started booted'));
  },
  async 'by the close of the driver'({ driver, pending }) {
    pending.push(driver.close());
  },
};

/** Steps of the handler; each calls `go` exactly there, once. */
const steps: Readonly<Record<string, (world: World, go: () => Promise<void>) => Promise<void>>> = {
  async 'queued, before the job'({ qemu, vm }, go) {
    const arrived = hook(qemu, 'query-rx-filter');
    qemu.setRxFilter('net1', { promiscuous: true });
    await arrived.reached;
    qemu.setRxFilter('net0', GUEST_FILTER);
    await waitFor(vm.actor, ({ context }) => context.work.waiting.length === 1);
    await go();
    arrived.release();
  },
  async 'waiting for the job'({ qemu, vm, pending }, go) {
    const arrived = hook(qemu, 'stop');
    pending.push(vm.suspend().catch(() => {}));
    await arrived.reached;
    qemu.setRxFilter('net0', GUEST_FILTER);
    await waitFor(vm.actor, ({ context }) => context.work.jobs.waiters.length === 1);
    await go();
    arrived.release();
  },
  async 'waiting for the reply of QEMU'({ qemu }, go) {
    const arrived = hook(qemu, 'query-rx-filter');
    qemu.setRxFilter('net0', GUEST_FILTER);
    await arrived.reached;
    await go();
    arrived.release();
  },
  ...Object.fromEntries(
    // look, look, set-mac, look, add, look, add, look, promiscuous: each `ip` of one sync
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => [
      `at host command ${number} of its handler`,
      async ({ qemu, host }: World, go: () => Promise<void>) => {
        const first = host.commands.length;
        const reached = new Promise<void>((resolve, reject) => {
          host.before = async (_command, n) => {
            if (n === first + number) await go().then(resolve, reject);
          };
        });
        qemu.setRxFilter('net0', GUEST_FILTER);
        await reached;
      },
    ]),
  ),
};

/** Holds a command in QEMU until it is released. */
function hook(qemu: FakeQemu, command: string): { reached: Promise<void>; release(): void } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    qemu.faults.once(command, () => {
      resolve();
      return released;
    });
  });
  return { reached, release };
}

/** Only the run that is gone had these addresses; the next one begins with QEMU's own filter. */
const isOfGuestFilter = ({ args, lines }: IpCommand): boolean =>
  (args[0] === 'maddress' && args[1] === 'add' && GUEST_FILTER['multicast-table'].includes(args[2] ?? '')) ||
  lines.some((line) => line.includes(GUEST_FILTER['main-mac']));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const settled = (vm: Domain): boolean => {
  const { running, waiting } = vm.actor.getSnapshot().context.work;
  return running === null && waiting.length === 0;
};

describe('3. No command to QEMU and no change of the host is started for a domain after its loss became known here (one already running is bounded), and nothing of an earlier run (incarnation) of a domain touches a later one.', () => {
  for (const [step, reach] of Object.entries(steps))
    for (const [way, leave] of Object.entries(waysToGo))
      test(`the domain goes ${way}, NIC_RX_FILTER_CHANGED is ${step} (qemu_driver.c:qemuProcessEventHandler)`, () =>
        inWorld(async (world) => {
          const { qemu, vm, seen, host } = world;
          const incarnation = vm.state.incarnation;
          let started = Number.POSITIVE_INFINITY;
          await reach(world, async () => {
            await leave(world);
            started = host.commands.length;
          });
          const closed = way.includes('driver');
          const again = way.includes('incarnation');
          if (closed) await Promise.allSettled(world.pending);
          else if (way.includes('monitor'))
            await seen.until(() => settled(vm) || vm.state.monitor === 'lost');
          else await seen.until(() => seen.lifecycle.some((one) => one.startsWith('stopped')));
          if (again) {
            await seen.until(() => seen.lifecycle.includes('started booted'));
            await seen.until(() => settled(vm));
          }

          // The fake host answers within a turn: whatever the handler would still do, it has done now.
          await turn();
          await turn();

          // No host change was started after the loss was known, but for the next incarnation's own.
          if (again) {
            expect(host.commands.slice(started).filter(isOfGuestFilter)).toEqual([]);
            const queries = qemu.received.filter(({ command }) => command === 'query-rx-filter');
            const lastConnection = Math.max(...qemu.received.map(({ connection }) => connection));
            // Two NICs, each read once, by the new incarnation.
            expect(queries.filter(({ connection }) => connection === lastConnection)).toHaveLength(2);
          } else expect(host.commands.slice(started).filter(({ writes }) => writes)).toEqual([]);

          if (closed) return;
          // One outcome for each process event: two looks at attach, one or two events, and the EOF's.
          const outcomes = seen.of('outcome').filter((event) => event.incarnation === incarnation);
          const nics = outcomes.filter(({ args }) => args.type === 'nicRxFilterChanged');
          const submitted = 2 + (step.startsWith('queued') ? 2 : 1);
          const lost = way.includes('monitor') && step.startsWith('queued');
          // What waits for its monitor has not ended yet.
          expect(nics).toHaveLength(lost ? submitted - 1 : submitted);
          expect(nics.slice(2).map(({ args }) => args.status)).not.toContain('failed');
          if (!step.startsWith('at host command 9')) expect(nics.at(-1)?.args.status).toBe('ignored');
          const stopped = seen
            .of('lifecycle')
            .filter((event) => event.incarnation === incarnation && event.args.event === 'stopped');
          expect(stopped).toHaveLength(way.includes('monitor') ? 0 : 1);
          // Nothing of it comes after its `stopped`.
          if (stopped[0] !== undefined) {
            const after = seen.all.slice(seen.all.indexOf(stopped[0]) + 1);
            expect(after.filter((event) => event.incarnation === incarnation)).toEqual([]);
          }
        }));
});
