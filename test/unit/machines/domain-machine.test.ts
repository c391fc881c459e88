import { describe, expect, test } from 'vitest';
import type { DomainMachineEvent } from '../../../src/machines/index.ts';
import { Walk } from './walk.ts';

const attached = (runState: string): Walk => {
  const walk = new Walk();
  walk.contact(runState);
  return walk;
};

/** How each state of an observed domain is reached. */
const reach: Readonly<Record<string, () => Walk>> = {
  running: () => attached('running'),
  paused: () => attached('paused'),
  pmsuspended: () => attached('suspended'),
  crashed: () => attached('guest-panicked'),
  shutdown: () => attached('shutdown'),
};

describe('what an observer says at attach (design §3a)', () => {
  test.each([
    ['running', 'running unknown'],
    ['paused', 'paused unknown'],
    ['prelaunch', 'paused unknown'],
    ['save-vm', 'paused unknown'],
    ['restore-vm', 'paused unknown'],
    ['debug', 'paused unknown'],
    ['inmigrate', 'paused migration'],
    ['postmigrate', 'paused migration'],
    ['finish-migrate', 'paused migration'],
    ['suspended', 'pmsuspended unknown'],
    ['shutdown', 'shutdown unknown'],
    ['io-error', 'paused ioerror'],
    ['watchdog', 'paused watchdog'],
    ['guest-panicked', 'crashed panicked'],
    ['internal-error', 'paused unknown'],
    ['a state that QEMU may invent', 'paused unknown'],
    ['constructor', 'paused unknown'],
  ])('%s is %s, and no lifecycle event is made of it', (runState, state) => {
    expect(new Walk().contact(runState)).toEqual({ state, emitted: [] });
  });
});

