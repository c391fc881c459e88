/** Each QEMU event about disks and the jobs on them, provoked on a real QEMU without a guest: what an observer is told. */
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { addBadNode, concluded, createFile, Observer, spoilQcow2 } from '../support/provoke.ts';
import { type Qemu, startQemu } from '../support/qemu.ts';

const EIO = 5;
const ENOSPC = 28;

describeWith(['qemu'], 'an observer of a real QEMU is told of an I/O error', () => {
  /** The firmware reads the boot sector of a disk that cannot be read. */
  async function bootFromBadDisk(policy: string, errno: number): Promise<Qemu> {
    const qemu = await startQemu({ paused: true });
    await addBadNode(qemu, 'bad', { iotype: 'read', errno });
    const device = { driver: 'virtio-blk-pci', id: 'vd0', drive: 'bad', bootindex: 1 };
    await qemu.qmp('device_add', { ...device, rerror: policy, werror: policy });
    return qemu;
  }

  test.each([
    [
      'report: io-error report, and it runs on (QAPI block-core.json:BLOCK_IO_ERROR; qemu_process.c:qemuProcessHandleIOError)',
      'report',
      'report',
    ],
    [
      'ignore: io-error none, and it runs on (QAPI block-core.json:BlockErrorAction; qemu_process.c:qemuProcessHandleIOError)',
      'ignore',
      'none',
    ],
  ])('%s', async (_title, policy, action) => {
    await using qemu = await bootFromBadDisk(policy, EIO);
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('cont');
    await observer.untilRaw('BLOCK_IO_ERROR');
    const raw = observer.raw('BLOCK_IO_ERROR');
    for (const data of raw)
      expect(data).toMatchObject({ 'node-name': 'bad', operation: 'read', action: policy, device: '' });
    const error = { path: null, alias: 'vd0', action };
    expect(observer.told).toEqual([
      ['lifecycle', 'resumed unpaused'],
      ...raw.flatMap(() => [
        ['io-error', error],
        ['io-error-reason', { ...error, reason: '' }],
      ]),
    ]);
    expect(observer.state).toBe('running unpaused');
  });

  test.each([
    [
      'stop: io-error pause, before suspended ioerror; the STOP says nothing more (QAPI block-core.json:BLOCK_IO_ERROR; qemu_process.c:qemuProcessHandleIOError)',
      'stop',
      EIO,
      false,
      '',
    ],
    [
      'stop, for want of space: the reason is enospc (QAPI block-core.json:BLOCK_IO_ERROR nospace; qemu_process.c:qemuProcessHandleIOError)',
      'stop',
      ENOSPC,
      true,
      'enospc',
    ],
    [
      'enospc, for want of space: as stop (QAPI block-core.json:BlockdevOnError enospc; qemu_process.c:qemuProcessHandleIOError)',
      'enospc',
      ENOSPC,
      true,
      'enospc',
    ],
  ])('%s', async (_title, policy, errno, nospace, reason) => {
    await using qemu = await bootFromBadDisk(policy, errno);
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('cont');
    await observer.untilRaw('STOP');
    expect(observer.raw('BLOCK_IO_ERROR')).toMatchObject([{ 'node-name': 'bad', action: 'stop', nospace }]);
    const error = { path: null, alias: 'vd0', action: 'pause' };
    const told = [
      ['io-error', error],
      ['io-error-reason', { ...error, reason }],
      ['lifecycle', 'suspended ioerror'],
    ];
    expect(observer.told).toEqual([['lifecycle', 'resumed unpaused'], ...told]);
    expect(observer.ignored).toEqual(['STOP']);
    expect(observer.state).toBe('paused ioerror');

    // It is tried again, and fails again.
    await qemu.qmp('cont');
    await observer.untilRaw('STOP', 2);
    expect(observer.told.slice(4)).toEqual([['lifecycle', 'resumed unpaused'], ...told]);
    expect(observer.state).toBe('paused ioerror');
  });

  test('of a node without a disk by empty names: an error is never lost (QAPI block-core.json:BLOCK_IO_ERROR; qemu_process.c:qemuProcessHandleIOError)', async () => {
    await using qemu = await bootFromBadDisk('report', EIO);
    // The embedder told other devices than there are.
    await using observer = await Observer.attach(qemu, { devices: [] });
    await qemu.qmp('cont');
    await observer.untilRaw('BLOCK_IO_ERROR');
    expect(observer.told.slice(1, 3)).toEqual([
      ['io-error', { path: '', alias: '', action: 'report' }],
      ['io-error-reason', { path: '', alias: '', action: 'report', reason: '' }],
    ]);
  });
});

