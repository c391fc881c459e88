/** DEVICE_DELETED: what leaves the domain, what leaves QEMU, and in what order. */
import { describe, expect, test } from 'vitest';
import { noFacts } from '../../../../src/events/facts.ts';
import type { AttachOptions } from '../../../../src/index.ts';
import { factsWithout } from '../../../../src/machines/domain-devices.ts';
import { parseRecording } from '../../../../src/recording/reader.ts';
import { replay } from '../../../../src/recording/replay.ts';
import { type Controlled, hold, sent, underControl } from '../../../support/controlled.ts';

const REMOVALS = ['netdev_del', 'chardev-remove', 'object-del', 'blockdev-del', 'query-balloon'];

async function deleted({ qemu, seen }: Controlled, alias: string): Promise<{ status: string; why?: string }> {
  const before = seen.of('outcome').length;
  qemu.emit('DEVICE_DELETED', { device: alias, path: `/machine/peripheral/${alias}` });
  await seen.until(() => seen.of('outcome').length > before);
  const { type: _, ...rest } = seen.of('outcome')[before]?.args ?? { type: '', status: '' };
  return rest;
}

const removedAliases = ({ seen }: Controlled): string[] =>
  seen.of('device-removed').map(({ args }) => args.alias);

/** Commands since the looks at attach. */
async function removalsOf(
  device: NonNullable<AttachOptions['devices']>[number],
  backends: Parameters<typeof underControl>[0]['qemu'],
  control = true,
): Promise<{ sent: string[]; outcome: object; removed: string[]; left: unknown }> {
  let result = { sent: [] as string[], outcome: {}, removed: [] as string[], left: null as unknown };
  await underControl({ qemu: { ...backends }, attach: { devices: [device], control } }, async (world) => {
    const asked = sent(world.qemu, ...REMOVALS).length;
    const outcome = await deleted(world, String(device.alias));
    result = {
      sent: sent(world.qemu, ...REMOVALS).slice(asked),
      outcome,
      removed: removedAliases(world),
      left: world.vm.devices,
    };
  });
  return result;
}

