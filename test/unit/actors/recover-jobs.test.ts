import { describe, expect, test } from 'vitest';
import { bench, both, disk, ended, followed, running, shown } from './handlers/job-bench.ts';

describe('after a gap (qemu_blockjob.c:qemuBlockJobRefreshJobs)', () => {
  const seen = ' (reconstructed)';

  test('a job that became ready is told so, marked as reconstructed', async () => {
    const it = await followed('mirror');
    await it.gap(() => {
      it.replies['query-jobs'] = [{ id: 'job', status: 'ready' }];
    });
    expect(it.told).toEqual(both('/images/top', 'copy', 'ready', seen));
  });

  test.each([
    ['completed', {}],
    ['failed', { error: 'No space' }],
  ])('a job that is listed as concluded has %s', async (status, more) => {
    const it = await followed('mirror');
    await it.gap(() => {
      it.replies['query-jobs'] = [{ id: 'job', status: 'concluded', ...more }];
    });
    expect(it.told).toEqual(both('/images/top', 'copy', status, seen));
  });

  test.each([
    ['mirror', ['copy'], 'copy', '/images/copy', 'completed'],
    ['mirror', ['top', 'base'], 'copy', '/images/top', 'failed'],
    ['stream', ['top'], 'pull', '/images/top', 'completed'],
    ['stream', ['top', 'base'], 'pull', '/images/top', 'failed'],
    ['backup', ['top', 'base'], 'backup', '/images/top', 'failed'],
  ] as const)(
    'a %s that is gone, with the disk on %j: its %s, by what the disk shows (%s, %s)',
    async (kind, layers, type, path, status) => {
      const it = await followed(kind);
      await it.gap(() => Object.assign(it.replies, shown(layers), { 'query-jobs': [] }));
      expect(it.told).toEqual(both(path, type, status, seen));
      expect(it.jobs()).toEqual({});
    },
  );

  test('a job that is gone is judged by the disk as the job began, although that was read again', async () => {
    const it = await followed('mirror');
    const reread = { ...disk(), source: '/images/copy', nodes: ['copy', 'copy-file'], paths: {} };
    it.send({ type: 'manager.deviceChanged', device: reread, added: false });
    await it.gap(() => Object.assign(it.replies, shown(['copy']), { 'query-jobs': [] }));
    expect(it.told).toEqual(both('/images/copy', 'copy', 'completed', seen));
  });

  test('a new job is followed, and that it is ready is no event; one that is over is nobody’s news', async () => {
    const it = bench({ replies: shown(['top', 'base'], { job: 'new' }) });
    await it.turn();
    await it.gap(() =>
      Object.assign(it.replies, running('commit', 'new'), {
        'query-jobs': [
          { id: 'new', status: 'ready' },
          { id: 'old', status: 'concluded' },
        ],
      }),
    );
    expect(Object.keys(it.jobs())).toEqual(['new']);
    expect(it.jobs().new).toMatchObject({ status: 'ready', type: 'active-commit', disk: 'virtio-disk0' });
    expect(it.told).toEqual([]);
  });

  test('what an event tells while QEMU is asked is younger than the reply', async () => {
    const it = await followed('mirror');
    it.replies['query-jobs'] = () => {
      it.statuses('ready');
      return [{ id: 'job', status: 'running' }];
    };
    await it.gap(() => {});
    expect(it.jobs().job?.status).toBe('ready');
    expect(it.told).toEqual(both('/images/top', 'copy', 'ready'));
  });

  test('what an event tells while other things are asked is younger too', async () => {
    const it = await followed('mirror');
    it.replies['query-chardev'] = () => it.statuses('ready standby');
    await it.gap(() => {
      it.replies['query-jobs'] = [{ id: 'job', status: 'paused' }];
    });
    expect(it.jobs().job?.status).toBe('standby');
    expect(it.told).toEqual(both('/images/top', 'copy', 'ready'));
  });

  test('an end that was being looked into when the monitor was lost is not lost', async () => {
    const it = await followed('mirror');
    const { 'query-block': block } = it.replies;
    it.replies['query-block'] = new Promise(() => {});
    ended(it, 'mirror');
    await it.turn();
    await it.gap(() => {
      it.replies['query-block'] = block;
      it.replies['query-jobs'] = [];
    });
    expect(it.told).toEqual(both('/images/top', 'copy', 'completed'));
    expect(it.jobs()).toEqual({});
  });
});