/** domain-states.md §2.9: what each QEMU event does in each state; null: state kept, event counted as ignored. */
const table: readonly [
  string,
  (walk: Walk) => unknown,
  Readonly<Record<string, [string, ...string[]] | null>>,
][] = [
  [
    'STOP (qemu_process.c:qemuProcessHandleStop)',
    (walk) => walk.qemu('STOP'),
    {
      running: ['paused unknown', 'lifecycle suspended paused'],
      paused: null,
      pmsuspended: null,
      crashed: null,
      shutdown: null,
    },
  ],
  [
    'RESUME (qemu_process.c:qemuProcessHandleResume)',
    (walk) => walk.qemu('RESUME'),
    {
      running: null,
      paused: ['running unpaused', 'lifecycle resumed unpaused'],
      pmsuspended: ['running unpaused', 'lifecycle resumed unpaused'],
      crashed: ['running unpaused', 'lifecycle resumed unpaused'],
      shutdown: ['running unpaused', 'lifecycle resumed unpaused'],
    },
  ],
  [
    'SHUTDOWN by the guest (qemu_process.c:qemuProcessHandleShutdown)',
    (walk) => walk.qemu('SHUTDOWN', { guest: true }),
    {
      running: ['shutdown unknown', 'lifecycle shutdown guest'],
      paused: ['shutdown unknown', 'lifecycle shutdown guest'],
      pmsuspended: ['shutdown unknown', 'lifecycle shutdown guest'],
      crashed: ['shutdown unknown', 'lifecycle shutdown guest'],
      shutdown: null,
    },
  ],
  [
    'SHUTDOWN because of a panic (design §3a)',
    (walk) => walk.qemu('SHUTDOWN', { guest: true, reason: 'guest-panic' }),
    { running: ['shutdown unknown', 'lifecycle shutdown guest'], crashed: null, shutdown: null },
  ],
  [
    'RESET (qemu_process.c:qemuProcessHandleReset)',
    (walk) => walk.qemu('RESET'),
    {
      running: ['running unknown', 'reboot'],
      paused: ['paused unknown', 'reboot'],
      pmsuspended: ['pmsuspended unknown', 'reboot'],
      crashed: ['crashed panicked', 'reboot'],
      shutdown: ['shutdown unknown', 'reboot'],
    },
  ],
  [
    'WATCHDOG that pauses (qemu_process.c:qemuProcessHandleWatchdog)',
    (walk) => walk.qemu('WATCHDOG', { action: 'pause' }),
    {
      running: ['paused watchdog', 'watchdog pause', 'lifecycle suspended watchdog'],
      paused: ['paused unknown', 'watchdog pause'],
      pmsuspended: ['pmsuspended unknown', 'watchdog pause'],
      crashed: ['crashed panicked', 'watchdog pause'],
      shutdown: ['shutdown unknown', 'watchdog pause'],
    },
  ],
  [
    'BLOCK_IO_ERROR that stops (qemu_process.c:qemuProcessHandleIOError)',
    (walk) => walk.qemu('BLOCK_IO_ERROR', { device: '', 'node-name': null, action: 'stop', nospace: true }),
    {
      running: [
        'paused ioerror',
        'io-error   pause',
        'io-error-reason   pause enospc',
        'lifecycle suspended ioerror',
      ],
      paused: ['paused unknown', 'io-error   pause', 'io-error-reason   pause enospc'],
      shutdown: ['shutdown unknown', 'io-error   pause', 'io-error-reason   pause enospc'],
    },
  ],
  [
    'BLOCK_IO_ERROR that is reported (qemu_process.c:qemuProcessHandleIOError)',
    (walk) =>
      walk.qemu('BLOCK_IO_ERROR', { device: '', 'node-name': null, action: 'report', nospace: false }),
    { running: ['running unknown', 'io-error   report', 'io-error-reason   report '] },
  ],
  [
    'WATCHDOG that resets (qemu_process.c:qemuProcessHandleWatchdog)',
    (walk) => walk.qemu('WATCHDOG', { action: 'reset' }),
    { running: ['running unknown', 'watchdog reset'], paused: ['paused unknown', 'watchdog reset'] },
  ],
  [
    'GUEST_PANICKED, at once and not by a worker (libvirt-events.md §6, 13)',
    (walk) => walk.qemu('GUEST_PANICKED'),
    {
      running: ['crashed panicked', 'lifecycle crashed panicked'],
      paused: ['crashed panicked', 'lifecycle crashed panicked'],
      pmsuspended: ['crashed panicked', 'lifecycle crashed panicked'],
      crashed: ['crashed panicked', 'lifecycle crashed panicked'],
      shutdown: null,
    },
  ],
  [
    'SUSPEND (qemu_process.c:qemuProcessHandlePMSuspend)',
    (walk) => walk.qemu('SUSPEND'),
    {
      running: ['pmsuspended unknown', 'pm-suspend', 'lifecycle pmsuspended memory'],
      paused: ['paused unknown', 'pm-suspend'],
      pmsuspended: ['pmsuspended unknown', 'pm-suspend'],
      crashed: ['crashed panicked', 'pm-suspend'],
      shutdown: ['shutdown unknown', 'pm-suspend'],
    },
  ],
  [
    'SUSPEND_DISK (qemu_process.c:qemuProcessHandlePMSuspendDisk)',
    (walk) => walk.qemu('SUSPEND_DISK'),
    {
      running: ['pmsuspended unknown', 'pm-suspend-disk', 'lifecycle pmsuspended disk'],
      paused: ['paused unknown', 'pm-suspend-disk'],
    },
  ],
  [
    'WAKEUP (qemu_process.c:qemuProcessHandlePMWakeup)',
    (walk) => walk.qemu('WAKEUP'),
    {
      running: ['running unknown', 'pm-wakeup'],
      paused: ['paused unknown', 'pm-wakeup'],
      pmsuspended: ['running wakeup', 'pm-wakeup', 'lifecycle started wakeup'],
      crashed: ['crashed panicked', 'pm-wakeup'],
      shutdown: ['shutdown unknown', 'pm-wakeup'],
    },
  ],
];

