import { describe, expect, test } from 'vitest';
import type { BlockJobType } from '../../../../src/events/domain-events.ts';
import { MAX_QEMU_JOBS } from '../../../../src/events/facts.ts';
import type { DiskContents, JobIntent } from '../../../../src/events/qemu-jobs.ts';
import { bench, both, disk, ended, followed, running, shown } from './job-bench.ts';

describe("somebody else's QEMU job", () => {
  test.each([
    ['mirror', 'copy'],
    ['commit', 'commit'],
    ['stream', 'pull'],
    ['backup', 'backup'],
  ] as const)('%s is libvirt type %s, of the disk above whose node it works', async (kind, type) => {
    const it = await followed(kind);
    const facts = { status: 'running', type, disk: 'virtio-disk0', result: null, error: null };
    expect(it.jobs()).toEqual({ job: facts });
    ended(it, kind);
    await it.turn();
    expect(it.told).toEqual(both('/images/top', type, 'completed'));
    expect(it.jobs()).toEqual({});
    expect(it.children()).toEqual([]);
  });

  test('is told as ready at once and once, and in the order of arrival (libvirt-events.md §6 #15)', async () => {
    const it = await followed('mirror');
    it.statuses('ready standby ready');
    expect(it.told).toEqual(both('/images/top', 'copy', 'ready'));
  });

  test('a commit that becomes ready is one of the active layer', async () => {
    const it = await followed('commit');
    it.statuses('ready');
    expect(it.told).toEqual(both('/images/top', 'active-commit', 'ready'));
  });

  test('that is ready before its disk is known is told as ready when it is, before its end', async () => {
    const it = bench({ replies: { ...shown(['top'], { job: 'job' }), ...running('commit') } });
    await it.turn();
    it.statuses('created running ready waiting pending');
    ended(it, 'commit');
    expect(it.told).toEqual([]);
    await it.turn();
    expect(it.told).toEqual([
      ...both('/images/top', 'active-commit', 'ready'),
      ...both('/images/top', 'active-commit', 'completed'),
    ]);
  });

  test('its end is told by the path that the disk has then; QEMU is not asked how it ended, and nothing is dismissed', async () => {
    const it = await followed('mirror');
    Object.assign(it.replies, shown(['copy']));
    it.asked.length = 0;
    ended(it, 'mirror');
    await it.turn();
    expect(it.told).toEqual(both('/images/copy', 'copy', 'completed'));
    expect(it.disk()).toMatchObject({ source: '/images/copy', nodes: ['copy', 'copy-file'], paths: {} });
    expect(it.asked.map((command) => command.split(' ')[0])).toEqual([
      'query-block',
      'query-named-block-nodes',
    ]);
  });

  test('with an error in BLOCK_JOB_COMPLETED has failed, and changes no disk', async () => {
    const it = await followed('mirror');
    Object.assign(it.replies, shown(['copy']));
    it.qemu('BLOCK_JOB_COMPLETED', { device: 'job', type: 'mirror', error: 'No space' });
    it.statuses('concluded');
    await it.turn();
    expect(it.jobs().job).toMatchObject({ status: 'concluded', result: 'failed', error: 'No space' });
    expect(it.told).toEqual(both('/images/top', 'copy', 'failed'));
    expect(it.disk().source).toBe('/images/top');
  });

  test('that was cancelled, by whomever, is canceled (differs from libvirt: failed)', async () => {
    const it = await followed('mirror');
    it.qemu('BLOCK_JOB_CANCELLED', { device: 'job', type: 'mirror' });
    it.statuses('concluded null');
    await it.turn();
    expect(it.told).toEqual(both('/images/top', 'copy', 'canceled'));
  });

  test('that is not dismissed stays a fact until it is, and is not told twice', async () => {
    const it = await followed('mirror');
    it.qemu('BLOCK_JOB_COMPLETED', { device: 'job', type: 'mirror' });
    it.statuses('concluded');
    await it.turn();
    expect(it.jobs().job).toMatchObject({ status: 'concluded', result: 'completed' });
    it.replies['query-jobs'] = [{ id: 'job', status: 'concluded' }];
    await it.gap(() => {});
    it.statuses('null');
    await it.turn();
    expect(it.jobs()).toEqual({});
    expect(it.told).toEqual(both('/images/top', 'copy', 'completed'));
  });

  test.each([
    ['no graph is shown', { 'x-debug-query-block-graph': undefined }],
    ['its node is of no disk', { 'query-block': [] }],
    ['there is no such job any more', shown(['top'])],
  ])('has no disk where %s, so there is no event; its type is told by QEMU', async (_, replies) => {
    const it = bench({ replies: { ...shown(['top'], { job: 'job' }), ...running('mirror'), ...replies } });
    await it.turn();
    it.statuses('created running');
    await it.turn();
    expect(it.jobs().job).toMatchObject({ type: 'copy', disk: null });
    it.statuses('ready');
    ended(it, 'mirror');
    await it.turn();
    expect(it.told).toEqual([]);
    expect(it.jobs()).toEqual({});
  });

  test("two guests' disks above its node prove nothing", async () => {
    const replies = { ...shown(['top'], { job: 'job' }), ...running('mirror') };
    const [one] = replies['query-block'];
    const twice = [one, { ...one, qdev: '/machine/peripheral/virtio-disk1/virtio-backend', device: 'd' }];
    const graph = replies['x-debug-query-block-graph'];
    const it = bench({
      devices: [disk(), disk({ alias: 'virtio-disk1', target: 'vdb' })],
      replies: {
        ...replies,
        'query-block': twice,
        'x-debug-query-block-graph': {
          nodes: [...graph.nodes, { id: 9, type: 'block-backend', name: 'd' }],
          edges: [...graph.edges, { parent: 9, child: 2, name: 'root' }],
        },
      },
    });
    await it.turn();
    it.statuses('created running');
    await it.turn();
    expect(it.jobs().job?.disk).toBeNull();
  });

  test("gone before it was looked at, is the drive's whose name it has: QEMU chose that (blockjob.c:block_job_create)", async () => {
    const it = bench({ replies: { ...shown(['top'], { drive: 'job' }), 'query-block-jobs': [] } });
    await it.turn();
    it.statuses('created running');
    ended(it, 'mirror');
    await it.turn();
    expect(it.told).toEqual(both('/images/top', 'copy', 'completed'));
  });

  test("libvirt's own words in an id are not read", async () => {
    const it = bench({ replies: { ...shown(['top']), 'query-block-jobs': [] } });
    await it.turn();
    it.statuses('created running', 'copy-vda-top');
    await it.turn();
    expect(it.jobs()['copy-vda-top']).toMatchObject({ type: null, disk: null });
  });

  test('a disk without a path is told by its target alone, one without a target by its alias', async () => {
    const it = bench({
      devices: [disk({ source: null, target: null })],
      replies: { ...shown(['top'], { job: 'job' }), ...running('mirror') },
    });
    await it.turn();
    it.statuses('created running ready');
    await it.turn();
    expect(it.told).toEqual(['block-job-2 virtio-disk0 copy ready']);
  });

  test('that never ran is no event (QEMU job.c:job_early_fail)', async () => {
    const it = bench({ replies: { ...shown(['top'], { drive: 'job' }) } });
    await it.turn();
    it.statuses('created null');
    await it.turn();
    expect(it.told).toEqual([]);
    expect(it.jobs()).toEqual({});
    expect(it.children()).toEqual([]);
  });

  test('an id that is used again is another job: the end of the first is told before the second is followed', async () => {
    const it = await followed('mirror');
    ended(it, 'mirror');
    it.statuses('created running');
    await it.turn();
    expect(it.told).toEqual(both('/images/top', 'copy', 'completed'));
    expect(it.jobs().job).toMatchObject({ status: 'running', result: null });
    expect(it.children()).toEqual(['qemuJob#2']);
  });

  test('not more than 200 are followed; the next is counted as overflow', async () => {
    const it = bench();
    await it.turn();
    for (let n = 0; n <= MAX_QEMU_JOBS; n += 1) it.statuses('running', `job-${n}`);
    expect(it.told).toEqual(['drop JOB_STATUS_CHANGE: overflow']);
    expect(it.children()).toHaveLength(MAX_QEMU_JOBS);
  });

  test('an id is only ever compared: constructor, __proto__, 4096 characters', async () => {
    const it = bench();
    await it.turn();
    for (const id of ['constructor', '__proto__', 'x'.repeat(4096), 'qemuJob#1']) {
      it.qemu('BLOCK_JOB_READY', { device: id, type: 'mirror' });
      it.statuses('created running', id);
      expect(Object.hasOwn(it.jobs(), id)).toBe(true);
    }
    expect(it.told).toEqual(Array(4).fill('drop BLOCK_JOB_READY: ignored-in-state'));
    expect(it.children()).toEqual(['qemuJob#1', 'qemuJob#2', 'qemuJob#3', 'qemuJob#4']);
    await it.turn();
    for (const id of Object.keys(it.jobs())) it.statuses('concluded null', id);
    await it.turn();
    expect(it.jobs()).toEqual({});
  });

  test('the end of QEMU is the end of the jobs that are followed, and no event', async () => {
    const it = await followed('mirror');
    it.send({ type: 'manager.stopping', detail: 'destroyed', reason: 'destroyed' });
    it.send({ type: 'monitor.attemptFailed', attempt: 'refused' });
    const id = it.actor.getSnapshot().context.work.running?.id ?? '';
    it.send({
      ...{ type: 'processEvent.ended', id, incarnation: 'run-1' },
      outcome: { status: 'done', facts: { gone: true } },
    });
    expect(it.children()).toEqual([]);
    expect(it.jobs()).toEqual({});
    expect(it.told).toEqual([]);
  });
});

