/** What is found of the devices of a QEMU for which nobody told them. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { discoverDevices } from '../../src/actors/discovery/discover-devices.ts';
import { type DomainDevices, findDevice, findDisk } from '../../src/events/devices.ts';
import { createNodeRuntime } from '../../src/loop/node-runtime.ts';
import { describeWith } from '../support/needs.ts';
import { createNamespace, type Namespace, runInNamespace } from '../support/netns.ts';
import { type Qemu, startQemu } from '../support/qemu.ts';

const runtime = createNodeRuntime();
const discover = async (qemu: Qemu, commands: string[] = []): Promise<DomainDevices> =>
  discoverDevices({
    execute(command, args) {
      commands.push(command);
      return qemu.qmp(command, args);
    },
    runtime,
    process: await runtime.processes.identify(qemu.pid),
    signal: new AbortController().signal,
  });

/** Waits for a job to be done with, as `blockdev-create` is one. */
async function createImage(qemu: Qemu, id: string, options: object): Promise<void> {
  await qemu.qmp('blockdev-create', { 'job-id': id, options });
  for (;;) {
    const { data } = await qemu.event('JOB_STATUS_CHANGE');
    if (data?.id === id && data.status === 'concluded') break;
  }
  const jobs = await qemu.qmp<{ id: string; error?: string }[]>('query-jobs');
  expect(jobs).toMatchObject([{ id, status: 'concluded' }]);
  expect(jobs[0]?.error).toBeUndefined();
  await qemu.qmp('job-dismiss', { id });
}

