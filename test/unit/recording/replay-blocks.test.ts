import { describe, expect, test } from 'vitest';
import type { DiskDevice } from '../../../src/events/devices.ts';
import type { ManagerEvent } from '../../../src/machines/domain-context.ts';
import { ReplayBlocks } from '../../../src/recording/replay-blocks.ts';

const vda: DiskDevice = {
  type: 'disk',
  ...{ alias: 'virtio-disk0', target: 'vda', bus: 'virtio', qomName: null, reservations: null },
  ...{ source: '/vda', nodes: ['f3', 's3'], paths: {} },
};
const cdrom: DiskDevice = {
  ...vda,
  ...{ alias: 'ide0-1-0', target: 'hdc', bus: 'ide', source: '/cd1', nodes: ['f1', 's1'] },
};

/** A manager that knows two disks; what it tells is applied, as the domain does. */
function manager() {
  let devices = [vda, cdrom];
  const told: ManagerEvent[] = [];
  const blocks = new ReplayBlocks({
    devices: () => devices,
    send(event) {
      told.push(event);
      if (event.type !== 'manager.deviceChanged') return;
      const { device } = event;
      devices = devices.map((one) => (one.alias === device.alias ? (device as DiskDevice) : one));
    },
  });
  const run = (command: string, args: object, ok = true): void => {
    blocks.sent(command, args as never);
    blocks.answered(command, args as never, ok);
  };
  /** An image, its storage and its format, as libvirt adds them. */
  const image = (number: number, path: string, backing: string | null = null): void => {
    run('blockdev-add', { driver: 'file', filename: path, 'node-name': `s${number}` });
    run('blockdev-add', { driver: 'qcow2', file: `s${number}`, backing, 'node-name': `f${number}` });
  };
  const snapshot = (number: number, node: string): void => {
    image(number, `/overlay${number}`);
    const action = { type: 'blockdev-snapshot', data: { node, overlay: `f${number}` } };
    run('transaction', { actions: [action] });
  };
  return { told, run, image, snapshot, disk: (n: number) => devices[n] };
}

const jobOf = (told: readonly ManagerEvent[]) =>
  told.filter((event) => event.type === 'manager.jobRegistered').at(-1);

describe('what a manager knows of its disks', () => {
  test('an overlay is the active layer, first of the nodes; what was is below (qemu_snapshot.c:qemuSnapshotDiskUpdateSource)', () => {
    const it = manager();
    it.snapshot(4, 'f3');
    it.snapshot(5, 'f4');
    expect(it.disk(0)).toMatchObject({
      source: '/overlay5',
      nodes: ['f5', 's5', 'f4', 's4', 'f3', 's3'],
      paths: { f4: '/overlay4', s4: '/overlay4', f3: '/vda', s3: '/vda' },
    });
    expect(it.disk(1)).toEqual(cdrom);
  });

  test('a snapshot that failed changes nothing', () => {
    const it = manager();
    it.image(4, '/overlay');
    const action = { type: 'blockdev-snapshot', data: { node: 'f3', overlay: 'f4' } };
    it.run('transaction', { actions: [action] }, false);
    expect(it.disk(0)).toEqual(vda);
  });

  test('a medium is taken out, and another put in (qemu_hotplug.c:qemuDomainChangeEjectableMedia)', () => {
    const it = manager();
    it.run('blockdev-remove-medium', { id: 'ide0-1-0' });
    expect(it.disk(1)).toMatchObject({ source: null, nodes: [] });
    it.image(6, '/cd2');
    it.run('blockdev-insert-medium', { id: 'ide0-1-0', 'node-name': 'f6' });
    expect(it.disk(1)).toMatchObject({ source: '/cd2', nodes: ['f6', 's6'] });
    expect(it.disk(0)).toEqual(vda);
  });

  test('a medium of the network has no path', () => {
    const it = manager();
    it.run('blockdev-add', { driver: 'nbd', filename: '/x', 'node-name': 'n' });
    it.run('blockdev-insert-medium', { id: 'ide0-1-0', 'node-name': 'n' });
    expect(it.disk(1)).toMatchObject({ source: null, nodes: ['n'] });
  });
});