describeWith(['qemu'], 'an observer of a real QEMU is told of a write beyond a threshold', () => {
  const MIB = 1024 * 1024;
  /** 64 KiB at 5 MiB go beyond 4 MiB by this. */
  const crossed = { thresholdBytes: 4 * MIB, excessBytes: MIB + 64 * 1024 };

  const write = (qemu: Qemu, offset: string) =>
    qemu.hmp(`qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "write ${offset} 64k"`);

  async function withDisk(format: string, storage: string, run: (qemu: Qemu, path: string) => Promise<void>) {
    await using qemu = await startQemu({ paused: true });
    const path = await createFile(qemu, 'a.img', 16 * MIB);
    await qemu.qmp('blockdev-add', { driver: 'file', 'node-name': storage, filename: path });
    await qemu.qmp('blockdev-add', { driver: 'raw', 'node-name': format, file: storage });
    await qemu.qmp('device_add', { driver: 'virtio-blk-pci', id: 'virtio-disk0', drive: format });
    await run(qemu, path);
  }

  test('of a plain node as block-threshold of its disk, once (QAPI block-core.json:BLOCK_WRITE_THRESHOLD; qemu_process.c:qemuProcessHandleBlockThreshold)', async () => {
    await withDisk('format', 'storage', async (qemu, path) => {
      await using observer = await Observer.attach(qemu);
      await qemu.qmp('block-set-write-threshold', {
        'node-name': 'storage',
        'write-threshold': crossed.thresholdBytes,
      });
      await write(qemu, '1M');
      await write(qemu, '5M');
      await write(qemu, '6M');
      await observer.untilRaw('BLOCK_WRITE_THRESHOLD');
      expect(observer.raw('BLOCK_WRITE_THRESHOLD')).toEqual([
        {
          'node-name': 'storage',
          'write-threshold': crossed.thresholdBytes,
          'amount-exceeded': crossed.excessBytes,
        },
      ]);
      expect(observer.told).toEqual([['block-threshold', { dev: 'virtio-disk0', path, ...crossed }]]);
      expect((await observer.facts()).thresholds).toEqual({ storage: { indexed: false, crossed } });
    });
  });

  test('of a node named as libvirt names it, also by the number of its layer (QAPI block-core.json:BLOCK_WRITE_THRESHOLD; qemu_process.c:qemuProcessHandleBlockThreshold)', async () => {
    await withDisk('libvirt-1-format', 'libvirt-1-storage', async (qemu, path) => {
      await using observer = await Observer.attach(qemu);
      await qemu.qmp('block-set-write-threshold', {
        'node-name': 'libvirt-1-storage',
        'write-threshold': crossed.thresholdBytes,
      });
      await write(qemu, '5M');
      await observer.untilRaw('BLOCK_WRITE_THRESHOLD');
      expect(observer.told).toEqual([
        ['block-threshold', { dev: 'virtio-disk0', path, ...crossed }],
        ['block-threshold', { dev: 'virtio-disk0[1]', path, ...crossed }],
      ]);
    });
  });

  test('of a node of no disk as nothing: it is counted (QAPI block-core.json:BLOCK_WRITE_THRESHOLD; qemu_process.c:qemuProcessHandleBlockThreshold)', async () => {
    await using qemu = await startQemu({ paused: true });
    const path = await createFile(qemu, 'a.img', 16 * MIB);
    await qemu.qmp('blockdev-add', { driver: 'file', 'node-name': 'idle', filename: path });
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('block-set-write-threshold', { 'node-name': 'idle', 'write-threshold': 4 * MIB });
    await qemu.hmp('qemu-io idle "write 5M 64k"');
    await observer.untilRaw('BLOCK_WRITE_THRESHOLD');
    expect(observer.told).toEqual([]);
    expect(observer.ignored).toEqual(['BLOCK_WRITE_THRESHOLD']);
  });
});

