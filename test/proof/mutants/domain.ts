/** Guards of the domain machine: runs, leases, the end, the order of work. */
import type { Mutant } from './mutant.ts';

const MACHINE = 'test/unit/machines/domain-machine.test.ts';
const PROMISES = 'test/unit/promises.test.ts';
const RACES = 'test/unit/actors/race-guard.test.ts';
const QUEUE = 'test/unit/machines/domain-queue.test.ts';
const TAKEOVER = 'test/unit/actors/takeover.test.ts';
const OPERATIONS = 'test/unit/actors/operations.test.ts';
const WORK = 'test/unit/machines/domain-work.test.ts';
const PROCESS = 'test/simulation/process.test.ts';
const HOLES = 'test/unit/holes.test.ts';

export const domainMutants: readonly Mutant[] = [
  {
    name: 'a QEMU event of another run counts',
    guards: 'promise 3; libvirt 9.0.0 `qemu_process.c`: a monitor and its object are of one run',
    file: 'src/machines/domain-guards.ts',
    from: `  isSameIncarnation: ({ context, event }: Args) =>
    'incarnation' in event && context.incarnation?.uuid === event.incarnation,`,
    to: `  isSameIncarnation: ({ event }: Args) => 'incarnation' in event,`,
    tests: [MACHINE],
  },
  {
    name: "a handler's outcome counts in another run",
    guards: 'promise 3; libvirt 9.0.0 `qemu_driver.c:qemuProcessEventHandler`: still active?',
    file: 'src/machines/domain-work.ts',
    from: 'const current = state !== null && context.incarnation?.uuid === ended.incarnation;',
    to: 'const current = state !== null;',
    tests: [WORK],
  },
  {
    name: 'the word that a process is gone counts in another run',
    guards: 'promise 3; design §3a: is it still the same process?',
    file: 'src/machines/domain-guards.ts',
    from: `    event.outcome.facts?.gone === true &&
    event.incarnation === context.incarnation?.uuid,`,
    to: '    event.outcome.facts?.gone === true,',
    tests: [MACHINE, HOLES],
  },
  {
    name: 'a job is granted to another run',
    guards: 'promise 3; libvirt 9.0.0 `qemu_driver.c:qemuProcessEventHandler`: active after the job?',
    file: 'src/machines/process-event-machine.ts',
    from: '      params.incarnation === context.incarnation,',
    to: '      params.incarnation !== context.id,',
    tests: ['test/unit/machines/process-event-machine.test.ts'],
  },
  {
    name: 'leases outlive the end',
    guards: 'promise 3; design §3 "Lease"',
    file: 'src/machines/domain-transitions.ts',
    from: `    { type: 'revokeLeases', params: { why: 'domain gone' } },
    'flushProcessEvents',
    { type: 'emitStopped', params },`,
    to: `    'flushProcessEvents',
    { type: 'emitStopped', params },`,
    tests: [WORK],
  },
  {
    name: 'leases outlive the beginning of a destroy',
    guards: 'promise 3; libvirt 9.0.0 `qemu_process.c:qemuProcessBeginStopJob`',
    file: 'src/machines/domain-transitions.ts',
    from: `    { type: 'revokeLeases', params: { why: 'domain gone' } },
    'flushProcessEvents',
    { type: 'setStoppingFrom', params: { state } },`,
    to: `    'flushProcessEvents',
    { type: 'setStoppingFrom', params: { state } },`,
    tests: [MACHINE, RACES],
  },
  {
    name: 'leases outlive the monitor',
    guards: 'promise 3; design §3a "EOF is not death"',
    file: 'src/machines/domain-machine.ts',
    from: `        { type: 'revokeLeases', params: { why: 'monitor lost' } },
`,
    to: '',
    tests: [MACHINE, HOLES],
  },
  {
    name: 'what waits outlives the end',
    guards: 'promise 1: each process event has one outcome',
    file: 'src/machines/domain-transitions.ts',
    from: `    'flushProcessEvents',
    { type: 'emitStopped', params },`,
    to: `    { type: 'emitStopped', params },`,
    tests: [MACHINE, PROMISES],
  },
  {
    name: '`stopped` before the outcomes',
    guards: 'promise 4: nothing comes after `stopped`',
    file: 'src/machines/domain-transitions.ts',
    from: `    'flushProcessEvents',
    { type: 'emitStopped', params },`,
    to: `    { type: 'emitStopped', params },
    'flushProcessEvents',`,
    tests: [MACHINE, PROMISES],
  },
  {
    name: '`stopped` of a run that never began',
    guards: 'promise 4: exactly one `stopped` for each incarnation that began',
    file: 'src/machines/domain-setup.ts',
    from: `        if (context.begun !== 'yes') return;
`,
    to: '',
    tests: [MACHINE],
  },
  {
    name: 'a second SHUTDOWN is told',
    guards: 'invariant 3; libvirt 9.0.0 `qemu_process.c:qemuProcessHandleShutdown`',
    file: 'src/machines/domain-machine.ts',
    from: `    'qemu.SHUTDOWN': { actions: 'countIgnored' },
    // A panic told late`,
    to: '    // A panic told late',
    tests: [MACHINE],
  },
  {
    name: 'EOF while we destroy is the end',
    guards: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleMonitorEOF`: ignored while it is being destroyed',
    file: 'src/machines/domain-stopping.ts',
    from: `    'monitor.lost': {
      actions: [`,
    to: `    'monitor.lost': {
      target: 'shutoff',
      actions: [
        ...gone({ sawShutdown: true }),`,
    tests: [MACHINE, OPERATIONS],
  },
  {
    name: 'the end of a destroy is told by its EOF',
    guards: 'invariant 4; libvirt 9.0.0 `qemu_driver.c:qemuDomainDestroyFlags`: `destroyed`',
    file: 'src/machines/domain-transitions.ts',
    from: `          { type: 'setEnding', params: { detail: 'destroyed', reason: 'destroyed' } },
`,
    to: '',
    tests: [OPERATIONS, MACHINE],
  },
  {
    name: 'a job outlives its holder',
    guards: 'promise 1; libvirt 9.0.0 `virdomainjob.c:virDomainObjEndJob`',
    file: 'src/machines/domain-transitions.ts',
    from: `    { type: 'releaseJob', params: ({ event }: With<'processEvent.ended'>) => ({ id: event.id }) },
`,
    to: '',
    tests: [MACHINE],
  },
  {
    name: 'a job outlives a caller that gave up',
    guards: 'promise 1; libvirt 9.0.0 `virdomainjob.c:virDomainObjEndJob`',
    file: 'src/machines/domain-transitions.ts',
    from: `  { type: 'releaseJob', params: ({ event }: With<'operation.canceled'>) => ({ id: event.id }) },
`,
    to: '',
    tests: [MACHINE, OPERATIONS],
  },
  {
    name: 'two hold the job',
    guards: 'design §3: one job at a time; libvirt 9.0.0 `virdomainjob.c:virDomainObjBeginJobInternal`',
    file: 'src/machines/domain-queue.ts',
    from: `  if (holder !== null) return false;
`,
    to: '',
    tests: [QUEUE, MACHINE],
  },
  {
    name: 'two process events run at once',
    guards: 'promise 2: one at a time, in order; libvirt 9.0.0 `qemu_process.c:qemuProcessEventSubmit`',
    file: 'src/machines/domain-queue.ts',
    from: `  if (running !== null) return undefined;
`,
    to: '',
    tests: [QUEUE, MACHINE],
  },
  {
    name: 'equal process events wait beside each other',
    guards: 'promise 7: what floods is coalesced',
    file: 'src/machines/domain-queue.ts',
    from: `  if (key !== null && waiting.some(isSame)) return { work, dropped: 'coalesced' };
`,
    to: '',
    tests: [QUEUE, MACHINE],
  },
  {
    name: 'the queue has no limit',
    guards: 'promise 7: bounded memory',
    file: 'src/machines/domain-queue.ts',
    from: 'if (waiting.length >= QUEUE_LIMIT && !row.overtakes)',
    to: 'if (waiting.length < 0)',
    tests: [QUEUE, MACHINE],
  },
  {
    name: 'a removal that was waited for is handled twice',
    guards: 'libvirt 9.0.0 `qemu_hotplug.c:qemuDomainSignalDeviceRemoval`',
    file: 'src/machines/domain-takeovers.ts',
    from: `came === null || came === 'refused' || handled ? [] : [came],`,
    to: `came === null || came === 'refused' ? [] : [came],`,
    tests: [TAKEOVER],
  },
  {
    name: 'a removal that nobody handled is forgotten',
    guards: 'promise 1; libvirt 9.0.0 `qemu_hotplug.c:qemuDomainWaitForDeviceRemoval`',
    file: 'src/machines/domain-takeovers.ts',
    from: `came === null || came === 'refused' || handled ? [] : [came],`,
    to: `came === null || came === 'refused' || !handled ? [] : [came],`,
    tests: [TAKEOVER],
  },
  {
    name: 'a device that is gone is found gone again',
    guards: 'promise 1: one `device-removed` for each; docs/subscriptions.md "What may be lost"',
    file: 'src/machines/domain-devices.ts',
    from: `    plugged: facts.plugged?.filter((other) => other !== alias) ?? null,
`,
    to: '',
    tests: [PROCESS],
  },
  {
    name: 'nothing is looked at again after a gap',
    guards:
      'promise 6; libvirt 9.0.0 `qemu_process.c:qemuProcessReconnect`; design §3a: QEMU mutes the rx filter until it is asked',
    file: 'src/machines/domain-transitions.ts',
    from: `              ...lookAgain,
`,
    to: `              'startNextProcessEvent',
`,
    tests: [MACHINE, 'test/unit/driver.test.ts', HOLES],
  },
  {
    name: 'nothing is looked at again after a reset',
    guards:
      'design §3a: rx filters are queried again after reset; libvirt 9.0.0 `qemu_process.c:qemuProcessHandleReset`',
    file: 'src/machines/domain-machine.ts',
    from: `'setReset', ...look('reset')],`,
    to: `'setReset'],`,
    tests: [MACHINE, HOLES],
  },
  {
    name: 'the difference after a gap is not told',
    guards: 'promise 6; design §3a "After a gap"',
    file: 'src/machines/domain-setup.ts',
    from: 'if (found.state === from) return;',
    to: 'if (found.state !== null) return;',
    tests: [MACHINE, PROMISES],
  },
];