describe('a QEMU event in each state', () => {
  for (const [title, send, row] of table)
    for (const [state, expected] of Object.entries(row))
      test(`${title}: ${state} → ${expected?.[0] ?? 'nothing, and is counted'}`, () => {
        const walk = (reach[state] as () => Walk)();
        const before = walk.state;
        const step = send(walk) as { state: string; emitted: readonly string[] };
        if (expected === null) {
          expect(step.state).toBe(before);
          expect(step.emitted).toHaveLength(1);
          expect(step.emitted[0]).toMatch(/^drop ignored-in-state /);
        } else expect([step.state, ...step.emitted]).toEqual(expected);
      });

  test.each(Object.keys(reach))(
    'of another incarnation is counted as stale and changes nothing: %s',
    (state) => {
      for (const name of ['STOP', 'RESUME', 'SHUTDOWN', 'RESET', 'WATCHDOG', 'GUEST_PANICKED'] as const) {
        const walk = (reach[state] as () => Walk)();
        const before = walk.snapshot.context;
        expect(walk.qemu(name, { action: 'pause' }, 'run-0').emitted).toEqual([`drop stale ${name}`]);
        expect(walk.snapshot.context).toEqual(before);
      }
    },
  );

  test('after the end is stale: nothing is said of a domain that is off', () => {
    const walk = attached('running');
    const incarnation = walk.incarnation;
    walk.gone();
    expect(walk.qemu('STOP', {}, incarnation)).toEqual({
      state: 'shutoff crashed',
      emitted: ['drop stale STOP'],
    });
  });
});

describe('the end of a process', () => {
  test.each([
    ['running', 'lifecycle stopped failed', 'shutoff crashed'],
    ['paused', 'lifecycle stopped failed', 'shutoff crashed'],
    ['pmsuspended', 'lifecycle stopped failed', 'shutoff crashed'],
    ['crashed', 'lifecycle stopped failed', 'shutoff crashed'],
    ['shutdown', 'lifecycle stopped shutdown', 'shutoff shutdown'],
  ])('%s: %s, %s (domain-states.md §2.2)', (state, stopped, after) => {
    const step = (reach[state] as () => Walk)().gone();
    expect(step.emitted.filter((one) => one.startsWith('lifecycle'))).toEqual([stopped]);
    expect(step.state).toBe(after);
  });

  test('what waits and what runs ends as ignored before `stopped`, each once (promise 4)', () => {
    const walk = attached('running');
    walk.qemu('NIC_RX_FILTER_CHANGED', { name: 'net0' });
    walk.qemu('NIC_RX_FILTER_CHANGED', { name: 'net1' });
    walk.qemu('NIC_RX_FILTER_CHANGED', { name: 'net2' });
    expect(walk.gone().emitted).toEqual([
      'outcome nicRxFilterChanged ignored monitor lost',
      'outcome monitorEof done',
      'outcome nicRxFilterChanged ignored domain gone',
      'outcome nicRxFilterChanged ignored domain gone',
      'lifecycle stopped failed',
    ]);
    expect(walk.snapshot.context.work).toMatchObject({
      running: null,
      waiting: [],
      jobs: { holder: null, async: null, waiters: [] },
    });
  });

  test('EOF alone is not death: the state is kept while the process may live (design §3a)', () => {
    const walk = attached('running');
    walk.send({ type: 'monitor.lost', protocolError: false });
    walk.send({ type: 'monitor.attemptFailed', attempt: 'failed' });
    const id = walk.snapshot.context.work.running?.id ?? '';
    const outcome = { status: 'ignored', why: 'QEMU may still live' } as const;
    walk.send({ type: 'processEvent.ended', id, incarnation: walk.incarnation, outcome });
    expect(walk.state).toBe('running unknown');
    expect(walk.snapshot.context.monitor).toBe('lost');
  });

  test('a verdict about an earlier incarnation ends nothing (promise 3)', () => {
    const walk = attached('running');
    const outcome = { status: 'done', facts: { gone: true } } as const;
    walk.send({ type: 'processEvent.ended', id: 'processEvent#0', incarnation: 'run-0', outcome });
    expect(walk.state).toBe('running unknown');
  });

  test('a protocol error is a control-error, and never the end of a domain (design §8)', () => {
    const walk = attached('running');
    const step = walk.send({ type: 'monitor.lost', protocolError: true });
    expect(step).toEqual({ state: 'running unknown', emitted: ['control-error'] });
  });
});

