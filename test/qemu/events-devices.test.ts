/**
 * Each QEMU event about devices and screens, provoked on a real QEMU without a guest, and what an observer is told.
 *
 * Unplugging by our own operations is tested elsewhere; here somebody else does it.
 */
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { lacksDevice, linkSpice, Observer, Peer, shakeHandsRfb, UnixServer } from '../support/provoke.ts';
import { startQemu } from '../support/qemu.ts';

const MIB = 1024 * 1024;

describeWith(['qemu'], 'an observer of a real QEMU is told of devices:', () => {
  test('DEVICE_TRAY_MOVED as tray-change open and close, by the id of the device, and as a fact (QAPI block.json:DEVICE_TRAY_MOVED; qemu_process.c:qemuProcessHandleTrayChange)', async () => {
    await using qemu = await startQemu({ paused: true, args: ['-device', 'ide-cd,id=cd0'] });
    await using observer = await Observer.attach(qemu);
    expect((await observer.facts()).trays).toEqual({ cd0: 'closed' });
    await qemu.qmp('blockdev-open-tray', { id: 'cd0', force: true });
    await observer.untilRaw('DEVICE_TRAY_MOVED');
    expect((await observer.facts()).trays).toEqual({ cd0: 'open' });
    await qemu.qmp('blockdev-close-tray', { id: 'cd0' });
    await observer.untilRaw('DEVICE_TRAY_MOVED', 2);
    expect(observer.raw('DEVICE_TRAY_MOVED')).toEqual([
      { device: '', id: 'cd0', 'tray-open': true },
      { device: '', id: 'cd0', 'tray-open': false },
    ]);
    expect(observer.told).toEqual([
      ['tray-change', { alias: 'cd0', reason: 'open' }],
      ['tray-change', { alias: 'cd0', reason: 'close' }],
    ]);
    expect((await observer.facts()).trays).toEqual({ cd0: 'closed' });
  });

  test('DEVICE_DELETED of a bus that needs no guest as device-removed; the device is known no more (QAPI qdev.json:DEVICE_DELETED; qemu_process.c:qemuProcessHandleDeviceDeleted, qemu_driver.c:processDeviceDeletedEvent)', async () => {
    await using qemu = await startQemu({
      paused: true,
      args: [
        ...['-device', 'qemu-xhci,id=usb0', '-device', 'usb-tablet,id=tablet0'],
        ...['-device', 'virtio-scsi-pci,id=scsi0', '-blockdev', `driver=null-co,node-name=n0,size=${MIB}`],
        ...['-device', 'scsi-hd,id=disk0,drive=n0'],
      ],
    });
    await using observer = await Observer.attach(qemu);
    const aliases = () => observer.vm.devices?.map(({ alias }) => alias);
    expect(aliases()?.toSorted()).toEqual(['disk0', 'scsi0', 'tablet0', 'usb0']);
    await qemu.qmp('device_del', { id: 'tablet0' });
    await observer.untilTold('device-removed');
    await qemu.qmp('device_del', { id: 'disk0' });
    await observer.untilTold('device-removed', 2);
    await observer.all();
    expect(observer.raw('DEVICE_DELETED')).toEqual([
      { device: 'tablet0', path: '/machine/peripheral/tablet0' },
      { device: 'disk0', path: '/machine/peripheral/disk0' },
    ]);
    expect(observer.told).toEqual([
      ['device-removed', { alias: 'tablet0' }],
      ['device-removed', { alias: 'disk0' }],
    ]);
    expect(aliases()?.toSorted()).toEqual(['scsi0', 'usb0']);
    expect(observer.outcomes('deviceDeleted')).toEqual(['done', 'done']);
  });

  test.each([
    [
      'DEVICE_DELETED of a device that somebody else plugged in unseen as device-removed, where the devices were found: QEMU is believed (ours; libvirt knows its devices)',
      {},
      ['done'],
      [['device-removed', { alias: 'tablet0' }]],
    ],
    [
      'DEVICE_DELETED of a device that is none of those that were told as nothing (qemu_driver.c:processDeviceDeletedEvent)',
      { devices: [{ type: 'other', alias: 'usb0' }] },
      ['ignored: no device tablet0'],
      [],
    ],
  ])('%s', async (_title, options, outcomes, told) => {
    await using qemu = await startQemu({ paused: true, args: ['-device', 'qemu-xhci,id=usb0'] });
    await using observer = await Observer.attach(qemu, options);
    await qemu.qmp('device_add', { driver: 'usb-tablet', id: 'tablet0' });
    await qemu.qmp('device_del', { id: 'tablet0' });
    await observer.untilRaw('DEVICE_DELETED');
    expect(observer.raw('DEVICE_DELETED')).toMatchObject([{ device: 'tablet0' }]);
    expect(observer.outcomes('deviceDeleted')).toEqual(outcomes);
    expect(observer.told).toEqual(told);
  });

  test('DEVICE_DELETED of a PCI device only when the guest lets go of it; the event of its inner part, without an id, is dropped (QAPI qdev.json:DEVICE_DELETED; qemu_monitor_json.c:qemuMonitorJSONHandleDeviceDeleted)', async () => {
    await using qemu = await startQemu({
      paused: true,
      args: ['-device', 'virtio-rng-pci,id=rng0,addr=0x10'],
    });
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('device_del', { id: 'rng0' });
    await observer.all();
    expect(observer.rawNames).toEqual([]);
    // ACPI: bus 0, slot 0x10, ejected.
    await qemu.hmp('o /w 0xae10 0');
    await qemu.hmp(`o /w 0xae08 ${1 << 0x10}`);
    await observer.untilTold('device-removed');
    expect(observer.raw('DEVICE_DELETED')).toEqual([
      { path: '/machine/peripheral/rng0/virtio-backend' },
      { device: 'rng0', path: '/machine/peripheral/rng0' },
    ]);
    expect(observer.told).toEqual([['device-removed', { alias: 'rng0' }]]);
    expect(observer.driver.drops.toJSON()).toEqual({ 'missing-field': { DEVICE_DELETED: 1 } });
  });

  test('ACPI_DEVICE_OST of memory that the guest will not give back as device-removal-failed; of one that it will, as nothing until it is gone (QAPI acpi.json:ACPI_DEVICE_OST; qemu_process.c:qemuProcessHandleAcpiOstInfo)', async () => {
    await using qemu = await startQemu({
      paused: true,
      memory: '64M,slots=2,maxmem=512M',
      args: [
        '-object',
        `memory-backend-ram,id=m0,size=${128 * MIB}`,
        '-device',
        'pc-dimm,id=dimm0,memdev=m0',
      ],
    });
    await using observer = await Observer.attach(qemu);
    /** The guest's `_OST` for slot 0. */
    const answer = async (source: number, status: number): Promise<void> => {
      await qemu.hmp('o /w 0xa00 0');
      await qemu.hmp(`o /w 0xa04 ${source}`);
      await qemu.hmp(`o /w 0xa08 ${status}`);
    };
    await answer(1, 0); // plugged in
    await qemu.qmp('device_del', { id: 'dimm0' });
    await answer(3, 0x84); // ejection: in progress
    await answer(3, 0x82); // ejection: the device is busy
    await observer.untilRaw('ACPI_DEVICE_OST', 3);
    expect(observer.raw('ACPI_DEVICE_OST').map((data) => data?.info)).toMatchObject([
      { device: 'dimm0', 'slot-type': 'DIMM', source: 1, status: 0 },
      { device: 'dimm0', 'slot-type': 'DIMM', source: 3, status: 0x84 },
      { device: 'dimm0', 'slot-type': 'DIMM', source: 3, status: 0x82 },
    ]);
    expect(observer.told).toEqual([['device-removal-failed', { alias: 'dimm0' }]]);
    expect(observer.ignored).toEqual(['ACPI_DEVICE_OST', 'ACPI_DEVICE_OST']);

    await qemu.qmp('device_del', { id: 'dimm0' });
    await qemu.hmp('o /b 0xa14 8'); // ejected
    await observer.untilRaw('DEVICE_DELETED');
    expect(observer.told.slice(1)).toEqual([['device-removed', { alias: 'dimm0' }]]);
  });

  test('ACPI_DEVICE_OST of a CPU as nothing (QAPI acpi.json:ACPI_DEVICE_OST; qemu_process.c:qemuProcessHandleAcpiOstInfo)', async () => {
    await using qemu = await startQemu({ paused: true, args: ['-smp', '1,sockets=2,maxcpus=2'] });
    const cpu = { driver: 'qemu64-x86_64-cpu', id: 'cpu1', 'socket-id': 1, 'core-id': 0, 'thread-id': 0 };
    await qemu.qmp('device_add', cpu);
    await using observer = await Observer.attach(qemu);
    // The modern interface; CPU 1; _OST: event 3, status 0x82.
    for (const write of [
      '/w 0xaf00 0',
      '/w 0xaf00 1',
      '/b 0xaf05 1',
      '/w 0xaf08 3',
      '/b 0xaf05 2',
      '/w 0xaf08 130',
    ])
      await qemu.hmp(`o ${write}`);
    await observer.untilRaw('ACPI_DEVICE_OST');
    expect(observer.raw('ACPI_DEVICE_OST')).toMatchObject([
      { info: { device: 'cpu1', 'slot-type': 'CPU', source: 3, status: 0x82 } },
    ]);
    expect(observer.ignored).toEqual(['ACPI_DEVICE_OST']);
    expect(observer.told).toEqual([]);
  });

  test('PR_MANAGER_STATUS_CHANGED of a helper that came as nothing (QAPI block.json:PR_MANAGER_STATUS_CHANGED; qemu_process.c:qemuProcessHandlePRManagerStatusChanged)', async () => {
    await using qemu = await startQemu({ paused: true });
    // The helper speaks first: a word of its features, of which there are none.
    await using helper = await UnixServer.listen(`${qemu.directory}/pr.sock`, Buffer.alloc(4));
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('object-add', { 'qom-type': 'pr-manager-helper', id: 'pr-helper0', path: helper.path });
    await observer.untilRaw('PR_MANAGER_STATUS_CHANGED');
    expect(observer.raw('PR_MANAGER_STATUS_CHANGED')).toEqual([{ id: 'pr-helper0', connected: true }]);
    expect(observer.ignored).toEqual(['PR_MANAGER_STATUS_CHANGED']);
    expect(observer.told).toEqual([]);
    expect(observer.outcomes('prDisconnect')).toEqual([]);
  });

  test('NETDEV_STREAM_CONNECTED as nothing, NETDEV_STREAM_DISCONNECTED as work for whoever starts the peer again (QAPI net.json; libvirt 9.1 qemu_process.c:qemuProcessHandleNetdevStreamDisconnected)', async () => {
    await using qemu = await startQemu({ paused: true });
    await using peer = await UnixServer.listen(`${qemu.directory}/net.sock`);
    await using observer = await Observer.attach(qemu);
    const addr = { type: 'unix', path: peer.path };
    await qemu.qmp('netdev_add', { type: 'stream', id: 'host-net0', server: false, addr });
    await observer.untilRaw('NETDEV_STREAM_CONNECTED');
    expect(observer.raw('NETDEV_STREAM_CONNECTED')).toEqual([{ 'netdev-id': 'host-net0', addr }]);
    expect(observer.ignored).toEqual(['NETDEV_STREAM_CONNECTED']);
    peer.drop();
    await observer.untilRaw('NETDEV_STREAM_DISCONNECTED');
    expect(observer.raw('NETDEV_STREAM_DISCONNECTED')).toEqual([{ 'netdev-id': 'host-net0' }]);
    // No service was given that could start one.
    expect(observer.outcomes('netdevStreamDisconnected')).toEqual([expect.stringMatching(/^ignored: /)]);
    expect(observer.told).toEqual([]);
    expect(observer.state).toBe('paused unknown');
  });
});

