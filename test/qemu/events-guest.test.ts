/**
 * QEMU events that need a guest, provoked by one, and what an observer is told. All of it in one life of one QEMU:
 * each test leaves the guest running, the last one ends it.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GuestQemu, startGuest } from '../support/guest.ts';
import { describeWith } from '../support/needs.ts';
import { askForMigrationEvents, Observer, oneReboot } from '../support/provoke.ts';

const MIB = 1024 * 1024;
const AGENT = 'org.qemu.guest_agent.0';
const OTHER = 'org.example.other';
const MAC = '52:54:00:6f:55:cc';

const args = [
  ...[
    '-device',
    'pcie-root-port,id=port1,chassis=1,slot=1',
    '-device',
    'pcie-root-port,id=port2,chassis=2,slot=2',
  ],
  ...['-device', 'pcie-root-port,id=port3,chassis=3,slot=3', '-device', 'virtio-rng-pci,id=rng0,bus=port3'],
  // A NIC, and one that stands in for it until a migration.
  ...['-netdev', 'user,id=hostnet0,restrict=on', '-netdev', 'user,id=hostnet1,restrict=on'],
  ...['-device', `virtio-net-pci,id=net0,netdev=hostnet0,mac=${MAC},failover=on,bus=port1`],
  ...['-device', `virtio-net-pci,id=primary0,netdev=hostnet1,mac=${MAC},failover_pair_id=net0,bus=port2`],
  ...['-device', 'virtio-balloon-pci,id=balloon0'],
  ...[
    '-object',
    'memory-backend-ram,id=memvm0,size=512M',
    '-device',
    'virtio-mem-pci,id=virtiomem0,memdev=memvm0',
  ],
  ...['-device', 'virtio-serial-pci,id=serial0', '-chardev', 'null,id=agent', '-chardev', 'null,id=other'],
  ...['-device', `virtserialport,id=channel0,chardev=agent,name=${AGENT}`],
  ...['-device', `virtserialport,id=channel1,chardev=other,name=${OTHER}`],
  ...[
    '-device',
    'virtio-scsi-pci,id=scsi0',
    '-blockdev',
    `driver=null-co,node-name=disc,size=${MIB},read-only=on`,
  ],
  ...['-device', 'scsi-cd,id=cd0,drive=disc'],
  ...['-blockdev', `driver=null-co,node-name=good,size=${MIB},read-zeroes=on`],
  // The first write finds no space, the second does.
  ...[
    '-blockdev',
    '{"driver":"blkdebug","node-name":"full","image":"good","inject-error":[{"event":"none","iotype":"write","errno":28,"once":true}]}',
  ],
  ...['-device', 'virtio-blk-pci,id=disk0,drive=full,werror=stop,rerror=report'],
  ...['-device', 'pvpanic-pci,id=panic0', '-action', 'panic=pause'],
];

/** The device node of the channel with this name. */
const portOf = (name: string): string =>
  `/dev/$(basename $(dirname $(grep -lx ${name} /sys/class/virtio-ports/*/name)))`;