const after: DiskContents = { source: '/images/copy', nodes: ['copy', 'copy-file'], paths: {} };

/** A manager's own job, up to its end. */
async function own(
  type: BlockJobType | null,
  options: { intent?: JobIntent; listed?: object | null; becomes?: DiskContents; noted?: string } = {},
) {
  const { intent, listed = {}, becomes = after, noted } = options;
  const jobs = listed === null ? [] : [{ id: 'job', status: 'concluded', ...listed }];
  const it = bench({ manager: true, replies: { 'query-jobs': jobs, 'job-dismiss': {} } });
  await it.turn();
  it.asked.length = 0;
  const alias = type === null ? null : 'virtio-disk0';
  it.send({ type: 'manager.jobRegistered', id: 'job', job: { type, disk: alias, becomes } });
  it.statuses('created running');
  if (intent !== undefined) it.send({ type: 'manager.jobAsked', id: 'job', intent });
  if (noted !== undefined) it.qemu(noted as 'BLOCK_JOB_CANCELLED', { device: 'job', type: 'mirror' });
  it.statuses('concluded');
  await it.turn();
  it.statuses('null');
  expect(it.jobs()).toEqual({});
  return it;
}

describe("a manager's own QEMU job", () => {
  test('that succeeded: query-jobs, job-dismiss, the disk, the events (qemu_blockjob.c:qemuBlockJobEventProcessConcluded)', async () => {
    const it = await own('copy', { intent: 'pivot' });
    expect(it.asked).toEqual(['query-jobs', 'job-dismiss job']);
    expect(it.told).toEqual(both('/images/copy', 'copy', 'completed'));
    expect(it.disk()).toMatchObject(after);
  });

  test.each([
    ['copy', {}, 'completed', '/images/top'],
    ['copy', { intent: 'abort' }, 'canceled', '/images/top'],
    ['copy', { intent: 'pivot', listed: { error: 'No space' } }, 'failed', '/images/top'],
    ['active-commit', { intent: 'pivot' }, 'completed', '/images/copy'],
    ['active-commit', { intent: 'abort', listed: { error: 'x' } }, 'canceled', '/images/top'],
    ['commit', {}, 'completed', '/images/copy'],
    ['pull', { listed: { error: 'x' } }, 'failed', '/images/top'],
    [
      'copy',
      { listed: { error: 'Operation canceled' }, noted: 'BLOCK_JOB_CANCELLED' },
      'failed',
      '/images/top',
    ],
    ['copy', { listed: null, intent: 'pivot', noted: 'BLOCK_JOB_COMPLETED' }, 'completed', '/images/copy'],
    ['copy', { listed: null, noted: 'BLOCK_JOB_CANCELLED' }, 'failed', '/images/top'],
  ] as const)('%s %j: %s, and the disk is %s', async (type, options, status, path) => {
    const it = await own(type, options);
    expect(it.told).toEqual(both(path, type, status));
    expect(it.disk().source).toBe(path);
  });

  test('that QEMU does not list, and said nothing of, gives no event (qemuBlockJobEventProcessConcluded: it stays CONCLUDED)', async () => {
    expect((await own('copy', { listed: null })).told).toEqual([]);
  });

  test('without a disk gives no event (blockdev-create)', async () => {
    const it = await own(null);
    expect(it.asked).toEqual(['query-jobs', 'job-dismiss job']);
    expect(it.told).toEqual([]);
  });

  test('a job of anybody else is not followed, but counted (qemuProcessHandleJobStatusChange)', async () => {
    const it = bench({ manager: true });
    await it.turn();
    it.statuses('created running');
    it.qemu('BLOCK_JOB_READY', { device: 'job', type: 'mirror' });
    expect(it.jobs()).toEqual({});
    const drop = 'drop JOB_STATUS_CHANGE: ignored-in-state';
    expect(it.told).toEqual([drop, drop, 'drop BLOCK_JOB_READY: ignored-in-state']);
  });

  test('that QEMU refused to start is forgotten', async () => {
    const it = bench({ manager: true });
    it.send({ type: 'manager.jobRegistered', id: 'job', job: { type: 'copy', disk: null, becomes: null } });
    expect(it.children()).toEqual(['qemuJob#1']);
    it.send({ type: 'manager.jobRegistered', id: 'job', job: null });
    expect(it.jobs()).toEqual({});
    expect(it.children()).toEqual([]);
  });

  test('a request that QEMU refused is none', async () => {
    const it = bench({ manager: true });
    it.send({ type: 'manager.jobRegistered', id: 'job', job: { type: 'copy', disk: null, becomes: null } });
    for (const intent of ['abort', null] as const) it.send({ type: 'manager.jobAsked', id: 'job', intent });
    expect(it.actor.getSnapshot().context.qemuJobs.byId.job?.own?.intent).toBeNull();
  });
});
