/** Addresses of a guest's RDMA device on the host: which are made, where, and where not. */
import { describe, expect, test } from 'vitest';
import { createDryRunNetwork } from '../../../../src/host/dry-run.ts';
import type { HostNetwork } from '../../../../src/host/host-network.ts';
import { createIproute2 } from '../../../../src/host/iproute2.ts';
import { type AttachOptions, openDriver } from '../../../../src/index.ts';
import { FakeQemu } from '../../../../src/testing/index.ts';
import { FakeHost } from '../../../support/fake-host.ts';
import { Seen } from '../../../support/seen.ts';

const rdma = { type: 'rdma', alias: 'rdma0', host: { interface: 'macvtap0' } } as const;
/** `fe80::`, and `5054:00ff:fe12:3456` after it, as a little-endian QEMU tells them. */
const PREFIX = 33_022n;
const INTERFACE = 0x56_34_12_fe_ff_00_54_50n;

interface World {
  readonly qemu: FakeQemu;
  readonly host: FakeHost;
  readonly seen: Seen;
  /** As QEMU writes it: integers of 64 bits. */
  tell(present: boolean, netdev?: string, prefix?: bigint, id?: bigint): void;
  outcome(): Promise<{ status: string; why?: string }>;
}

async function inWorld(
  run: (world: World) => Promise<void>,
  options: {
    attach?: Partial<AttachOptions>;
    network?: (host: FakeHost) => HostNetwork | 'off';
  } = {},
): Promise<void> {
  const { network = ({ runtime }) => createIproute2(runtime) } = options;
  const host = new FakeHost();
  await using qemu = await FakeQemu.start({});
  await using driver = await openDriver({ runtime: host.runtime, host: network(host) });
  const seen = new Seen(driver);
  await driver.attach({ monitor: qemu.path, devices: [rdma], ...options.attach });
  await seen.until(() => seen.of('outcome').length === 1);
  await run({
    qemu,
    host,
    seen,
    tell(present, netdev = 'macvtap0', prefix = PREFIX, id = INTERFACE) {
      const data = `"netdev": ${JSON.stringify(netdev)}, "gid-status": ${present}, "subnet-prefix": ${prefix}, "interface-id": ${id}`;
      const timestamp = '{"seconds": 1, "microseconds": 2}';
      qemu.faults.rubbish(
        `{"timestamp": ${timestamp}, "event": "RDMA_GID_STATUS_CHANGED", "data": {${data}}}\r\n`,
      );
    },
    async outcome() {
      await seen.until(() => seen.of('outcome').length >= 2);
      const { type, ...rest } = seen.of('outcome')[1]?.args ?? { type: 'none', status: 'none' };
      expect(type).toBe('rdmaGidStatusChanged');
      return rest;
    },
  });
}

const written = ({ writes }: FakeHost): string[] => writes.flatMap(({ lines }) => lines);

