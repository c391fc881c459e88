import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { discoverDevices } from '../../../../src/actors/discovery/discover-devices.ts';
import { type DomainDevice, type DomainDevices, isDisk, isNet } from '../../../../src/events/devices.ts';
import { MAX_STRING_LENGTH } from '../../../../src/events/payload.ts';
import { captureFiles, captureSource, identity, reply, runtimeWith } from './helpers.ts';

const disk = {
  ...({ type: 'disk', target: null, source: null, nodes: [], paths: {}, qomName: null } as const),
  reservations: null,
};
const ALL: readonly DomainDevice[] = [
  { type: 'balloon', alias: 'balloon0' },
  { type: 'channel', alias: 'channel0', name: 'org.qemu.guest_agent.0' },
  { type: 'memory', alias: 'dimm0', model: 'dimm', sizeKiB: 65536 },
  {
    type: 'net',
    alias: 'net0',
    mac: '52:54:00:12:34:56',
    trustGuestRxFilters: false,
    host: { interface: 'macvtap0', kind: 'macvtap' },
    backend: null,
  },
  {
    ...({ type: 'net', alias: 'net1', mac: '52:54:00:12:34:57' } as const),
    ...{ trustGuestRxFilters: false, host: null, backend: null },
  },
  {
    type: 'net',
    alias: 'net2',
    mac: '52:54:00:12:34:58',
    trustGuestRxFilters: false,
    host: { interface: 'tap2', kind: 'tap' },
    backend: null,
  },
  { type: 'panic', alias: 'panic0' },
  { type: 'controller', alias: 'pci.1' },
  { type: 'rng', alias: 'rng0' },
  {
    ...disk,
    alias: 'sata0-0-1',
    source: 'cd.iso',
    nodes: ['libvirt-4-format', 'libvirt-4-storage'],
    bus: 'sata',
  },
  { ...disk, alias: 'sata0-0-2', bus: 'sata' },
  { type: 'controller', alias: 'scsi0' },
  { ...disk, alias: 'scsi0-0-0-0', nodes: ['far'], bus: 'scsi' },
  { type: 'serial', alias: 'serial0' },
  { type: 'controller', alias: 'usb' },
  {
    ...disk,
    alias: 'usb-disk0',
    source: 'stick.raw',
    nodes: ['stick'],
    qomName: '/machine/peripheral/usb-disk0/usb-disk0.0/legacy[0]',
    bus: 'usb',
  },
  { type: 'video', alias: 'video0' },
  {
    ...disk,
    alias: 'virtio-disk0',
    source: 'top.qcow2',
    nodes: [
      ...['libvirt-1-format', 'libvirt-1-storage', 'libvirt-2-format', 'libvirt-2-storage'],
      ...['libvirt-3-format', 'libvirt-3-storage'],
    ],
    paths: {
      'libvirt-2-format': 'mid.qcow2',
      'libvirt-2-storage': 'mid.qcow2',
      'libvirt-3-format': 'base.raw',
      'libvirt-3-storage': 'base.raw',
    },
    qomName: '/machine/peripheral/virtio-disk0/virtio-backend',
    bus: 'virtio',
  },
  { type: 'controller', alias: 'virtio-serial0' },
  { type: 'memory', alias: 'virtiomem0', model: 'virtio-mem', sizeKiB: 0 },
  { type: 'watchdog', alias: 'watchdog0', action: null },
  {
    ...disk,
    alias: 'ide3-hd0',
    source: 'legacy.raw',
    nodes: [expect.stringMatching(/^#block/), expect.stringMatching(/^#block/)],
    qomName: '/machine/unattached/device[16]',
    bus: 'sata',
  },
  {
    ...disk,
    alias: 'ua-old',
    source: 'old.raw',
    nodes: [expect.stringMatching(/^#block/), expect.stringMatching(/^#block/)],
    qomName: '/machine/peripheral-anon/device[0]/virtio-backend',
    bus: 'virtio',
  },
];

const withChange = (change: (device: DomainDevice) => DomainDevice): readonly DomainDevice[] =>
  ALL.map(change);

test('all that a QEMU 7.2 tells of its devices is found (captured)', async () => {
  expect(await discoverDevices(captureSource())).toEqual(ALL);
});

describe('a command that fails leaves out what it would have told, and nothing else', () => {
  const without = (device: DomainDevice, change: object) => ({ ...device, ...change });
  const noChain = (device: DomainDevice): DomainDevice => {
    if (!isDisk(device)) return device;
    const nodes = device.nodes.slice(0, 1);
    return without(device, { nodes, paths: {}, source: device.alias === 'usb-disk0' ? device.source : null });
  };
  const cases: Record<string, readonly DomainDevice[]> = {
    'query-block': withChange((device) =>
      isDisk(device) ? without(device, { source: null, nodes: [], paths: {}, qomName: null }) : device,
    ).filter(({ alias }) => alias !== 'ide3-hd0' && alias !== 'ua-old'),
    'query-named-block-nodes': withChange((device) =>
      isDisk(device) ? without(noChain(device), { source: null }) : device,
    ),
    'x-debug-query-block-graph': withChange(noChain),
    'human-monitor-command': withChange((device) =>
      isNet(device) ? without(device, { host: null }) : device,
    ),
    'query-memory-devices': withChange((device) =>
      device.type === 'memory' ? without(device, { sizeKiB: null }) : device,
    ),
    'qom-get': withChange((device) => {
      if (isNet(device)) return without(device, { mac: null, host: null });
      if (device.type === 'channel') return { type: 'other', alias: device.alias };
      return isDisk(device) && device.bus === 'sata' ? without(device, { bus: null }) : device;
    }).filter(({ alias }) => alias !== 'ide3-hd0' && alias !== 'ua-old'),
  };
  test.each(Object.entries(cases))('%s', async (failing, rest) => {
    const source = captureSource((command, _args, answer) => {
      if (command === failing) throw new Error('refused');
      return answer();
    });
    expect(await discoverDevices(source)).toEqual(rest);
  });

  test('but where the devices are not listed nothing is known of them (devices.ts:DomainDevices)', async () => {
    for (const listed of [new Error('refused'), undefined, null, {}, 'net0']) {
      const source = captureSource((command, _args, answer) => {
        if (command !== 'qom-list') return answer();
        if (listed instanceof Error) throw listed;
        return listed;
      });
      expect(await discoverDevices(source)).toBeNull();
    }
    expect(
      await discoverDevices(captureSource((command) => (command === 'qom-list' ? [] : undefined))),
    ).toEqual([]);
  });
});

test('an NVMe controller is a disk only if it has a drive of its own (QEMU hw/nvme/ctrl.c)', async () => {
  const nvme = (drives: object[]) =>
    captureSource((command) => {
      if (command === 'qom-list') return [{ name: 'nvme0', type: 'child<nvme>' }];
      return command === 'query-block' ? drives : [];
    });
  expect(await discoverDevices(nvme([]))).toEqual([{ type: 'controller', alias: 'nvme0' }]);
  expect(await discoverDevices(nvme([{ device: '', qdev: 'nvme0' }]))).toEqual([
    { ...disk, alias: 'nvme0', bus: 'nvme' },
  ]);
});

test('a flash chip is no disk, though query-block shows it', async () => {
  const source = captureSource((command, { path }) => {
    if (command === 'qom-list') return [];
    if (command === 'query-block')
      return [
        { device: 'pflash0', qdev: '/machine/system.flash0' },
        { device: 'mtd0', qdev: '/machine/unattached/device[3]' },
        { device: 'floppy0', qdev: '/machine/unattached/device[4]' },
      ];
    return path === '/machine/unattached/device[3]' ? 'm25p80' : 'floppy';
  });
  expect(await discoverDevices(source)).toMatchObject([{ alias: 'floppy0', type: 'disk', bus: 'fdc' }]);
});

test('a legacy drive does not take the alias of a device', async () => {
  const source = captureSource((command) => {
    if (command === 'qom-list')
      return [
        { name: 'x', type: 'child<virtio-rng-pci>' },
        { name: 'y', type: 'child<scsi-hd>' },
      ];
    if (command === 'query-block')
      return ['x', 'y'].map((name) => ({
        device: `drive-${name}`,
        qdev: '/machine/peripheral-anon/device[0]',
      }));
    return command === 'qom-get' ? 'virtio-blk-pci' : [];
  });
  expect(await discoverDevices(source)).toEqual([
    { type: 'rng', alias: 'x' },
    { ...disk, alias: 'y', bus: 'scsi' },
  ]);
});

test('the graph of nodes is not asked for where nodes tell their children (QAPI BlockdevChild, since 10.1)', async () => {
  const commands: string[] = [];
  const source = captureSource((command, _args, answer) => {
    commands.push(command);
    const answered = answer();
    if (command !== 'query-named-block-nodes') return answered;
    return (answered as object[]).map((node) => ({ ...node, children: [] }));
  });
  const devices = await discoverDevices(source);
  expect(devices?.find(({ alias }) => alias === 'virtio-disk0')).toMatchObject({
    nodes: ['libvirt-1-format'],
  });
  expect(commands).not.toContain('x-debug-query-block-graph');
});

describe('the host', () => {
  const hosts = (devices: DomainDevices) => devices?.filter(isNet).map(({ host }) => host);

  test('is not looked at where the process is not known', async () => {
    const commands: string[] = [];
    const source = captureSource((command, _args, answer) => {
      commands.push(command);
      return answer();
    });
    expect(hosts(await discoverDevices({ ...source, process: null }))).toEqual([null, null, null]);
    expect(commands).not.toContain('human-monitor-command');
  });

  test.each([
    ['the descriptors may not be read', runtimeWith({ ...captureFiles, lists: {} })],
    ['the process is gone', runtimeWith(captureFiles, null)],
    ['another process has its pid', runtimeWith(captureFiles, { ...identity, startTicks: '2' })],
  ])('says nothing where %s', async (_, runtime) => {
    expect(hosts(await discoverDevices({ ...captureSource(), runtime }))).toEqual([null, null, null]);
  });
});

describe('the signal', () => {
  test('ends it with its reason, whatever the command then says', async () => {
    const controller = new AbortController();
    const reason = new Error('revoked');
    const commands: string[] = [];
    const source = captureSource((command, _args, answer) => {
      commands.push(command);
      if (command === 'query-block') controller.abort(reason);
      return answer();
    });
    await expect(discoverDevices({ ...source, signal: controller.signal })).rejects.toBe(reason);
    expect(commands).toEqual(['qom-list', 'query-block']);
  });
});

describe('a hostile QEMU', () => {
  test('has at most 1000 devices, with names as short as in a payload, and is asked only so often', async () => {
    const long = 'x'.repeat(MAX_STRING_LENGTH + 1);
    let asked = 0;
    const source = captureSource((command) => {
      asked++;
      switch (command) {
        case 'qom-list':
          return [
            { name: long, type: 'child<virtio-net-pci>' },
            { name: 'long', type: `child<${long}>` },
            ...Array.from({ length: 900 }, (_, n) => ({ name: `c${n}`, type: 'child<virtserialport>' })),
          ];
        case 'query-block':
          return Array.from({ length: 5000 }, (_, n) => ({
            device: `d${n}`,
            qdev: `/machine/unattached/device[${n}]`,
            inserted: { 'node-name': n === 0 ? long : 'a' },
          }));
        case 'qom-get':
          return 'ide-hd';
        default:
          return [];
      }
    });
    const devices = await discoverDevices(source);
    expect(devices).toHaveLength(1000);
    expect(asked).toBeLessThan(4000);
    expect(devices?.filter(({ type }) => type === 'disk')).toHaveLength(100);
    expect(devices?.every(({ alias }) => (alias ?? '').length <= MAX_STRING_LENGTH)).toBe(true);
    expect(devices?.find(({ alias }) => alias === 'd0')).toMatchObject({ nodes: [] });
  });

  /** A reply with one part of it replaced, or with nothing of it left. */
  const broken = (good: unknown): fc.Arbitrary<unknown> =>
    fc.oneof(
      fc.jsonValue(),
      fc.anything({ withNullPrototype: true, maxDepth: 3 }),
      fc.tuple(fc.nat(), fc.jsonValue()).map(([at, value]) => replaceAt(good, at, value)),
    );

  function replaceAt(whole: unknown, at: number, value: unknown): unknown {
    let left = at % Math.max(countOf(whole), 1);
    const copy = (part: unknown): unknown => {
      if (left-- === 0) return value;
      if (Array.isArray(part)) return part.map(copy);
      if (typeof part !== 'object' || part === null) return part;
      return Object.fromEntries(Object.entries(part).map(([name, member]) => [name, copy(member)]));
    };
    return copy(whole);
  }

  const countOf = (part: unknown): number =>
    typeof part === 'object' && part !== null
      ? Object.values(part).reduce((sum: number, member) => sum + countOf(member), 1)
      : 1;

  const commands = [
    ['qom-list', { path: '/machine/peripheral' }],
    ['query-block', {}],
    ['query-named-block-nodes', { flat: true }],
    ['x-debug-query-block-graph', {}],
    ['human-monitor-command', { 'command-line': 'info network' }],
    ['query-memory-devices', {}],
    ['qom-get', { path: '/machine/peripheral/net0', property: 'mac' }],
  ] as const;

  test.each(commands)(
    'a malformed reply to %s makes nothing fail, and nothing that is no device',
    async (name, args) => {
      await fc.assert(
        fc.asyncProperty(broken(reply(name, args)), async (bad) => {
          const source = captureSource((command, _args, answer) => (command === name ? bad : answer()));
          const devices = await discoverDevices(source);
          if (name !== 'qom-list') expect(devices).not.toBeNull();
          expect((devices ?? []).length).toBeLessThanOrEqual(1000);
          for (const device of devices ?? []) requireDevice(device);
          expect(new Set(devices?.map(({ alias }) => alias)).size).toBe(devices?.length ?? 0);
        }),
        { numRuns: 200 },
      );
    },
  );

  function requireDevice(device: DomainDevice): void {
    const text = expect.stringMatching(/^.{1,4096}$/s);
    expect(device).toMatchObject({ type: text, alias: text });
    if (isNet(device)) expect(device.mac ?? '00:00:00:00:00:00').toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    if (!isDisk(device)) return;
    expect(device.nodes.every((node) => typeof node === 'string' && node.length <= MAX_STRING_LENGTH)).toBe(
      true,
    );
    expect(new Set(device.nodes).size).toBe(device.nodes.length);
  }
});
