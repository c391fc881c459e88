/** What is looked at when a QEMU answers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDriver } from '../../../../src/index.ts';
import { FakeQemu } from '../../../../src/testing/index.ts';
import { Seen } from '../../../support/seen.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'qa-'));
});
afterAll(() => rm(directory, { recursive: true }));

const looks = (seen: Seen): number =>
  seen.of('outcome').filter(({ args }) => args.type === 'attached' && args.status === 'done').length;

describe('devices that nobody told (design §3a)', () => {
  test('are found; one that was plugged since is believed when QEMU says that it is gone', async () => {
    await using qemu = await FakeQemu.start({ devices: ['rng0'] });
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path });
    expect((await vm.info()).devices?.map(({ alias }) => alias)).toEqual(['rng0']);
    qemu.emit('DEVICE_DELETED', { device: 'plugged-since', path: '/machine/peripheral/plugged-since' });
    await seen.until(() => seen.of('device-removed').length === 1);
    expect(seen.of('device-removed').map(({ args }) => args.alias)).toEqual(['plugged-since']);
  });

  test('are those of the QEMU that answers, not of one before it', async () => {
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const path = `${directory}/qmp`;
    const first = await FakeQemu.start({ path, devices: ['rng0'] });
    const vm = await driver.attach({ monitor: path });
    await seen.until(() => looks(seen) === 1);
    await first[Symbol.asyncDispose]();
    await seen.until(() => !vm.state.active);
    expect(vm.devices).toBeNull();
    await using _next = await FakeQemu.start({ path, devices: ['rng1'] });
    await seen.until(() => looks(seen) === 2);
    expect(vm.devices?.map(({ alias }) => alias)).toEqual(['rng1']);
  });

  test('those that were told are not doubted: QEMU may not add to them', async () => {
    await using qemu = await FakeQemu.start({ devices: ['rng0'] });
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path, devices: [{ type: 'rng', alias: 'rng7' }] });
    qemu.emit('DEVICE_DELETED', { device: 'rng0', path: '/machine/peripheral/rng0' });
    await seen.until(() => seen.of('outcome').some(({ args }) => args.type === 'deviceDeleted'));
    expect(seen.of('device-removed')).toEqual([]);
    expect(vm.devices?.map(({ alias }) => alias)).toEqual(['rng7']);
  });
});