describe('RDMA_GID_STATUS_CHANGED (qemu_driver.c:processRdmaGidStatusChangedEvent)', () => {
  test('an address that came is added to the interface, with a report', () =>
    inWorld(async ({ host, seen, tell, outcome }) => {
      tell(true);
      expect(await outcome()).toEqual({ status: 'done' });
      expect(written(host)).toEqual(['address add fe80::5054:ff:fe12:3456/64 dev macvtap0']);
      expect(seen.of('host').map(({ args }) => args)).toEqual([
        {
          device: 'rdma0',
          interface: 'macvtap0',
          change: { type: 'add-address', address: 'fe80::5054:ff:fe12:3456/64' },
          dryRun: false,
        },
      ]);
    }));

  test('one that went is removed, once', () =>
    inWorld(async ({ host, seen, tell }) => {
      const address = 'fe80::5054:ff:fe12:3456/64';
      tell(true);
      tell(true);
      tell(false);
      tell(false);
      // The look at attach is the first.
      await seen.until(() => seen.of('outcome').length === 5);
      const ended = seen.of('outcome').map(({ args }) => args.why ?? args.status);
      expect(ended.slice(1)).toEqual(['done', 'it is there', 'done', 'it was not added for this domain']);
      expect(written(host)).toEqual([
        `address add ${address} dev macvtap0`,
        `address del ${address} dev macvtap0`,
      ]);
    }));

  test('one that was not added for the domain stays: the guest may not take what is of the host itself', () =>
    inWorld(async ({ host, tell, outcome }) => {
      tell(false);
      expect(await outcome()).toEqual({ status: 'ignored', why: 'it was not added for this domain' });
      expect(written(host)).toEqual([]);
    }));

  test('a prefix of 0 is an IPv4 address, with the broadcast of its network (virnetdevip.c:virNetDevIPAddrAdd)', () =>
    inWorld(async ({ host, tell, outcome }) => {
      tell(true, 'macvtap0', 0n, 0x05_02_00_c0_ff_ff_00_00n);
      expect(await outcome()).toEqual({ status: 'done' });
      expect(written(host)).toEqual(['address add 192.0.2.5/24 broadcast + dev macvtap0']);
    }));

  test('a dry run reports what is due', () =>
    inWorld(
      async ({ host, seen, tell, outcome }) => {
        tell(true);
        expect(await outcome()).toEqual({ status: 'done' });
        expect(host.writes).toEqual([]);
        expect(seen.of('host').map(({ args }) => args)).toMatchObject([
          { change: { type: 'add-address' }, dryRun: true },
        ]);
      },
      { network: ({ runtime }) => createDryRunNetwork(createIproute2(runtime)) },
    ));

  test("with host: 'off' nothing is even read", () =>
    inWorld(
      async ({ host, tell, outcome }) => {
        tell(true);
        expect(await outcome()).toEqual({ status: 'ignored', why: 'the host is not to be touched' });
        expect(host.commands).toEqual([]);
      },
      { network: () => 'off' },
    ));

  test('a NIC that is configured with the interface will do', () =>
    inWorld(
      async ({ host, seen, tell, outcome }) => {
        tell(true);
        expect(await outcome()).toEqual({ status: 'done' });
        expect(host.writes).toHaveLength(1);
        expect(seen.of('host')[0]?.args.device).toBe('net0');
      },
      {
        attach: {
          devices: [{ type: 'net', alias: 'net0', host: { interface: 'macvtap0', kind: 'macvtap' } }],
        },
      },
    ));

  test('a device without an alias is reported by its interface', () =>
    inWorld(
      async ({ seen, tell, outcome }) => {
        tell(true);
        expect(await outcome()).toEqual({ status: 'done' });
        expect(seen.of('host')[0]?.args.device).toBe('macvtap0');
      },
      { attach: { devices: [{ type: 'rdma', host: { interface: 'macvtap0' } }] } },
    ));

  test.each([
    'eth0',
    '',
    'macvtap0 ',
    '../macvtap0',
    'macvtap0\naddress add 10.0.0.1/8 dev eth0',
    '-batch',
    'x'.repeat(4096),
    '"',
  ])('an interface that the domain was not configured with is left alone: %j', (netdev) =>
    inWorld(async ({ host, tell, outcome }) => {
      tell(true, netdev);
      expect(await outcome()).toEqual({ status: 'ignored', why: 'not configured' });
      expect(host.commands).toEqual([]);
    }),
  );

  test('where the devices are not known, no interface is configured', () =>
    inWorld(
      async ({ host, tell, outcome }) => {
        tell(true);
        expect(await outcome()).toEqual({ status: 'ignored', why: 'not configured' });
        expect(host.commands).toEqual([]);
      },
      { attach: { devices: [{ type: 'other', alias: 'x' }] } },
    ));

  test('a group, or what is reserved, is no address of an interface', () =>
    inWorld(async ({ host, tell, outcome }) => {
      tell(true, 'macvtap0', 0n, 0n);
      expect(await outcome()).toEqual({ status: 'ignored', why: 'no address that an interface can have' });
      expect(host.commands).toEqual([]);
    }));

  test('an interface that is gone is a failed outcome', () =>
    inWorld(async ({ host, tell, outcome }) => {
      host.present = false;
      tell(true);
      expect(await outcome()).toEqual({ status: 'failed', why: 'interface changed: no macvtap0' });
      expect(host.writes).toEqual([]);
    }));

  test('an interface that is replaced meanwhile is not changed (architecture.md#leases)', () =>
    inWorld(async ({ host, tell, outcome }) => {
      host.before = (_, number) => {
        if (number === 2) host.ifindex = 8;
      };
      tell(true);
      expect(await outcome()).toMatchObject({
        status: 'failed',
        why: expect.stringContaining('interface changed'),
      });
      expect(host.writes).toEqual([]);
    }));

  test('a QEMU in another network namespace names nothing of ours (namespaces(7))', () =>
    inWorld(
      async ({ host, tell, outcome }) => {
        tell(true);
        expect(await outcome()).toEqual({ status: 'failed', why: 'QEMU is in another network namespace' });
        expect(host.commands).toEqual([]);
      },
      { attach: { pid: process.pid }, network: elsewhere },
    ));

  test('a domain that goes between look-up and change is not followed', () =>
    inWorld(async ({ qemu, host, seen, tell }) => {
      host.before = async (_, number) => {
        if (number !== 2) return;
        qemu.kill();
        await seen.until(() => seen.of('state').some(({ args }) => args.monitor === 'lost'));
      };
      tell(true);
      await seen.until(() => seen.of('outcome').some(({ args }) => args.status === 'ignored'));
      await new Promise((resolve) => setImmediate(resolve));
      expect(host.writes).toEqual([]);
    }));
});

/** A host on which this process is in a network of its own. */
function elsewhere({ runtime }: FakeHost): HostNetwork {
  const { link } = runtime.files;
  Object.assign(runtime.files, {
    link: (path: string) =>
      path === `/proc/${process.pid}/ns/net` ? Promise.resolve('net:[7]') : link(path),
  });
  return createIproute2(runtime);
}