describeWith(['qemu'], 'an observer of a real QEMU is told of a dump', () => {
  test('that is through by a fact, and of the pause that it needs (QAPI dump.json:DUMP_COMPLETED; qemu_process.c:qemuProcessHandleDumpCompleted)', async () => {
    await using qemu = await startQemu();
    await using observer = await Observer.attach(qemu);
    expect((await observer.facts()).dump).toBeNull();
    await qemu.qmp('dump-guest-memory', { paging: false, protocol: 'file:core', detach: true });
    await observer.untilRaw('RESUME');
    expect(observer.rawNames).toEqual(['STOP', 'DUMP_COMPLETED', 'RESUME']);
    const [data] = observer.raw('DUMP_COMPLETED') as { result: { completed: number; total: number } }[];
    expect(data).toMatchObject({ result: { status: 'completed' } });
    expect(data?.result.completed).toBe(data?.result.total);
    expect((await observer.facts()).dump).toEqual({
      status: 'completed',
      error: null,
      completedBytes: data?.result.completed,
      totalBytes: data?.result.total,
    });
    expect(observer.told).toEqual([
      ['lifecycle', 'suspended paused'],
      ['lifecycle', 'resumed unpaused'],
    ]);
    expect(observer.state).toBe('running unpaused');
  });

  test('that failed by a fact with the error (QAPI dump.json:DUMP_COMPLETED error; qemu_process.c:qemuProcessHandleDumpCompleted)', async () => {
    await using qemu = await startQemu({ paused: true });
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('dump-guest-memory', { paging: false, protocol: 'file:/dev/full', detach: true });
    await observer.untilRaw('DUMP_COMPLETED');
    expect((await observer.facts()).dump).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('No space left on device'),
    });
    expect(observer.told).toEqual([]);
    expect(observer.state).toBe('paused unknown');
  });
});

