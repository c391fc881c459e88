/** What changed of a real QEMU's devices while its monitor was lost. */
import { expect, test } from 'vitest';
import { openDriver } from '../../src/index.ts';
import { describeWith } from '../support/needs.ts';
import { startQemu, TABLET } from '../support/qemu.ts';
import { Relay } from '../support/relay.ts';
import { Seen } from '../support/seen.ts';

const DEVICES = [
  ...TABLET,
  ...['-blockdev', 'driver=null-co,node-name=medium,read-only=on'],
  ...['-device', 'ide-cd,id=cd0,drive=medium'],
];

const looks = (seen: Seen): number =>
  seen.of('outcome').filter(({ args }) => args.type === 'attached' && args.status === 'done').length;

describeWith(['qemu'], 'after a gap what changed is announced, marked reconstructed (promise 6)', () => {
  test.each([
    ['devices that were found', undefined],
    [
      'devices that were told',
      [
        { type: 'input', alias: 'tablet0' },
        { type: 'disk', alias: 'cd0' },
      ],
    ],
  ])('%s: one that is gone, and a tray that moved', async (_, devices) => {
    await using qemu = await startQemu({ args: DEVICES });
    const path = `${qemu.directory}/relay.sock`;
    await using relay = await Relay.start(path, qemu.path);
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: path, pid: qemu.pid, ...(devices && { devices }) });
    await vm.info();
    await seen.until(() => looks(seen) === 1);
    relay.silent = true;
    relay.drop();
    await seen.until(() => vm.state.monitor === 'lost');
    await qemu.qmp('device_del', { id: 'tablet0' });
    await qemu.event('DEVICE_DELETED');
    await qemu.qmp('blockdev-open-tray', { id: 'cd0' });
    relay.silent = false;
    relay.drop();
    await seen.until(() => looks(seen) === 2);
    const told = seen.all.filter(({ type }) => type === 'device-removed' || type === 'tray-change');
    expect(told.map(({ type, args, reconstructed }) => ({ type, args, reconstructed }))).toEqual([
      { type: 'device-removed', args: { alias: 'tablet0' }, reconstructed: true },
      { type: 'tray-change', args: { alias: 'cd0', reason: 'open' }, reconstructed: true },
    ]);
    const { devices: left, trays } = await vm.info();
    expect(left?.map(({ alias }) => alias)).not.toContain('tablet0');
    expect(trays).toEqual({ cd0: 'open' });
  });
});