describe('after a gap (design §3a, promise 6)', () => {
  test.each([
    ['running', 'paused', 'paused unknown', 'lifecycle suspended paused (reconstructed)'],
    ['running', 'io-error', 'paused ioerror', 'lifecycle suspended ioerror (reconstructed)'],
    ['running', 'watchdog', 'paused watchdog', 'lifecycle suspended watchdog (reconstructed)'],
    ['running', 'suspended', 'pmsuspended unknown', 'lifecycle pmsuspended memory (reconstructed)'],
    ['running', 'guest-panicked', 'crashed panicked', 'lifecycle crashed panicked (reconstructed)'],
    ['running', 'shutdown', 'shutdown unknown', 'lifecycle shutdown finished (reconstructed)'],
    ['paused', 'running', 'running unpaused', 'lifecycle resumed unpaused (reconstructed)'],
    ['pmsuspended', 'running', 'running wakeup', 'lifecycle started wakeup (reconstructed)'],
    ['crashed', 'running', 'running unpaused', 'lifecycle resumed unpaused (reconstructed)'],
    ['shutdown', 'running', 'running unpaused', 'lifecycle resumed unpaused (reconstructed)'],
  ])('%s, found %s: %s', (state, runState, after, event) => {
    const walk = (reach[state] as () => Walk)();
    walk.send({ type: 'monitor.lost', protocolError: false });
    expect(walk.contact(runState, { same: true })).toEqual({ state: after, emitted: [event] });
    expect(walk.snapshot.context.monitor).toBe('ready');
  });

  test.each(Object.keys(reach))('%s found as it was: nothing is announced, the reason is kept', (state) => {
    const walk = (reach[state] as () => Walk)();
    const runStates: Record<string, string> = { pmsuspended: 'suspended', crashed: 'guest-panicked' };
    const before = walk.state;
    walk.send({ type: 'monitor.lost', protocolError: false });
    expect(walk.contact(runStates[state] ?? state, { same: true })).toEqual({ state: before, emitted: [] });
  });

  test.each(Object.keys(reach))(
    '%s is looked at again, as events may have been missed (qemu_process.c:qemuProcessReconnect)',
    (state) => {
      const walk = (reach[state] as () => Walk)();
      walk.send({ type: 'monitor.lost', protocolError: false });
      const { sequence } = walk.snapshot.context.work;
      walk.contact('running', { same: true });
      expect(walk.snapshot.context.work.sequence).toBe(sequence + 1);
    },
  );

  test('another incarnation answers: the old one gets its `stopped`, the new one begins (design §3a iv)', () => {
    const walk = attached('running');
    walk.send({ type: 'monitor.lost', protocolError: false });
    expect(walk.contact('running')).toEqual({
      state: 'running booted',
      emitted: ['lifecycle stopped failed (reconstructed)', 'lifecycle started booted'],
    });
  });
});