describe('the jobs that a manager registers, with what their disk is after them', () => {
  const layered = () => {
    const it = manager();
    it.snapshot(4, 'f3');
    it.snapshot(5, 'f4');
    return it;
  };

  test('a copy: the mirror, with what is below it', () => {
    const it = manager();
    it.image(7, '/copy', 'f3');
    it.run('blockdev-mirror', { 'job-id': 'j', device: 'f3', target: 'f7' });
    const paths = { f3: '/vda', s3: '/vda' };
    const becomes = { source: '/copy', nodes: ['f7', 's7', 'f3', 's3'], paths };
    expect(jobOf(it.told)).toEqual({
      ...{ type: 'manager.jobRegistered', id: 'j' },
      job: { type: 'copy', disk: 'virtio-disk0', becomes },
    });
  });

  test.each([
    ['active-commit', 'block-commit', { 'base-node': 'f3' }, '/vda', ['f3', 's3']],
    ['active-commit', 'block-commit', { 'top-node': 'f5' }, '/vda', ['f3', 's3']],
    [
      'commit',
      'block-commit',
      { 'top-node': 'f4', 'base-node': 'f3' },
      '/overlay5',
      ['f5', 's5', 'f3', 's3'],
    ],
    ['pull', 'block-stream', {}, '/overlay5', ['f5', 's5']],
    ['pull', 'block-stream', { 'base-node': 'f3' }, '/overlay5', ['f5', 's5', 'f3', 's3']],
  ])('%s by %s %j: %s, %j', (type, command, args, source, nodes) => {
    const it = layered();
    it.run(command, { 'job-id': 'j', device: 'f5', ...args });
    expect(jobOf(it.told)).toMatchObject({ id: 'j', job: { type, disk: 'virtio-disk0' } });
    expect(jobOf(it.told)?.job?.becomes).toMatchObject({ source, nodes });
  });

  test('a backup, also of a transaction, changes no disk; a blockdev-create has none', () => {
    const it = manager();
    const data = { 'job-id': 'b', device: 'f3', target: 'x' };
    it.run('transaction', { actions: [{ type: 'blockdev-backup', data }] });
    expect(jobOf(it.told)?.job).toEqual({ type: 'backup', disk: 'virtio-disk0', becomes: null });
    it.run('blockdev-create', { 'job-id': 'c', options: {} });
    expect(jobOf(it.told)).toMatchObject({ id: 'c', job: { type: null, disk: null, becomes: null } });
  });

  test('one that QEMU refused is none', () => {
    const it = manager();
    it.run('blockdev-create', { 'job-id': 'c', options: {} }, false);
    expect(jobOf(it.told)).toMatchObject({ id: 'c', job: null });
  });

  test.each([
    ['job-complete', { id: 'j' }, 'pivot'],
    ['block-job-complete', { device: 'j' }, 'pivot'],
    ['job-cancel', { id: 'j' }, 'abort'],
    ['block-job-cancel', { device: 'j' }, 'abort'],
  ])('%s %j: %s, unless QEMU refused', (command, args, intent) => {
    const it = manager();
    it.run(command, args);
    expect(it.told).toEqual([{ type: 'manager.jobAsked', id: 'j', intent }]);
    it.run(command, args, false);
    expect(it.told.at(-1)).toMatchObject({ intent: null });
  });

  test('arguments may be anything', () => {
    const it = manager();
    for (const command of ['transaction', 'block-commit', 'block-stream', 'blockdev-mirror', 'blockdev-add'])
      for (const args of [{}, { actions: [1, null, { type: 'x' }] }, { device: 1, 'job-id': {}, file: [] }])
        it.run(command, args);
    expect(it.told).toEqual([]);
  });

  test('a circle of nodes ends', () => {
    const it = manager();
    it.run('blockdev-add', { driver: 'qcow2', 'node-name': 'a', backing: 'a' });
    it.run('blockdev-mirror', { 'job-id': 'j', device: 'f3', target: 'a' });
    expect(jobOf(it.told)?.job?.becomes?.nodes.length).toBeLessThan(1000);
  });
});
