/** Devices that are taken from a real QEMU, and trays that are opened: with a guest's answer, without, and none. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CommandError, type Domain, openDriver } from '../../src/index.ts';
import { describeWith } from '../support/needs.ts';
import { type Qemu, type QemuOptions, startQemu } from '../support/qemu.ts';
import { Seen } from '../support/seen.ts';

interface World {
  readonly qemu: Qemu;
  readonly vm: Domain;
  readonly seen: Seen;
}

async function underControl(options: QemuOptions, run: (world: World) => Promise<void>): Promise<void> {
  await using qemu = await startQemu(options);
  await using driver = await openDriver();
  const seen = new Seen(driver);
  const vm = await driver.attach({ monitor: qemu.path, control: true });
  // What it has is found.
  await vm.info();
  await run({ qemu, vm, seen });
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

const aliases = ({ devices }: Domain): (string | null)[] => (devices ?? []).map(({ alias }) => alias);
const removed = (seen: Seen): string[] => seen.of('device-removed').map(({ args }) => args.alias);
const deletions = (qemu: Qemu, id: string): number =>
  qemu.events().filter(({ event, data }) => event === 'DEVICE_DELETED' && data?.device === id).length;

const SCSI = [
  ...['-device', 'virtio-scsi-pci,id=scsi0'],
  ...['-blockdev', 'null-co,node-name=libvirt-1-storage,size=1048576,read-zeroes=on'],
  ...['-blockdev', 'raw,node-name=libvirt-1-format,file=libvirt-1-storage'],
  ...['-device', 'scsi-hd,bus=scsi0.0,id=scsi0-0-0-0,drive=libvirt-1-format'],
];
const RNG = [
  '-object',
  'rng-random,id=objrng0,filename=/dev/urandom',
  '-device',
  'virtio-rng-pci,id=rng0,rng=objrng0',
];

describeWith(['qemu'], 'detachDevice() on a QEMU', () => {
  test.each([
    ['USB', { args: ['-usb', '-device', 'usb-tablet,id=input0'] }, 'input0'],
    ['SCSI', { args: SCSI }, 'scsi0-0-0-0'],
  ])(
    'takes a device of a bus that asks no guest at once, and tells it once: %s (qemu-event-recipes: device-del)',
    (_bus, options, alias) =>
      underControl(options, async ({ qemu, vm, seen }) => {
        expect(aliases(vm)).toContain(alias);
        await vm.detachDevice(alias);
        expect(aliases(vm)).not.toContain(alias);
        await seen.until(() => removed(seen).length > 0);
        await sleep(100);
        expect([removed(seen), deletions(qemu, alias)]).toEqual([[alias], 1]);
        expect(seen.of('outcome').filter(({ args }) => args.type === 'deviceDeleted')).toEqual([]);
      }),
  );

  test('takes the block nodes of a disk with it (qemu_hotplug.c:qemuDomainRemoveDiskDevice)', () =>
    underControl({ args: SCSI }, async ({ qemu, vm }) => {
      const nodes = async (): Promise<string[]> =>
        (await qemu.qmp<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })).map(
          (node) => node['node-name'],
        );
      expect(await nodes()).toEqual(['libvirt-1-format', 'libvirt-1-storage']);
      await vm.detachDevice('scsi0-0-0-0');
      expect(await nodes()).toEqual([]);
    }));

  test('is ERR_TIMEOUT while no guest answers; after a reset the device is gone, told once, and its backend too (golden detach-alias-then-reset)', () =>
    underControl({ args: RNG }, async ({ qemu, vm, seen }) => {
      expect(await failure(vm.detachDevice('rng0'))).toMatchObject({ code: 'ERR_TIMEOUT' });
      expect([aliases(vm).includes('rng0'), removed(seen)]).toEqual([true, []]);
      await vm.reset();
      await seen.until(() => seen.of('outcome').some(({ args }) => args.type === 'deviceDeleted'));
      await sleep(100);
      expect([aliases(vm).includes('rng0'), removed(seen), deletions(qemu, 'rng0')]).toEqual([
        false,
        ['rng0'],
        1,
      ]);
      const outcomes = seen.of('outcome').filter(({ args }) => args.type === 'deviceDeleted');
      expect(outcomes.map(({ args }) => args)).toEqual([{ type: 'deviceDeleted', status: 'done' }]);
      const objects = await qemu.qmp<{ name: string }[]>('qom-list', { path: '/objects' });
      expect(objects.map(({ name }) => name)).not.toContain('objrng0');
    }));

  test('has the answer that comes while it waits: the eject register is the guest’s part (qemu-event-recipes: device-del)', () =>
    underControl(
      {
        args: [
          '-object',
          'rng-random,id=objrng0,filename=/dev/urandom',
          '-device',
          'virtio-rng-pci,id=rng0,rng=objrng0,addr=0x10',
        ],
      },
      async ({ qemu, vm, seen }) => {
        const detached = vm.detachDevice('rng0');
        await vm.execute('query-status');
        await qemu.hmp('o /w 0xae10 0');
        await qemu.hmp(`o /w 0xae08 ${1 << 0x10}`);
        await detached;
        await seen.until(() => removed(seen).length > 0);
        expect(removed(seen)).toEqual(['rng0']);
      },
    ));

  test('a backend that has another name than libvirt’s stays: the device is gone all the same', () =>
    underControl(
      { args: ['-usb', '-netdev', 'hubport,hubid=0,id=mine', '-device', 'usb-net,id=net0,netdev=mine'] },
      async ({ qemu, vm, seen }) => {
        await qemu.qmp('device_del', { id: 'net0' });
        await seen.until(() => seen.of('outcome').some(({ args }) => args.type === 'deviceDeleted'));
        const outcome = seen.of('outcome').find(({ args }) => args.type === 'deviceDeleted');
        expect(outcome?.args).toMatchObject({
          status: 'done',
          why: expect.stringContaining('hostnet0 was not removed'),
        });
        expect([removed(seen), aliases(vm).includes('net0')]).toEqual([['net0'], false]);
      },
    ));

  test('that QEMU does not do is a CommandError (QAPI machine.json:device_del)', () =>
    underControl({ args: ['-device', 'VGA,id=video0'] }, async ({ vm, seen }) => {
      expect(await failure(vm.detachDevice('video0'))).toBeInstanceOf(CommandError);
      expect(removed(seen)).toEqual([]);
    }));
});

describeWith(['qemu'], 'eject() on a QEMU', () => {
  const CD = ['-device', 'ide-cd,id=ide0-1-0'];

  test('opens the tray of a drive, and tells it (qemu-event-recipes: tray)', () =>
    underControl({ args: CD }, async ({ vm, seen }) => {
      expect((await vm.info()).trays).toEqual({ 'ide0-1-0': 'closed' });
      await vm.eject('ide0-1-0');
      await seen.until(() => seen.of('tray-change').length > 0);
      expect(seen.of('tray-change').map(({ args }) => args)).toEqual([{ alias: 'ide0-1-0', reason: 'open' }]);
      expect((await vm.info()).trays).toEqual({ 'ide0-1-0': 'open' });
      await vm.eject('ide0-1-0');
      expect(seen.of('tray-change')).toHaveLength(1);
    }));

  test('of a disk without a tray is a StateError', () =>
    underControl({ args: SCSI }, async ({ vm }) => {
      expect(await failure(vm.eject('scsi0-0-0-0'))).toMatchObject({ code: 'ERR_STATE' });
    }));
});

describeWith(['qemu'], 'other operations on a QEMU', () => {
  test('reset() is told as reboot; injectNmi() and shutdown() are taken', () =>
    underControl({}, async ({ qemu, vm, seen }) => {
      await vm.reset();
      await seen.until(() => seen.of('reboot').length > 0);
      await vm.injectNmi();
      await vm.shutdown();
      await qemu.event('POWERDOWN');
      expect(vm.state.state).toBe('running');
    }));

  test('wakeup() of a guest that is awake is a CommandError (golden wakeup-errors)', () =>
    underControl({ paused: true }, async ({ vm }) => {
      expect(await failure(vm.wakeup())).toMatchObject({ code: 'ERR_COMMAND' });
    }));
});