describe('a later incarnation, seen from its greeting on (design §3a)', () => {
  const later = (runState: string): [Walk, ReturnType<Walk['contact']>] => {
    const walk = attached('running');
    walk.gone();
    return [walk, walk.contact(runState)];
  };

  test('that runs begins with `started booted`', () => {
    expect(later('running')[1]).toEqual({ state: 'running booted', emitted: ['lifecycle started booted'] });
  });

  test('that does not run yet begins at its first RESUME', () => {
    const [walk, step] = later('prelaunch');
    expect(step).toEqual({ state: 'paused unknown', emitted: [] });
    expect(walk.qemu('RESUME')).toEqual({ state: 'running booted', emitted: ['lifecycle started booted'] });
  });

  test('that never ran owes no `stopped`, and announces no shutdown (promise 4)', () => {
    const [walk] = later('prelaunch');
    expect(walk.qemu('SHUTDOWN', { guest: false }).emitted).toEqual([]);
    expect(walk.gone().emitted.filter((one) => one.startsWith('lifecycle'))).toEqual([]);
  });

  test('the first RESUME after an attach to prelaunch is no `started`', () => {
    const walk = attached('prelaunch');
    expect(walk.qemu('RESUME')).toEqual({
      state: 'running unpaused',
      emitted: ['lifecycle resumed unpaused'],
    });
  });
});

describe('our own stop and cont (qemu_process.c:qemuProcessStopCPUs)', () => {
  test('the reason given before `stop` is the reason of the pause, and its event consumes it', () => {
    const walk = attached('running');
    walk.send({ type: 'command.stop', reason: 'user' });
    expect(walk.qemu('STOP').state).toBe('paused user');
    walk.qemu('RESUME');
    expect(walk.qemu('STOP').state).toBe('paused unknown');
  });

  test('a reason that no event consumed is forgotten with the reply: no stale reason (domain-states.md G10)', () => {
    const walk = attached('paused');
    walk.send({ type: 'command.stop', reason: 'user' });
    walk.send({ type: 'command.settled' });
    walk.qemu('RESUME');
    expect(walk.qemu('STOP').state).toBe('paused unknown');
  });

  test('an ignored STOP empties the slot too (domain-states.md G4)', () => {
    const walk = attached('paused');
    walk.send({ type: 'command.stop', reason: 'user' });
    walk.qemu('STOP');
    walk.qemu('RESUME');
    expect(walk.qemu('STOP').state).toBe('paused unknown');
  });
});

describe('a manager starts and ends it (domain-states.md §4)', () => {
  const starting = (): Walk => {
    const walk = new Walk({
      devices: [{ type: 'channel', alias: 'channel0', name: 'org.qemu.guest_agent.0' }],
    });
    walk.send({ type: 'manager.starting', incarnation: { uuid: 'run-1', id: 1 } });
    return walk;
  };

  test('a cold start: agent-lifecycle, resumed, started, in this order', () => {
    const walk = new Walk({
      devices: [{ type: 'channel', alias: 'channel0', name: 'org.qemu.guest_agent.0' }],
    });
    expect(walk.send({ type: 'manager.starting', incarnation: { uuid: 'run-1', id: 1 } })).toEqual({
      state: 'paused starting-up',
      emitted: [],
    });
    expect(walk.send({ type: 'manager.channels', channels: { channel0: 'disconnected' } }).emitted).toEqual([
      'agent-lifecycle disconnected domain-started',
    ]);
    walk.send({ type: 'command.cont', reason: 'booted' });
    expect(walk.qemu('RESUME')).toEqual({ state: 'running booted', emitted: ['lifecycle resumed unpaused'] });
    expect(walk.send({ type: 'manager.started', detail: 'booted', paused: null }).emitted).toEqual([
      'lifecycle started booted',
    ]);
  });

  test('RESET while starting up is dropped (qemu_process.c:qemuProcessHandleReset)', () => {
    expect(starting().qemu('RESET').emitted).toEqual(['drop ignored-in-state RESET']);
  });

  test('a start that fails, by the manager or by EOF, announces nothing', () => {
    expect(starting().send({ type: 'manager.startFailed' })).toEqual({
      state: 'shutoff failed',
      emitted: [],
    });
    const step = starting().gone();
    expect(step.emitted.filter((one) => one.startsWith('lifecycle'))).toEqual([]);
    expect(step.state).toBe('shutoff failed');
  });

  test('a destroy: SHUTDOWN is still announced, the end is `stopped destroyed`', () => {
    const walk = attached('running');
    walk.send({ type: 'manager.stopping', detail: 'destroyed', reason: 'destroyed' });
    expect(walk.state).toBe('running unknown');
    expect(walk.qemu('SHUTDOWN', { guest: false })).toEqual({
      state: 'shutdown unknown',
      emitted: ['lifecycle shutdown host'],
    });
    expect(walk.qemu('SHUTDOWN', { guest: false }).emitted).toEqual(['drop ignored-in-state SHUTDOWN']);
    const step = walk.gone();
    expect(step.emitted).toEqual(['outcome monitorEof done', 'lifecycle stopped destroyed']);
    expect(step.state).toBe('shutoff destroyed');
  });
});