describeWith(['qemu'], 'an observer of a real QEMU hears of jobs', () => {
  const MIB = 1024 * 1024;
  const nodes = async (qemu: Qemu, source: object): Promise<void> => {
    await qemu.qmp('blockdev-add', { 'node-name': 'source', ...source });
    await qemu.qmp('blockdev-add', {
      driver: 'null-co',
      'node-name': 'target',
      size: MIB,
      'read-zeroes': true,
    });
  };
  const good = { driver: 'null-co', size: MIB, 'read-zeroes': true };

  test('that are no block jobs by JOB_STATUS_CHANGE, from created to null, and says nothing of them (QAPI job.json:JOB_STATUS_CHANGE; qemu_process.c:qemuProcessHandleJobStatusChange)', async () => {
    await using qemu = await startQemu({ paused: true });
    await using observer = await Observer.attach(qemu);
    const options = { driver: 'file', filename: `${qemu.directory}/new.img`, size: MIB };
    await concluded(qemu, 'make', () => qemu.qmp('blockdev-create', { 'job-id': 'make', options }));
    await qemu.qmp('job-dismiss', { id: 'make' });
    await observer.all();
    const changes = observer.raw('JOB_STATUS_CHANGE').map((data) => `${data?.id} ${data?.status}`);
    expect(changes[0]).toBe('make created');
    expect(changes.slice(-2)).toEqual(['make concluded', 'make null']);
    expect(observer.told).toEqual([]);
  });

  test('that become ready, and are completed: BLOCK_JOB_READY, BLOCK_JOB_COMPLETED (QAPI block-core.json; ours: libvirt asks query-jobs)', async () => {
    await using qemu = await startQemu({ paused: true });
    await nodes(qemu, good);
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('blockdev-mirror', { 'job-id': 'copy', device: 'source', target: 'target', sync: 'full' });
    await observer.untilRaw('BLOCK_JOB_READY');
    expect(observer.raw('BLOCK_JOB_READY')).toMatchObject([{ device: 'copy', type: 'mirror' }]);
    await qemu.qmp('job-complete', { id: 'copy' });
    await observer.untilRaw('BLOCK_JOB_COMPLETED');
    expect(observer.raw('BLOCK_JOB_COMPLETED')).toMatchObject([{ device: 'copy', type: 'mirror' }]);
    // The nodes belong to no disk, so there is none to tell of.
    expect(observer.told).toEqual([]);
  });

  test('that are cancelled: BLOCK_JOB_CANCELLED (QAPI block-core.json; ours: libvirt asks query-jobs)', async () => {
    await using qemu = await startQemu({ paused: true });
    await nodes(qemu, good);
    await using observer = await Observer.attach(qemu);
    const job = { 'job-id': 'copy', device: 'source', target: 'target', sync: 'full' };
    await qemu.qmp('blockdev-mirror', { ...job, speed: 65_536 });
    await qemu.qmp('block-job-cancel', { device: 'copy', force: true });
    await observer.untilRaw('BLOCK_JOB_CANCELLED');
    expect(observer.raw('BLOCK_JOB_CANCELLED')).toMatchObject([{ device: 'copy', type: 'mirror' }]);
    expect(observer.told).toEqual([]);
  });

  test('that wait for job-finalize, and ignores it: BLOCK_JOB_PENDING (QAPI block-core.json; libvirt has no handler)', async () => {
    await using qemu = await startQemu({ paused: true });
    await nodes(qemu, good);
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('blockdev-backup', {
      ...{ 'job-id': 'save', device: 'source', target: 'target', sync: 'full' },
      ...{ 'auto-finalize': false, 'auto-dismiss': false },
    });
    await observer.untilRaw('BLOCK_JOB_PENDING');
    expect(observer.raw('BLOCK_JOB_PENDING')).toEqual([{ id: 'save', type: 'backup' }]);
    expect(observer.ignored).toContain('BLOCK_JOB_PENDING');
    expect(observer.told).toEqual([]);
  });

  test('that meet an error, and ignores it: BLOCK_JOB_ERROR (QAPI block-core.json; libvirt has no handler)', async () => {
    await using qemu = await startQemu({ paused: true });
    await nodes(qemu, {
      driver: 'blkdebug',
      image: { driver: 'null-co', size: MIB },
      'inject-error': [{ event: 'none', iotype: 'read', errno: EIO }],
    });
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('blockdev-backup', {
      ...{ 'job-id': 'save', device: 'source', target: 'target', sync: 'full' },
      'on-source-error': 'report',
    });
    await observer.untilRaw('BLOCK_JOB_COMPLETED');
    expect(observer.raw('BLOCK_JOB_ERROR')[0]).toEqual({
      device: 'save',
      operation: 'read',
      action: 'report',
    });
    expect(observer.ignored).toContain('BLOCK_JOB_ERROR');
    expect(observer.told).toEqual([]);
  });
});