describeWith(['qemu', 'guest'], 'an observer of a real QEMU is told of what its guest does:', () => {
  let qemu: GuestQemu;
  let observer: Observer;

  beforeAll(async () => {
    qemu = await startGuest({ paused: true, machine: 'q35', memory: '256M,maxmem=2G', args });
    observer = await Observer.attach(qemu);
    await qemu.qmp('cont');
    await qemu.guest.ready();
  });
  afterAll(async () => {
    await observer?.[Symbol.asyncDispose]();
    await qemu?.[Symbol.asyncDispose]();
  });

  /** Runs a command in the guest, and what it answers. */
  async function sh(command: string): Promise<string> {
    const { status, output } = await qemu.guest.sh(command);
    if (status !== 0) throw new Error(`${command}: ${status} ${output}`);
    return output;
  }

  /** Opens a channel in the guest, and closes it again. */
  const open = (name: string) => sh(`sleep 100000 <>${portOf(name)} >/dev/null & echo $! >/tmp/${name}`);
  const close = (name: string) => sh(`kill $(cat /tmp/${name})`);

  test('FAILOVER_NEGOTIATED as nothing, when the driver of the NIC is there (QAPI net.json; libvirt has no handler)', async () => {
    await observer.untilRaw('FAILOVER_NEGOTIATED');
    expect(observer.raw('FAILOVER_NEGOTIATED')).toEqual([{ 'device-id': 'net0' }]);
    expect(observer.ignored).toContain('FAILOVER_NEGOTIATED');
    expect(observer.told).toEqual([['lifecycle', 'resumed unpaused']]);
    expect(observer.state).toBe('running unpaused');
  });

  test('BALLOON_CHANGE as balloon-change in KiB, and as a fact (QAPI machine.json:BALLOON_CHANGE; qemu_process.c:qemuProcessHandleBalloonChange)', async () => {
    await observer.forget();
    for (const value of [200 * MIB, 256 * MIB]) {
      await qemu.qmp('balloon', { value });
      const sizes = () => observer.raw('BALLOON_CHANGE').map((data) => data?.actual);
      await observer.seenRaw(() => sizes().at(-1) === value);
      expect(observer.told).toEqual(
        sizes().map((actual) => ['balloon-change', { actualKiB: Number(actual) / 1024 }]),
      );
      expect((await observer.facts()).balloonKiB).toBe(value / 1024);
    }
  });

  test('MEMORY_DEVICE_SIZE_CHANGE as memory-device-size-change in KiB, as a fact, and in what the guest has (QAPI machine.json:MEMORY_DEVICE_SIZE_CHANGE; qemu_driver.c:processMemoryDeviceSizeChange)', async () => {
    await observer.forget();
    const before = (await observer.facts()).balloonKiB;
    for (const size of [128 * MIB, 0]) {
      await qemu.qmp('qom-set', { path: 'virtiomem0', property: 'requested-size', value: size });
      const sizes = () => observer.raw('MEMORY_DEVICE_SIZE_CHANGE').map((data) => data?.size);
      await observer.seenRaw(() => sizes().at(-1) === size);
      expect(observer.told).toEqual(
        sizes().map((bytes) => [
          'memory-device-size-change',
          { alias: 'virtiomem0', sizeKiB: Number(bytes) / 1024 },
        ]),
      );
      const { memoryKiB, balloonKiB } = await observer.facts();
      expect(memoryKiB).toEqual({ virtiomem0: size / 1024 });
      expect(balloonKiB).toBe((before ?? Number.NaN) + size / 1024);
    }
    // Its driver cannot sleep (drivers/virtio/virtio_mem.c:virtio_mem_freeze).
    await sh('rmmod virtio_mem');
  });

  test('VSERPORT_CHANGE of the channel of the guest agent as agent-lifecycle, and as a fact; of another channel as a fact only (QAPI char.json:VSERPORT_CHANGE; qemu_driver.c:processSerialChangedEvent)', async () => {
    await observer.forget();
    const channels = async () => (await observer.facts()).channels;

    await open(AGENT);
    await observer.untilRaw('VSERPORT_CHANGE');
    expect(await channels()).toEqual({ channel0: 'connected', channel1: 'disconnected' });
    await open(OTHER);
    await observer.untilRaw('VSERPORT_CHANGE', 2);
    expect(await channels()).toEqual({ channel0: 'connected', channel1: 'connected' });
    await close(AGENT);
    await observer.untilRaw('VSERPORT_CHANGE', 3);
    await close(OTHER);
    await observer.untilRaw('VSERPORT_CHANGE', 4);
    expect(await channels()).toEqual({ channel0: 'disconnected', channel1: 'disconnected' });
    expect(observer.raw('VSERPORT_CHANGE')).toEqual([
      { id: 'channel0', open: true },
      { id: 'channel1', open: true },
      { id: 'channel0', open: false },
      { id: 'channel1', open: false },
    ]);
    expect(observer.told).toEqual([
      ['agent-lifecycle', { state: 'connected', reason: 'channel' }],
      ['agent-lifecycle', { state: 'disconnected', reason: 'channel' }],
    ]);
  });

  test('RTC_CHANGE by hwclock as rtc-change (QAPI misc.json:RTC_CHANGE; qemu_process.c:qemuProcessHandleRTCChange)', async () => {
    await observer.forget();
    await sh('date -s "2030-01-02 03:04:05" && hwclock -w -u -f /dev/rtc0');
    await observer.untilRaw('RTC_CHANGE');
    const offsets = observer.raw('RTC_CHANGE').map((data) => Number(data?.offset));
    const expected = (Date.UTC(2030, 0, 2, 3, 4, 5) - Date.now()) / 1000;
    expect(Math.abs((offsets.at(-1) ?? 0) - expected)).toBeLessThan(3600);
    expect(observer.told).toEqual(offsets.map((utcOffsetSeconds) => ['rtc-change', { utcOffsetSeconds }]));
    expect((await observer.facts()).rtcOffsetSeconds).toBe(offsets.at(-1));
  });

  test('DEVICE_TRAY_MOVED by the guest as tray-change; a tray that it has locked does not move (QAPI block.json:DEVICE_TRAY_MOVED; qemu_process.c:qemuProcessHandleTrayChange)', async () => {
    await observer.forget();
    await sh('sleep 100000 </dev/sr0 >/dev/null & echo $! >/tmp/holder');
    const isLocked = async () =>
      (await qemu.qmp<{ qdev: string; locked: boolean }[]>('query-block')).some(
        ({ qdev, locked }) => qdev === 'cd0' && locked,
      );
    await expect.poll(isLocked, { timeout: 60_000 }).toBe(true);
    // The guest is asked to, and does not.
    await qemu.qmp('blockdev-open-tray', { id: 'cd0' });
    await observer.all();
    expect(observer.raw('DEVICE_TRAY_MOVED')).toEqual([]);
    await sh('kill $(cat /tmp/holder)');
    await expect.poll(isLocked, { timeout: 60_000 }).toBe(false);

    // It opens when it is closed, and closes when it is opened.
    await sh('cd /proc/sys/dev/cdrom; echo 1 >autoeject; echo 1 >autoclose');
    await sh('dd if=/dev/sr0 of=/dev/null bs=2k count=1 2>/dev/null');
    await observer.untilRaw('DEVICE_TRAY_MOVED');
    expect(observer.told).toEqual([['tray-change', { alias: 'cd0', reason: 'open' }]]);
    expect((await observer.facts()).trays).toEqual({ cd0: 'open' });
    await sh('echo 0 >/proc/sys/dev/cdrom/autoeject');
    await sh('dd if=/dev/sr0 of=/dev/null bs=2k count=1 2>/dev/null');
    await observer.untilRaw('DEVICE_TRAY_MOVED', 2);
    expect(observer.told).toEqual([
      ['tray-change', { alias: 'cd0', reason: 'open' }],
      ['tray-change', { alias: 'cd0', reason: 'close' }],
    ]);
    expect((await observer.facts()).trays).toEqual({ cd0: 'closed' });
  });

  test('BLOCK_IO_ERROR of a write for want of space as io-error pause with enospc and suspended ioerror; after cont the write is made (QAPI block-core.json:BLOCK_IO_ERROR; qemu_process.c:qemuProcessHandleIOError)', async () => {
    await observer.forget();
    const written = sh('dd if=/dev/zero of=/dev/vda bs=4k count=1 oflag=direct 2>/dev/null');
    await observer.untilRaw('STOP');
    expect(observer.raw('BLOCK_IO_ERROR')).toMatchObject([
      { 'node-name': 'full', operation: 'write', action: 'stop', nospace: true },
    ]);
    const error = { path: null, alias: 'disk0', action: 'pause' };
    expect(observer.told).toEqual([
      ['io-error', error],
      ['io-error-reason', { ...error, reason: 'enospc' }],
      ['lifecycle', 'suspended ioerror'],
    ]);
    expect(observer.state).toBe('paused ioerror');
    await qemu.qmp('cont');
    await written;
    await observer.untilRaw('RESUME');
    expect(observer.told.slice(3)).toEqual([['lifecycle', 'resumed unpaused']]);
    expect(observer.state).toBe('running unpaused');
  });

  test('NIC_RX_FILTER_CHANGED as work that is not for an observer (QAPI net.json:NIC_RX_FILTER_CHANGED; qemu_driver.c:processNicRxFilterChangedEvent)', async () => {
    await observer.forget();
    await sh('ip link set eth0 up');
    await observer.untilRaw('NIC_RX_FILTER_CHANGED');
    expect(observer.raw('NIC_RX_FILTER_CHANGED')[0]).toMatchObject({ name: expect.any(String) });
    for (const outcome of observer.outcomes('nicRxFilterChanged')) expect(outcome).toMatch(/^ignored: /);
    expect(observer.outcomes('nicRxFilterChanged').length).toBeGreaterThan(0);
    expect(observer.told).toEqual([]);
  });

  test('DEVICE_DELETED of a PCI device, when the guest has let go of it, as device-removed (QAPI qdev.json:DEVICE_DELETED; qemu_driver.c:processDeviceDeletedEvent)', async () => {
    await observer.forget();
    await qemu.qmp('device_del', { id: 'rng0' });
    await observer.untilTold('device-removed');
    await observer.all();
    expect(observer.raw('DEVICE_DELETED')).toEqual([
      { path: '/machine/peripheral/rng0/virtio-backend' },
      { device: 'rng0', path: '/machine/peripheral/rng0' },
    ]);
    expect(observer.told).toEqual([['device-removed', { alias: 'rng0' }]]);
    expect(observer.vm.devices?.some(({ alias }) => alias === 'rng0')).toBe(false);
  });

  test('UNPLUG_PRIMARY as nothing, and of the migration that waits for it by its facts (QAPI migration.json; libvirt has no handler)', async () => {
    await observer.forget();
    await askForMigrationEvents(qemu);
    await qemu.qmp('migrate', { uri: 'exec:cat >/dev/null' });
    const statuses = () => observer.raw('MIGRATION').map((data) => data?.status);
    await observer.seenRaw(() => statuses().includes('completed'));
    expect(statuses()).toEqual(['setup', 'wait-unplug', 'active', 'completed']);
    expect(observer.raw('UNPLUG_PRIMARY')).toEqual([{ 'device-id': 'primary0' }]);
    expect(observer.ignored).toContain('UNPLUG_PRIMARY');
    expect((await observer.facts()).migration?.status).toBe('completed');
    expect(observer.told).toEqual([['lifecycle', 'suspended paused']]);
    expect(observer.state).toBe('paused unknown');
    await qemu.qmp('cont');
    await observer.untilRaw('RESUME');
    expect(observer.state).toBe('running unpaused');
  });

  test('SUSPEND and WAKEUP by pmsuspended memory and started wakeup, without a STOP or a reboot (QAPI run-state.json; qemu_process.c:qemuProcessHandlePMSuspend, qemuProcessHandlePMWakeup)', async () => {
    await observer.forget();
    const slept = sh('echo deep >/sys/power/mem_sleep && echo mem >/sys/power/state');
    await observer.untilRaw('SUSPEND');
    expect(observer.state).toBe('pmsuspended unknown');
    await qemu.qmp('system_wakeup');
    await slept;
    await observer.untilRaw('WAKEUP');
    for (const other of ['STOP', 'RESUME', 'RESET']) expect(observer.rawNames).not.toContain(other);
    expect(observer.told).toEqual([
      ['pm-suspend', {}],
      ['lifecycle', 'pmsuspended memory'],
      ['pm-wakeup', {}],
      ['lifecycle', 'started wakeup'],
    ]);
    expect(observer.state).toBe('running wakeup');
  });

  test('RESET of a reboot as reboot; the channel that the guest had open is closed (QAPI run-state.json:RESET; qemu_process.c:qemuProcessHandleReset)', async () => {
    await observer.forget();
    await open(AGENT);
    await observer.untilTold('agent-lifecycle');
    qemu.guest.send('reboot -f');
    await observer.untilRaw('RESET');
    await qemu.guest.ready();
    await observer.untilTold('agent-lifecycle', 2);
    await observer.all();
    expect(observer.raw('RESET')[0]).toEqual({ guest: true, reason: 'guest-reset' });
    const told = oneReboot(observer.told.filter(([type]) => type !== 'agent-lifecycle'));
    expect(told).toEqual([['reboot', {}]]);
    expect(observer.told.filter(([type]) => type === 'agent-lifecycle')).toEqual([
      ['agent-lifecycle', { state: 'connected', reason: 'channel' }],
      ['agent-lifecycle', { state: 'disconnected', reason: 'channel' }],
    ]);
    expect(new Set(observer.outcomes('reset'))).toEqual(new Set(['done']));
    expect(observer.state).toBe('running wakeup');
  });

  test('GUEST_PANICKED of a kernel by crashed panicked; a reset and cont bring it back (QAPI run-state.json:GUEST_PANICKED; qemu_driver.c:processGuestPanicEvent)', async () => {
    await observer.forget();
    qemu.guest.send('echo c >/proc/sysrq-trigger');
    await observer.untilRaw('STOP');
    expect(observer.raw('GUEST_PANICKED')).toEqual([{ action: 'pause' }]);
    expect(observer.told).toEqual([['lifecycle', 'crashed panicked']]);
    expect(observer.state).toBe('crashed panicked');
    await qemu.qmp('system_reset');
    await qemu.qmp('cont');
    await qemu.guest.ready();
    await observer.all();
    expect(oneReboot(observer.told.filter(([type]) => type === 'reboot'))).toEqual([['reboot', {}]]);
    expect(observer.told.filter(([type]) => type !== 'reboot')).toEqual([
      ['lifecycle', 'crashed panicked'],
      ['lifecycle', 'resumed unpaused'],
    ]);
    expect(observer.state).toBe('running unpaused');
  });

  test('POWERDOWN as nothing, and of the SHUTDOWN of a guest that obeys as shutdown guest (QAPI run-state.json; qemu_process.c:qemuProcessHandleShutdown)', async () => {
    await observer.forget();
    await qemu.qmp('system_powerdown');
    await observer.end();
    expect(observer.rawNames.slice(-2)).toEqual(['POWERDOWN', 'SHUTDOWN']);
    expect(observer.raw('SHUTDOWN')).toEqual([{ guest: true, reason: 'guest-shutdown' }]);
    expect(observer.ignored).toContain('POWERDOWN');
    expect(observer.told).toEqual([
      ['lifecycle', 'shutdown guest'],
      ['lifecycle', 'stopped shutdown'],
    ]);
    expect(observer.state).toBe('shutoff shutdown');
  });
});