describe('operations', () => {
  const request = (operation: 'suspend' | 'destroy', id = 'operation#1'): DomainMachineEvent => ({
    type: 'operation.requested',
    id,
    operation,
    data: {},
    timeoutMs: 1000,
  });

  test('are refused for a domain that is off, and while it is being destroyed', () => {
    expect(new Walk().send(request('suspend')).emitted).toEqual(['operation ignored']);
    const walk = attached('running');
    walk.send(request('destroy'));
    expect(walk.send(request('suspend', 'operation#2')).emitted).toEqual(['operation ignored']);
  });

  test('a destroy that fails leaves the domain as it was, and its NICs are read again', () => {
    const devices = [
      { type: 'net', alias: 'net0', mac: null, trustGuestRxFilters: true, host: null },
    ] as const;
    const walk = new Walk({ devices });
    walk.contact('running');
    walk.send(request('destroy'));
    expect(walk.qemu('NIC_RX_FILTER_CHANGED', { name: 'net0' }).emitted).toEqual([
      'drop ignored-in-state NIC_RX_FILTER_CHANGED',
    ]);
    const outcome = { status: 'failed', why: 'no process' } as const;
    walk.send({ type: 'processEvent.ended', id: 'operation#1', incarnation: walk.incarnation, outcome });
    expect(walk.state).toBe('running unknown');
    expect(walk.snapshot.value).toEqual({ active: 'running' });
    expect(walk.snapshot.context.work.running?.event).toEqual({
      type: 'nicRxFilterChanged',
      data: { alias: 'net0' },
    });
  });

  test('the job is given in order, one holder at a time (virdomainjob.c:virDomainObjBeginJob)', () => {
    const walk = attached('running');
    for (const id of ['operation#1', 'operation#2', 'operation#3']) {
      walk.send(request('suspend', id));
      walk.send({ type: 'domainJob.requested', id, kind: 'modify' });
    }
    const waiter = (id: string) => ({ id, kind: 'modify' });
    expect(walk.snapshot.context.work.jobs).toEqual({
      holder: 'operation#1',
      async: null,
      waiters: [waiter('operation#2'), waiter('operation#3')],
    });
    walk.send({ type: 'operation.canceled', id: 'operation#2', why: 'aborted' });
    const outcome = { status: 'done' } as const;
    walk.send({ type: 'processEvent.ended', id: 'operation#1', incarnation: walk.incarnation, outcome });
    expect(walk.snapshot.context.work.jobs).toEqual({ holder: 'operation#3', async: null, waiters: [] });
  });

  test('a request for the job that crossed with the end of who asked is dropped', () => {
    const walk = attached('running');
    walk.send({ type: 'domainJob.requested', id: 'operation#1', kind: 'modify' });
    expect(walk.snapshot.context.work.jobs).toEqual({ holder: null, async: null, waiters: [] });
  });
});