describeWith(['qemu'], 'an observer of a real QEMU counts, and passes on raw,', () => {
  test('BLOCK_IMAGE_CORRUPTED (QAPI block-core.json; libvirt has no handler)', async () => {
    await using qemu = await startQemu({ paused: true });
    const filename = await createFile(qemu, 'a.qcow2', 0);
    await qemu.qmp('blockdev-add', { driver: 'file', 'node-name': 'storage', filename });
    await concluded(qemu, 'make', () =>
      qemu.qmp('blockdev-create', {
        'job-id': 'make',
        options: { driver: 'qcow2', file: 'storage', size: 1024 * 1024 },
      }),
    );
    await qemu.qmp('job-dismiss', { id: 'make' });
    const open = () => qemu.qmp('blockdev-add', { driver: 'qcow2', 'node-name': 'a', file: 'storage' });
    await open();
    await qemu.hmp('qemu-io a "write -P 1 0 64k"');
    await qemu.qmp('blockdev-del', { 'node-name': 'a' });
    await spoilQcow2(filename);
    await open();
    await using observer = await Observer.attach(qemu);
    await qemu.hmp('qemu-io a "read 0 64k"');
    await observer.untilRaw('BLOCK_IMAGE_CORRUPTED');
    expect(observer.raw('BLOCK_IMAGE_CORRUPTED')).toMatchObject([{ 'node-name': 'a', fatal: true }]);
    expect(observer.ignored).toEqual(['BLOCK_IMAGE_CORRUPTED']);
    expect(observer.told).toEqual([]);
  });

  async function quorum(fills: readonly number[], run: (qemu: Qemu) => Promise<void>): Promise<void> {
    await using qemu = await startQemu({ paused: true });
    const children = fills.map((_, n) => `file${n}`);
    for (const [n, fill] of fills.entries()) {
      const filename = await createFile(qemu, `${n}.img`, 64 * 1024, fill);
      await qemu.qmp('blockdev-add', { driver: 'file', 'node-name': `file${n}`, filename });
    }
    await qemu.qmp('blockdev-add', {
      driver: 'quorum',
      'node-name': 'quorum',
      'vote-threshold': 2,
      children,
    });
    await run(qemu);
  }

  test('QUORUM_REPORT_BAD (QAPI block-core.json; libvirt has no handler)', async () => {
    await quorum([9, 0, 0], async (qemu) => {
      await using observer = await Observer.attach(qemu);
      await qemu.hmp('qemu-io quorum "read 0 64k"');
      await observer.untilRaw('QUORUM_REPORT_BAD');
      expect(observer.raw('QUORUM_REPORT_BAD')).toMatchObject([{ type: 'read', 'node-name': 'file0' }]);
      expect(observer.ignored).toEqual(['QUORUM_REPORT_BAD']);
      expect(observer.told).toEqual([]);
    });
  });

  test('QUORUM_FAILURE (QAPI block-core.json; libvirt has no handler)', async () => {
    await quorum([1, 2, 3], async (qemu) => {
      await using observer = await Observer.attach(qemu);
      await qemu.hmp('qemu-io quorum "read 0 64k"');
      await observer.untilRaw('QUORUM_FAILURE');
      expect(observer.raw('QUORUM_FAILURE')).toMatchObject([{ reference: 'quorum', 'sector-num': 0 }]);
      expect(observer.ignored).toContain('QUORUM_FAILURE');
      expect(observer.told).toEqual([]);
    });
  });

  test('BLOCK_EXPORT_DELETED (QAPI block-export.json; libvirt has no handler)', async () => {
    await using qemu = await startQemu({ paused: true });
    await qemu.qmp('blockdev-add', { driver: 'null-co', 'node-name': 'source', size: 1024 * 1024 });
    await qemu.qmp('nbd-server-start', { addr: { type: 'unix', data: { path: `${qemu.directory}/nbd` } } });
    await qemu.qmp('block-export-add', { type: 'nbd', id: 'export0', 'node-name': 'source' });
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('block-export-del', { id: 'export0' });
    await observer.untilRaw('BLOCK_EXPORT_DELETED');
    expect(observer.raw('BLOCK_EXPORT_DELETED')).toEqual([{ id: 'export0' }]);
    expect(observer.ignored).toEqual(['BLOCK_EXPORT_DELETED']);
    expect(observer.told).toEqual([]);
  });
});