describeWith(['qemu'], 'an observer of a real QEMU is told of the clients of a screen:', () => {
  test('VNC_CONNECTED, VNC_INITIALIZED, VNC_DISCONNECTED on a unix socket as graphics connect, initialize, disconnect (QAPI ui.json; qemu_monitor_json.c:qemuMonitorJSONHandleGraphicsVNC, qemu_process.c:qemuProcessHandleGraphics)', async () => {
    await using qemu = await startQemu({ paused: true, args: ['-device', 'VGA', '-vnc', 'unix:vnc.sock'] });
    await using observer = await Observer.attach(qemu);
    using client = await Peer.connect(`${qemu.directory}/vnc.sock`);
    await observer.untilRaw('VNC_CONNECTED');
    const remote = { family: 'unix', node: '', service: '' };
    expect((await observer.facts()).clients).toEqual([{ protocol: 'vnc', remote, phase: 'connect' }]);
    await shakeHandsRfb(client);
    await observer.untilRaw('VNC_INITIALIZED');
    expect((await observer.facts()).clients).toEqual([{ protocol: 'vnc', remote, phase: 'initialize' }]);
    client[Symbol.dispose]();
    await observer.untilRaw('VNC_DISCONNECTED');
    expect(observer.rawNames).toEqual(['VNC_CONNECTED', 'VNC_INITIALIZED', 'VNC_DISCONNECTED']);
    const both = {
      local: { family: 'unix', node: '', service: 'vnc.sock' },
      remote,
      authScheme: 'none',
      subject: [],
    };
    expect(observer.told).toEqual([
      ['graphics', { phase: 'connect', ...both }],
      ['graphics', { phase: 'initialize', ...both }],
      ['graphics', { phase: 'disconnect', ...both }],
    ]);
    expect((await observer.facts()).clients).toEqual([]);
  });

  test('two VNC clients over TCP by their ports; one leaves before its handshake and was never initialized (QAPI ui.json; qemu_process.c:qemuProcessHandleGraphics)', async () => {
    await using qemu = await startQemu({
      paused: true,
      args: ['-device', 'VGA', '-vnc', '127.0.0.1:100,to=9000'],
    });
    const { service } = await qemu.qmp<{ service: string }>('query-vnc');
    const address = { host: '127.0.0.1', port: Number(service) };
    await using observer = await Observer.attach(qemu);
    using first = await Peer.connect(address);
    await shakeHandsRfb(first);
    await observer.untilRaw('VNC_INITIALIZED');
    using second = await Peer.connect(address);
    await observer.untilRaw('VNC_CONNECTED', 2);
    const remote = (peer: string) => ({ family: 'ipv4', node: '127.0.0.1', service: peer });
    const [one, two] = [first.port, second.port];
    expect((await observer.facts()).clients).toEqual([
      { protocol: 'vnc', remote: remote(one), phase: 'initialize' },
      { protocol: 'vnc', remote: remote(two), phase: 'connect' },
    ]);
    second[Symbol.dispose]();
    await observer.untilRaw('VNC_DISCONNECTED');
    const both = { local: remote(service), authScheme: 'none', subject: [] };
    expect(observer.told).toEqual([
      ['graphics', { phase: 'connect', ...both, remote: remote(one) }],
      ['graphics', { phase: 'initialize', ...both, remote: remote(one) }],
      ['graphics', { phase: 'connect', ...both, remote: remote(two) }],
      ['graphics', { phase: 'disconnect', ...both, remote: remote(two) }],
    ]);
    expect((await observer.facts()).clients).toMatchObject([{ remote: remote(one) }]);
  });

  test('SPICE_CONNECTED, SPICE_INITIALIZED, SPICE_DISCONNECTED as graphics; the authentication is told with initialize only (QAPI ui.json; qemu_monitor_json.c:qemuMonitorJSONHandleGraphicsSPICE, qemu_process.c:qemuProcessHandleGraphics)', async ({
    skip,
  }) => {
    const missing = lacksDevice('qxl-vga');
    if (missing !== null) skip(missing);
    await using qemu = await startQemu({
      paused: true,
      args: ['-vga', 'none', '-device', 'qxl-vga', '-spice', 'unix=on,addr=spice.sock,disable-ticketing=on'],
    });
    await using observer = await Observer.attach(qemu);
    using client = await Peer.connect(`${qemu.directory}/spice.sock`);
    await linkSpice(client);
    await observer.untilRaw('SPICE_INITIALIZED');
    expect((await observer.facts()).clients).toMatchObject([{ protocol: 'spice', phase: 'initialize' }]);
    client[Symbol.dispose]();
    await observer.untilRaw('SPICE_DISCONNECTED');
    expect(observer.rawNames).toEqual(['SPICE_CONNECTED', 'SPICE_INITIALIZED', 'SPICE_DISCONNECTED']);
    const both = {
      local: { family: 'unix', node: 'localhost', service: 'spice.sock' },
      remote: { family: 'unix', node: 'localhost', service: '' },
      subject: [],
    };
    expect(observer.told).toEqual([
      ['graphics', { phase: 'connect', ...both, authScheme: '' }],
      ['graphics', { phase: 'initialize', ...both, authScheme: 'none' }],
      ['graphics', { phase: 'disconnect', ...both, authScheme: '' }],
    ]);
    expect((await observer.facts()).clients).toEqual([]);
  });
});
