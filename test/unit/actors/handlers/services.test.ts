/** Helper programs that are lost: who is asked to start them again, for whom, and when nobody is. */
import { describe, expect, test, vi } from 'vitest';
import {
  type AttachOptions,
  type Domain,
  type Driver,
  openDriver,
  type ServiceRequest,
  type Services,
} from '../../../../src/index.ts';
import { FakeQemu } from '../../../../src/testing/index.ts';
import { Seen } from '../../../support/seen.ts';

const devices = [
  { type: 'net', alias: 'net0', backend: 'passt' },
  { type: 'net', alias: 'net1', backend: 'tap' },
  { type: 'net', alias: 'net2' },
  { type: 'disk', alias: 'virtio-disk0', reservations: 'managed' },
  { type: 'disk', alias: 'virtio-disk1' },
] as const satisfies AttachOptions['devices'];

interface World {
  readonly qemu: FakeQemu;
  readonly driver: Driver;
  readonly vm: Domain;
  readonly seen: Seen;
  /** Each call: the service, the domain, the device. */
  readonly calls: string[];
  readonly requests: ServiceRequest[];
  /** Resolves at the first call. */
  readonly called: Promise<void>;
  /** How the next process event after the look at attach ended. */
  outcome(): Promise<{ status: string; why?: string }>;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function withResolvers(): { promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

async function inWorld(
  run: (world: World) => Promise<void>,
  options: {
    attach?: Partial<AttachOptions>;
    services?: Services | null;
    answer?: (request: ServiceRequest) => Promise<void>;
  } = {},
): Promise<void> {
  const { answer = async () => {} } = options;
  const calls: string[] = [];
  const requests: ServiceRequest[] = [];
  const { promise: called, resolve } = withResolvers();
  const service = (name: string) => (request: ServiceRequest) => {
    calls.push(`${name} ${request.domain} ${request.alias}`);
    requests.push(request);
    resolve();
    return answer(request);
  };
  const services = options.services ?? {
    restartPrHelper: service('pr'),
    restartPasst: service('passt'),
    restartNbdkit: service('nbdkit'),
  };
  await using qemu = await FakeQemu.start({ name: 'vm1' });
  await using driver = await openDriver({
    ...(options.services === null ? {} : { services }),
    // Whoever is waited for is waited for too long.
    closeTimeoutMs: 60_000,
  });
  const seen = new Seen(driver);
  const vm = await driver.attach({ monitor: qemu.path, control: true, devices, ...options.attach });
  await seen.until(() => seen.of('outcome').length === 1);
  const outcome = async () => {
    await seen.until(() => seen.of('outcome').length >= 2);
    const { type: _, ...rest } = seen.of('outcome')[1]?.args ?? { status: 'none' };
    return rest;
  };
  await run({ qemu, driver, vm, seen, calls, requests, called, outcome });
}

const prLost = (qemu: FakeQemu, more: object = {}): void =>
  qemu.emit('PR_MANAGER_STATUS_CHANGED', { id: 'pr-helper0', connected: false, ...more });
const streamLost = (qemu: FakeQemu, netdev: string, name = 'NETDEV_STREAM_DISCONNECTED'): void =>
  qemu.emit(name, { 'netdev-id': netdev });

/** Each way in which a program is lost, and the call that it makes. */
const losses: Readonly<Record<string, { lose(world: World): void; call: string }>> = {
  PR_MANAGER_STATUS_CHANGED: { lose: ({ qemu }) => prLost(qemu), call: 'pr vm1 null' },
  NETDEV_STREAM_DISCONNECTED: { lose: ({ qemu }) => streamLost(qemu, 'hostnet0'), call: 'passt vm1 net0' },
  'serviceExited()': {
    lose: ({ vm }) => vm.serviceExited('nbdkit', 'virtio-disk1'),
    call: 'nbdkit vm1 virtio-disk1',
  },
};

describe.each(Object.entries(losses))('%s', (name, { lose, call }) => {
  test('who gave the service is asked once, and the outcome waits for it (qemu_driver.c:qemuProcessEventHandler)', async () => {
    const { promise, resolve } = withResolvers();
    await inWorld(
      async (world) => {
        lose(world);
        await world.called;
        await turn();
        expect(world.seen.of('outcome')).toHaveLength(1);
        resolve();
        expect(await world.outcome()).toEqual({ status: 'done' });
        expect(world.calls).toEqual([call]);
      },
      { answer: () => promise },
    );
  });

  test('an observer asks nobody (design.md §3a)', () =>
    inWorld(
      async (world) => {
        lose(world);
        expect(await world.outcome()).toEqual({ status: 'ignored', why: 'not in control' });
        expect(world.calls).toEqual([]);
      },
      { attach: { control: false } },
    ));

  test('without services there is nobody to ask', () =>
    inWorld(
      async (world) => {
        lose(world);
        expect(await world.outcome()).toEqual({ status: 'ignored', why: 'no service was given for it' });
      },
      { services: null },
    ));

  test.each([
    ['rejects', () => Promise.reject(new Error('no such program'))],
    [
      'throws',
      () => {
        throw new Error('no such program');
      },
    ],
  ])(
    'a service that %s is a failed outcome, and no more (libvirt-events.md §3.2: failure only logged)',
    async (_, answer) =>
      inWorld(
        async (world) => {
          lose(world);
          expect(await world.outcome()).toEqual({ status: 'failed', why: 'no such program' });
          expect(world.vm.state).toMatchObject({ state: 'running', monitor: 'ready' });
        },
        { answer },
      ),
  );

  test('a domain that goes does not wait for its service, and tells it so (architecture.md#leases)', () =>
    inWorld(
      async (world) => {
        lose(world);
        await world.called;
        expect(world.requests[0]?.signal.aborted).toBe(false);
        world.qemu.kill();
        await world.seen.until(() => world.seen.lifecycle.includes('stopped failed'));
        expect(world.requests[0]?.signal.aborted).toBe(true);
        expect(await world.outcome()).toMatchObject({ status: 'ignored' });
      },
      { answer: () => new Promise(() => {}) },
    ));

  test(`the driver's close() does not wait for it (${name})`, () =>
    inWorld(
      async (world) => {
        lose(world);
        await world.called;
        await world.driver.close();
        expect(world.requests[0]?.signal.aborted).toBe(true);
      },
      { answer: () => new Promise(() => {}) },
    ));
});

describe('the helper for persistent reservations (qemu_driver.c:processPRDisconnectEvent)', () => {
  test.each([
    ['that uses none', [{ type: 'disk', alias: 'virtio-disk1' }]],
    ['that has no disk', []],
    ['that is no disk', [{ type: 'scsi', alias: 'x', reservations: 'managed' }]],
  ])('is not missed by a domain %s', (_, some) =>
    inWorld(
      async ({ qemu, outcome, calls }) => {
        prLost(qemu);
        expect(await outcome()).toEqual({ status: 'ignored', why: 'no disk has managed reservations' });
        expect(calls).toEqual([]);
      },
      { attach: { devices: some } },
    ),
  );

  test.each([
    ['came', { connected: true }],
    ["is a disk's own", { id: 'pr-helper-virtio-disk0' }],
  ])(
    'nothing is to be done where it %s (qemu_process.c:qemuProcessHandlePRManagerStatusChanged)',
    (_, more) =>
      inWorld(async ({ qemu, vm, seen, calls }) => {
        prLost(qemu, more);
        await seen.until(() => seen.of('drop').length > 0);
        expect(vm.actor.getSnapshot().context.work.running).toBeNull();
        expect(calls).toEqual([]);
      }),
  );
});

describe('passt (qemu_driver.c:processNetdevStreamDisconnectedEvent)', () => {
  test.each([
    ['net0', 'net0 names no NIC'],
    ['host', 'host names no NIC'],
    ['', ' names no NIC'],
    ['guest-hostnet0', 'guest-hostnet0 names no NIC'],
    ['hosthostnet0', 'no NIC hostnet0'],
    ['hostvirtio-disk0', 'no NIC virtio-disk0'],
    ['hostnet1', 'net1 has no passt'],
    ['hostnet2', 'net2 has no passt'],
  ])('the netdev %j is none of ours to start: %s', (netdev, why) =>
    inWorld(async ({ qemu, outcome, calls }) => {
      streamLost(qemu, netdev);
      expect(await outcome()).toEqual({ status: 'ignored', why });
      expect(calls).toEqual([]);
    }),
  );

  test('a vhost-user one is started again as well (QAPI net.json:NETDEV_VHOST_USER_DISCONNECTED, 10.0)', () =>
    inWorld(async ({ qemu, outcome, calls }) => {
      streamLost(qemu, 'hostnet0', 'NETDEV_VHOST_USER_DISCONNECTED');
      expect(await outcome()).toEqual({ status: 'done' });
      expect(calls).toEqual(['passt vm1 net0']);
    }));
});

describe('nbdkit (qemu_driver.c:processNbdkitExitedEvent)', () => {
  test.each([
    ['nobody', 'no device nobody'],
    ['net0', 'net0 is no disk'],
  ])('of %s is nobody’s: %s', (alias, why) =>
    inWorld(async ({ vm, outcome, calls }) => {
      vm.serviceExited('nbdkit', alias);
      expect(await outcome()).toEqual({ status: 'ignored', why });
      expect(calls).toEqual([]);
    }),
  );

  test('what is told of a domain that is off, or detached, means nothing', () =>
    inWorld(async ({ qemu, vm, seen, calls }) => {
      qemu.kill();
      await seen.until(() => seen.lifecycle.includes('stopped failed'));
      const before = seen.all.length;
      // An actor that has ended says so if it is sent something.
      const warn = vi.spyOn(console, 'warn');
      vm.serviceExited('nbdkit', 'virtio-disk0');
      await vm.detach();
      vm.serviceExited('nbdkit', 'virtio-disk0');
      await turn();
      expect(seen.all.slice(before).map(({ type }) => type)).not.toContain('outcome');
      expect(calls).toEqual([]);
      expect(warn).not.toHaveBeenCalled();
      warn.mockRestore();
    }));

  test('what cannot be a service or an alias is a TypeError', () =>
    inWorld(async ({ vm }) => {
      expect(() => vm.serviceExited('passt' as 'nbdkit', 'net0')).toThrow(TypeError);
      expect(() => vm.serviceExited('nbdkit', '')).toThrow(/expected an alias/);
      expect(() => vm.serviceExited('nbdkit', 7 as never)).toThrow(TypeError);
    }));
});

describe('openDriver({ services })', () => {
  test.each([null, 7, 'all', {}, { restartPrHlper() {} }, { restartPasst: 'yes' }])(
    'is a TypeError where it is no object with such functions: %j',
    async (services) => {
      await expect(openDriver({ services: services as Services })).rejects.toThrow(/restartPrHelper/);
    },
  );

  test('functions are called as methods of it', async () => {
    class Helpers implements Services {
      readonly started: (string | null)[] = [];
      async restartPasst({ alias }: ServiceRequest): Promise<void> {
        this.started.push(alias);
      }
    }
    const helpers = new Helpers();
    await inWorld(
      async ({ qemu, outcome }) => {
        streamLost(qemu, 'hostnet0');
        expect(await outcome()).toEqual({ status: 'done' });
        expect(helpers.started).toEqual(['net0']);
      },
      { services: helpers },
    );
  });
});