describeWith(['qemu'], 'the devices of a QEMU', () => {
  let qemu: Qemu;
  let devices: DomainDevices;
  const commands: string[] = [];
  const path = (file: string): string => `${qemu.directory}/${file}`;
  const found = (alias: string): unknown => findDevice(devices, alias);

  beforeAll(async () => {
    qemu = await startQemu({
      paused: true,
      memory: '128M,slots=3,maxmem=1G',
      args: [
        ...['-device', 'virtio-scsi-pci,id=scsi0', '-device', 'qemu-xhci,id=usb'],
        ...['-blockdev', 'driver=null-co,node-name=far,size=1048576'],
        ...['-device', 'scsi-hd,bus=scsi0.0,drive=far,id=scsi0-0-0-0'],
        ...['-device', 'ich9-ahci,id=sata0', '-device', 'ide-cd,bus=sata0.1,id=sata0-0-1'],
        ...['-device', 'ide-cd,bus=sata0.2,id=sata0-0-2'],
        ...['-device', 'virtio-serial-pci,id=virtio-serial0', '-chardev', 'null,id=charchannel0'],
        ...['-device', 'virtserialport,chardev=charchannel0,id=channel0,name=org.qemu.guest_agent.0'],
        ...['-chardev', 'null,id=charchannel1', '-device', 'virtserialport,chardev=charchannel1,id=channel1'],
        ...['-netdev', 'user,id=hostnet0'],
        ...['-device', 'virtio-net-pci,netdev=hostnet0,id=net0,mac=52:54:00:12:34:56'],
        // Neither a back end, nor a model whose filter can be asked for.
        ...['-device', 'e1000,id=net1,mac=52:54:00:12:34:57'],
        ...[
          '-object',
          'memory-backend-ram,id=memdimm0,size=64M',
          '-device',
          'pc-dimm,memdev=memdimm0,id=dimm0',
        ],
        ...['-object', 'memory-backend-ram,id=memvm0,size=128M'],
        ...['-device', 'virtio-mem-pci,memdev=memvm0,id=virtiomem0,requested-size=16M'],
        ...['-device', 'i6300esb,id=watchdog0', '-device', 'pvpanic,id=panic0'],
        ...['-device', 'virtio-balloon-pci,id=balloon0', '-device', 'virtio-rng-pci,id=rng0'],
        ...['-device', 'usb-tablet,id=input0', '-device', 'VGA,id=video0', '-device', 'edu,id=ua-edu'],
        // No id.
        ...['-device', 'virtio-rng-pci'],
        ...['-drive', 'if=ide,format=raw,file.driver=null-co,file.size=1048576,file.read-zeroes=on'],
        ...['-drive', 'if=none,id=drive-ua-old,format=raw,file.driver=null-co,file.size=1048576'],
        ...['-device', 'virtio-blk-pci,drive=drive-ua-old'],
        ...['-drive', 'if=none,id=idle,format=raw,file.driver=null-co,file.size=1048576'],
      ],
    });
    await writeFile(path('base.raw'), Buffer.alloc(1024 * 1024));
    await writeFile(path('cd.iso'), Buffer.alloc(1024 * 1024));
    await writeFile(path('stick.raw'), Buffer.alloc(1024 * 1024));
    const add = (options: object) => qemu.qmp('blockdev-add', options as Record<string, unknown>);
    const storage = (name: string, filename: string) => ({ driver: 'file', 'node-name': name, filename });

    await add(storage('libvirt-2-storage', path('base.raw')));
    await add({
      driver: 'raw',
      'node-name': 'libvirt-2-format',
      file: 'libvirt-2-storage',
      'read-only': true,
    });
    await createImage(qemu, 'a', { driver: 'file', filename: path('top.qcow2'), size: 0 });
    await add(storage('libvirt-1-storage', path('top.qcow2')));
    await createImage(qemu, 'b', { driver: 'qcow2', file: 'libvirt-1-storage', size: 1024 * 1024 });
    await add({
      driver: 'qcow2',
      'node-name': 'libvirt-1-format',
      file: 'libvirt-1-storage',
      backing: 'libvirt-2-format',
    });
    await qemu.qmp('device_add', { driver: 'virtio-blk-pci', id: 'virtio-disk0', drive: 'libvirt-1-format' });

    await add({
      driver: 'raw',
      'node-name': 'cd',
      'read-only': true,
      file: storage('cd-file', path('cd.iso')),
    });
    await qemu.qmp('blockdev-open-tray', { id: 'sata0-0-1', force: true });
    await qemu.qmp('blockdev-insert-medium', { id: 'sata0-0-1', 'node-name': 'cd' });
    await add(storage('stick', path('stick.raw')));
    await qemu.qmp('device_add', { driver: 'usb-storage', id: 'usb-disk0', drive: 'stick' });
    devices = await discover(qemu, commands);
  });
  afterAll(() => qemu?.[Symbol.asyncDispose]());

  test('a disk has the nodes of its layers, active first, format before storage (QAPI query-block)', () => {
    expect(found('virtio-disk0')).toEqual({
      type: 'disk',
      alias: 'virtio-disk0',
      target: null,
      source: path('top.qcow2'),
      nodes: ['libvirt-1-format', 'libvirt-1-storage', 'libvirt-2-format', 'libvirt-2-storage'],
      paths: { 'libvirt-2-format': path('base.raw'), 'libvirt-2-storage': path('base.raw') },
      qomName: '/machine/peripheral/virtio-disk0/virtio-backend',
      bus: 'virtio',
      reservations: null,
    });
  });

  test('the QOM name of a disk is the one that libvirt makes of its alias (qemu_alias.c:qemuAssignDeviceDiskAlias)', () => {
    expect(found('usb-disk0')).toMatchObject({
      source: path('stick.raw'),
      nodes: ['stick'],
      qomName: '/machine/peripheral/usb-disk0/usb-disk0.0/legacy[0]',
      bus: 'usb',
    });
    expect(findDisk(devices, { qom: 'scsi0-0-0-0' })?.alias).toBe('scsi0-0-0-0');
  });

  test('a disk that is no file of this host has no source (QAPI BlockdevDriver)', () => {
    expect(found('scsi0-0-0-0')).toMatchObject({ source: null, nodes: ['far'], qomName: null, bus: 'scsi' });
  });

  test('a drive on an AHCI controller is on bus sata; one without a medium has no source and no nodes', () => {
    const cd = { type: 'disk', bus: 'sata', qomName: null };
    expect(found('sata0-0-1')).toMatchObject({ ...cd, source: path('cd.iso'), nodes: ['cd', 'cd-file'] });
    expect(found('sata0-0-2')).toMatchObject({ ...cd, source: null, nodes: [] });
  });

  test('a legacy drive without a device id is found by the name that events carry (QAPI BLOCK_IO_ERROR)', () => {
    const ide = findDisk(devices, { drive: 'ide0-hd0' });
    expect(ide).toMatchObject({ alias: 'ide0-hd0', source: null, bus: 'ide' });
    expect(ide?.nodes).toEqual([expect.stringMatching(/^#block\d+$/), expect.stringMatching(/^#block\d+$/)]);
    expect(findDisk(devices, { drive: 'drive-ua-old' })).toMatchObject({ alias: 'ua-old', bus: 'virtio' });
    expect(findDisk(devices, { qom: ide?.qomName ?? '' })).toBe(ide);
  });

  test('a channel has the name that the guest sees; a port without one is only a device', () => {
    expect(found('channel0')).toEqual({
      type: 'channel',
      alias: 'channel0',
      name: 'org.qemu.guest_agent.0',
    });
    expect(found('channel1')).toEqual({ type: 'other', alias: 'channel1' });
  });

  test('a NIC has the MAC it was configured with, trusts nobody, and on no tap has no host interface', () => {
    const nic = { type: 'net', trustGuestRxFilters: false, host: null, backend: null };
    expect(found('net0')).toEqual({ ...nic, alias: 'net0', mac: '52:54:00:12:34:56' });
    expect(found('net1')).toEqual({ ...nic, alias: 'net1', mac: '52:54:00:12:34:57' });
  });

  test('memory has the size that the guest has of it now (QAPI MemoryDeviceInfo)', () => {
    expect(found('dimm0')).toEqual({ type: 'memory', alias: 'dimm0', model: 'dimm', sizeKiB: 65536 });
    expect(found('virtiomem0')).toEqual({
      type: 'memory',
      alias: 'virtiomem0',
      model: 'virtio-mem',
      sizeKiB: 0,
    });
  });

  test('a watchdog is found, its action is not; the others have their kind', () => {
    expect(found('watchdog0')).toEqual({ type: 'watchdog', alias: 'watchdog0', action: null });
    const kinds = { panic0: 'panic', balloon0: 'balloon', rng0: 'rng', input0: 'input', video0: 'video' };
    for (const [alias, type] of Object.entries(kinds)) expect(found(alias)).toEqual({ type, alias });
    expect(found('ua-edu')).toEqual({ type: 'other', alias: 'ua-edu' });
  });

  test('nothing else is found: no device without an id, no drive without a device', () => {
    expect(devices?.map(({ alias }) => alias)).toEqual([
      ...['balloon0', 'channel0', 'channel1', 'dimm0', 'input0', 'net0', 'net1', 'panic0', 'rng0', 'sata0'],
      ...['sata0-0-1', 'sata0-0-2', 'scsi0', 'scsi0-0-0-0', 'ua-edu', 'usb', 'usb-disk0', 'video0'],
      ...['virtio-disk0', 'virtio-serial0', 'virtiomem0', 'watchdog0'],
      ...['ide0-hd0', 'ua-old'],
    ]);
  });

  test('QEMU is only asked: no filter is queried, which would make it send events again', () => {
    expect([...new Set(commands)].sort()).toEqual([
      ...['human-monitor-command', 'qom-get', 'qom-list', 'query-block', 'query-memory-devices'],
      ...['query-named-block-nodes', 'x-debug-query-block-graph'],
    ]);
  });
});

const script = fileURLToPath(new URL('../support/discover-process.ts', import.meta.url));

describeWith(['qemu', 'namespace'], 'the host interfaces of a QEMU', () => {
  let namespace: Namespace;
  let qemu: Qemu;

  beforeAll(async () => {
    namespace = await createNamespace();
    const { args, ...where } = namespace.qemuOptions('net0');
    const nic = (id: string, backend: string, device = 'virtio-net-pci') => [
      ...['-netdev', `${backend},id=host-${id}`, '-device', `${device},netdev=host-${id},id=${id}`],
    ];
    const tap = (name: string, more = '') => `tap,ifname=${name},script=no,downscript=no${more}`;
    await namespace.ip('tuntap', 'add', 'dev', 'tap2', 'mode', 'tap', 'multi_queue');
    qemu = await startQemu({
      ...where,
      paused: true,
      args: [
        ...args,
        ...nic('net1', tap('tap1')),
        ...nic('net2', tap('tap2', ',queues=2'), 'virtio-net-pci,mq=on'),
        ...nic('net3', 'user', 'e1000'),
      ],
    });
  });
  afterAll(async () => {
    await qemu?.[Symbol.asyncDispose]();
    await namespace?.[Symbol.asyncDispose]();
  });

  const hostsOf = (devices: DomainDevices): Record<string, unknown> =>
    Object.fromEntries(
      (devices ?? []).map((device) => [device.alias, 'host' in device ? device.host : undefined]),
    );

  async function discoverInNamespace(): Promise<DomainDevices> {
    const args = ['--import', 'tsx', script, qemu.path, `${qemu.pid}`];
    await using child = await runInNamespace(namespace, process.execPath, args);
    expect(await child.exited, child.stderr()).toEqual({ code: 0, signal: null });
    return JSON.parse(child.stdout());
  }

  test('a NIC has the macvtap or tap that QEMU holds open for it (proc(5), drivers/net/tun.c)', async () => {
    expect(hostsOf(await discoverInNamespace())).toEqual({
      net0: { interface: 'macvtap0', kind: 'macvtap' },
      net1: { interface: 'tap1', kind: 'tap' },
      net2: { interface: 'tap2', kind: 'tap' },
      net3: null,
    });
  });

  test('a tap that was renamed since QEMU opened it is found by its present name', async () => {
    await namespace.ip('link', 'set', 'tap1', 'down');
    await namespace.ip('link', 'set', 'tap1', 'name', 'tap9');
    try {
      expect(hostsOf(await discoverInNamespace())).toMatchObject({
        net1: { interface: 'tap9', kind: 'tap' },
        net2: { interface: 'tap2', kind: 'tap' },
      });
    } finally {
      await namespace.ip('link', 'set', 'tap9', 'name', 'tap1');
    }
  });

  test('a macvtap that was renamed since is found by its present name', async () => {
    await namespace.ip('link', 'set', 'macvtap0', 'down');
    await namespace.ip('link', 'set', 'macvtap0', 'name', 'renamed0');
    try {
      expect(hostsOf(await discoverInNamespace())).toMatchObject({
        net0: { interface: 'renamed0', kind: 'macvtap' },
      });
    } finally {
      await namespace.ip('link', 'set', 'renamed0', 'name', 'macvtap0');
    }
  });

  test("from another network namespace no interface is named: ours of that name is not QEMU's (namespaces(7))", async () => {
    expect(hostsOf(await discover(qemu))).toEqual({ net0: null, net1: null, net2: null, net3: null });
  });
});
