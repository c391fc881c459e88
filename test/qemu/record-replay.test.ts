/** A recording of a real QEMU, replayed, yields what the live driver's subscribers saw. */
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { startQemu } from '../support/qemu.ts';
import { recordLive } from '../unit/recording/live.ts';

const lifecycle = (lines: readonly string[]): string[] =>
  lines
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'lifecycle')
    .map(({ args }) => `${args.event} ${args.detail}`);

describeWith(['qemu'], 'record, then replay', () => {
  test('stop, cont, system_reset by another client, SIGKILL', async () => {
    await using qemu = await startQemu({ name: 'web1', uuid: '38c7aae0-2cd3-4ea9-88a6-51fc89ebf731' });
    const { live, replayed } = await recordLive({ monitor: qemu.path }, 'dry-run', async ({ until }) => {
      await qemu.qmp('stop');
      await qemu.qmp('cont');
      await qemu.qmp('system_reset');
      await until('reboot', 1);
      // The firmware resets once more, and we look again: a clean end is not sure then (`qemu.ts:kill`).
      qemu.kill('SIGKILL');
      await until('lifecycle', 3);
    });
    expect(lifecycle(live)).toEqual(['suspended paused', 'resumed unpaused', 'stopped failed']);
    expect(replayed).toEqual(live);
  });

  test('attached before it runs, and SIGTERM', async () => {
    await using qemu = await startQemu({ paused: true });
    const { live, replayed } = await recordLive({ monitor: qemu.path }, 'dry-run', async ({ vm, until }) => {
      await qemu.qmp('cont');
      await until('lifecycle', 1);
      await vm.info();
      qemu.kill('SIGTERM');
      await until('lifecycle', 3);
    });
    expect(lifecycle(live)).toEqual(['resumed unpaused', 'shutdown host', 'stopped shutdown']);
    expect(replayed).toEqual(live);
  });

  test('a NIC that follows its guest, in a dry run', async () => {
    await using qemu = await startQemu({
      args: ['-netdev', 'user,id=n0', '-device', 'virtio-net-pci,netdev=n0,id=net0,mac=52:54:00:12:34:57'],
    });
    const devices = [
      {
        ...({ type: 'net', alias: 'net0', mac: '52:54:00:12:34:56' } as const),
        ...{ trustGuestRxFilters: true, host: null, backend: null },
      },
    ];
    const { live, replayed } = await recordLive(
      { monitor: qemu.path, devices },
      'dry-run',
      async ({ until }) => {
        await until('outcome', 1);
        await qemu.qmp('system_reset');
        await until('outcome', 2);
        qemu.kill('SIGKILL');
        await until('lifecycle', 1);
      },
    );
    expect(live.some((line) => line.includes('nic-mac-change'))).toBe(true);
    expect(replayed).toEqual(live);
  });
});