describe('DEVICE_DELETED (qemu_driver.c:processDeviceDeletedEvent)', () => {
  test.each([
    [{ type: 'net', alias: 'net0' }, { netdevs: ['hostnet0'] }, ['netdev_del hostnet0']],
    [
      { type: 'disk', alias: 'disk0', nodes: ['libvirt-4-format', 'libvirt-4-storage'] },
      { nodes: ['libvirt-4-format', 'libvirt-4-storage'] },
      ['blockdev-del libvirt-4-format', 'blockdev-del libvirt-4-storage'],
    ],
    [
      { type: 'channel', alias: 'channel0', name: 'org.qemu.guest_agent.0' },
      { chardevs: ['charchannel0'] },
      ['chardev-remove charchannel0'],
    ],
    [{ type: 'serial', alias: 'serial0' }, { chardevs: ['charserial0'] }, ['chardev-remove charserial0']],
    [{ type: 'console', alias: 'console0' }, { chardevs: ['charconsole0'] }, ['chardev-remove charconsole0']],
    [{ type: 'redirdev', alias: 'redir0' }, { chardevs: ['charredir0'] }, ['chardev-remove charredir0']],
    [{ type: 'fs', alias: 'fs0' }, { chardevs: ['chr-vu-fs0'] }, ['chardev-remove chr-vu-fs0']],
    [
      { type: 'memory', alias: 'dimm0', model: 'dimm' },
      { objects: ['memdimm0'] },
      ['object-del memdimm0', 'query-balloon'],
    ],
    [{ type: 'rng', alias: 'rng0' }, { objects: ['objrng0'] }, ['object-del objrng0']],
    [{ type: 'shmem', alias: 'shmem0' }, { objects: ['shmmem-shmem0'] }, ['object-del shmmem-shmem0']],
    [
      { type: 'shmem', alias: 'shmem0' },
      { chardevs: ['charshmem0'] },
      ['object-del shmmem-shmem0', 'chardev-remove charshmem0'],
    ],
    [{ type: 'hostdev', alias: 'hostdev0' }, {}, []],
    [{ type: 'controller', alias: 'usb' }, {}, []],
    [{ type: 'input', alias: 'input0' }, {}, []],
    [{ type: 'watchdog', alias: 'watchdog0' }, {}, []],
    [{ type: 'vsock', alias: 'vsock0' }, {}, []],
  ])(
    'of %j removes what stands behind it, and is announced (qemu_hotplug.c:qemuDomainRemoveDevice)',
    async (device, backends, commands) => {
      expect(await removalsOf(device as never, { backends })).toEqual({
        sent: commands,
        outcome: { status: 'done' },
        removed: [device.alias],
        left: [],
      });
    },
  );

  test.each(['video', 'sound', 'balloon', 'tpm', 'other'])(
    'of a %s, which libvirt cannot unplug, is the end of it as of any other (libvirt-events.md §6: defect 12)',
    async (type) => {
      expect(await removalsOf({ type, alias: 'x0' } as never, {})).toEqual({
        sent: [],
        outcome: { status: 'done' },
        removed: ['x0'],
        left: [],
      });
    },
  );

  test.each([
    [{ type: 'net', alias: 'net0' }, /^hostnet0 was not removed: QEMU refused netdev_del: .*not found/],
    [{ type: 'rng', alias: 'rng0' }, /^objrng0 was not removed: QEMU refused object-del: .*not found/],
    [{ type: 'serial', alias: 's0' }, /^chars0 was not removed: QEMU refused chardev-remove: .*not found/],
  ])(
    'of %j is announced although QEMU does not know its backend: the outcome says so (differs from qemuDomainRemoveNetDevice)',
    async (device, why) => {
      const { outcome, removed, left } = await removalsOf(device as never, {});
      expect(outcome).toEqual({ status: 'done', why: expect.stringMatching(why) });
      expect([removed, left]).toEqual([[device.alias], []]);
    },
  );

  test.each([
    { type: 'disk', alias: 'disk0', nodes: ['gone'] },
    { type: 'redirdev', alias: 'redir0' },
    { type: 'fs', alias: 'fs0' },
  ])('of %j is done although its backend stays (libvirt-events.md §3.3: ignored)', async (device) => {
    expect((await removalsOf(device as never, {})).outcome).toEqual({ status: 'done' });
  });

  test('leaves backends alone where the domain is only observed (design §3a)', async () => {
    for (const device of [
      { type: 'net', alias: 'net0' },
      { type: 'disk', alias: 'disk0', nodes: ['n'] },
    ])
      expect(await removalsOf(device as never, { backends: { nodes: ['n'] } }, false)).toEqual({
        sent: [],
        outcome: { status: 'done' },
        removed: [device.alias],
        left: [],
      });
  });

  test('of a device that is not known does nothing (qemu_driver.c:processDeviceDeletedEvent)', () =>
    underControl({ attach: { devices: [{ type: 'rng', alias: 'rng0' }] } }, async (world) => {
      expect(await deleted(world, 'rng1')).toEqual({ status: 'ignored', why: 'no device rng1' });
      expect(removedAliases(world)).toEqual([]);
    }));

  test('is announced after the backend is gone: what comes meanwhile comes first (golden detach-alias-then-reset)', () =>
    underControl(
      {
        qemu: { backends: { netdevs: ['hostnet0'] } },
        attach: { devices: [{ type: 'net', alias: 'net0' }] },
      },
      async (world) => {
        const { qemu, seen } = world;
        const held = hold(qemu, 'netdev_del');
        const over = deleted(world, 'net0');
        await held.reached;
        qemu.guestReset();
        await seen.until(() => seen.of('reboot').length === 1);
        expect(removedAliases(world)).toEqual([]);
        held.release();
        await over;
        expect(seen.all.map(({ type }) => type).filter((type) => type !== 'outcome')).toEqual([
          'reboot',
          'device-removed',
        ]);
      },
    ));

  test('forgets what was known of the device, and of no other', () =>
    underControl(
      {
        qemu: { drives: [{ id: 'cd0' }, { id: 'cd1' }], backends: { nodes: ['n0'] } },
        attach: {
          devices: [
            { type: 'disk', alias: 'cd0', bus: 'scsi', nodes: ['n0'] },
            { type: 'disk', alias: 'cd1', bus: 'scsi', nodes: ['n1'] },
            { type: 'channel', alias: 'c0', name: 'a' },
            { type: 'channel', alias: 'c1', name: 'b' },
          ],
        },
      },
      async (world) => {
        const { qemu, vm, seen } = world;
        for (const id of ['c0', 'c1']) qemu.emit('VSERPORT_CHANGE', { id, open: true });
        for (const node of ['n0', 'n1'])
          qemu.emit('BLOCK_WRITE_THRESHOLD', {
            'node-name': node,
            'amount-exceeded': 1,
            'write-threshold': 2,
          });
        await seen.until(() => seen.of('outcome').length === 2);
        const facts = async () => {
          const { trays, channels, thresholds } = await vm.info();
          return [trays, channels, thresholds].map((record) => Object.keys(record));
        };
        expect(await facts()).toEqual([
          ['cd0', 'cd1'],
          ['c0', 'c1'],
          ['n0', 'n1'],
        ]);
        await deleted(world, 'cd0');
        await deleted(world, 'c0');
        expect(await facts()).toEqual([['cd1'], ['c1'], ['n1']]);
      },
    ));

  test('forgets what the guest made of a NIC', () => {
    const nics = { net0: { mac: '52:54:00:00:00:01' }, net1: { mac: '52:54:00:00:00:02' } };
    expect(factsWithout({ ...noFacts, nics }, [], 'net0').nics).toEqual({ net1: nics.net1 });
  });

  test('in a replay has nothing to remove: what is not recorded is not left (recordings.md)', async () => {
    const alias = 'rng0';
    const lines = [
      { kind: 'domain', mode: 'manager', name: 'gold', devices: [{ type: 'rng', alias }] },
      { kind: 'step', t: 0, step: 1, by: 'manager', call: { operation: 'start' } },
      { kind: 'send', t: 1, message: { execute: 'qmp_capabilities', id: 1 } },
      { kind: 'reply', t: 2, message: { return: {}, id: 1 } },
      { kind: 'stepDone', t: 3, step: 1, ok: true },
      { kind: 'step', t: 4, step: 2, by: 'qemu' },
      {
        kind: 'event',
        t: 5,
        message: {
          event: 'DEVICE_DELETED',
          data: { device: alias, path: '/x' },
          timestamp: { seconds: 1, microseconds: 0 },
        },
      },
      { kind: 'stepDone', t: 6, step: 2, ok: true },
    ];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const told: unknown[] = [];
    for await (const { type, args } of replay(parseRecording('gold', text)))
      if (type === 'outcome' || type === 'device-removed') told.push(args);
    expect(told).toEqual([{ alias }, { type: 'deviceDeleted', status: 'done' }]);
  });

  test('of memory: what the guest has is read again, without it (qemu_process.c:qemuProcessRefreshBalloonState)', () =>
    underControl(
      {
        qemu: { backends: { objects: ['memvm0'] } },
        attach: {
          devices: [
            { type: 'memory', alias: 'vm0', model: 'virtio-mem' },
            { type: 'memory', alias: 'vm1', model: 'virtio-mem' },
          ],
        },
      },
      async (world) => {
        const { qemu, vm, seen } = world;
        for (const id of ['vm0', 'vm1'])
          qemu.emit('MEMORY_DEVICE_SIZE_CHANGE', { id, size: 1024 * 1024, 'qom-path': `/machine/${id}` });
        await seen.until(() => seen.of('outcome').length === 2);
        qemu.handle('query-balloon', () => ({ actual: 64 * 1024 * 1024 }));
        await deleted(world, 'vm0');
        const { balloonKiB, memoryKiB } = await vm.info();
        expect([balloonKiB, memoryKiB]).toEqual([64 * 1024 + 1024, { vm1: 1024 }]);
      },
    ));

  describe('of a CPU (qemu_hotplug.c:qemuDomainRemoveVcpu)', () => {
    const path = '/machine/peripheral/vcpu1';
    const FAST = 'query-cpus-fast';
    const PLUGGABLE = 'query-hotpluggable-cpus';
    const withCpus = (cpus: Readonly<Record<string, object[]>>, run: (world: Controlled) => Promise<void>) =>
      underControl(
        {
          attach: { devices: [{ type: 'other', alias: 'vcpu1' }] },
          prepare(qemu) {
            qemu.handle('query-commands', () => Object.keys(cpus).map((name) => ({ name })));
            for (const [command, list] of Object.entries(cpus)) qemu.handle(command, () => list);
          },
        },
        run,
      );

    test('is the end of it, without an event of its own', () =>
      withCpus(
        { [FAST]: [{ 'qom-path': `${path}0/thread[0]` }], [PLUGGABLE]: [{ type: 'cpu' }] },
        async (world) => {
          expect(await deleted(world, 'vcpu1')).toEqual({ status: 'done' });
          expect([removedAliases(world), world.vm.devices]).toEqual([[], []]);
          expect(sent(world.qemu, FAST, PLUGGABLE)).toEqual([FAST, PLUGGABLE]);
        },
      ));

    test.each([
      [FAST, [{ 'qom-path': `${path}/thread[0]` }]],
      [PLUGGABLE, [{ 'qom-path': path }]],
    ])('that %s still has is a failure', async (command, cpus) => {
      await withCpus({ [command]: cpus }, async (world) => {
        expect(await deleted(world, 'vcpu1')).toEqual({ status: 'failed', why: 'QEMU still has vcpu1' });
        expect(world.vm.devices).toHaveLength(1);
      });
    });

    test('asks only what QEMU has', () =>
      underControl({ attach: { devices: [] } }, async (world) => {
        expect(await deleted(world, 'vcpu1')).toEqual({ status: 'done' });
        expect(sent(world.qemu, FAST, PLUGGABLE)).toEqual([]);
      }));

    test('a device that only is named like one is none', () =>
      underControl({ attach: { devices: [{ type: 'rng', alias: 'vcpu-rng' }] } }, async (world) => {
        await deleted(world, 'vcpu-rng');
        expect(removedAliases(world)).toEqual(['vcpu-rng']);
      }));
  });
});
