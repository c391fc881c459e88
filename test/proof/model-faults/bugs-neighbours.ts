/** Bugs in the machines beside the domain's: its monitor, a process event, a QEMU job. */
import type { PlantedBug } from './planted-bug.ts';

const MONITOR = 'src/machines/monitor-machine.ts';
const PROCESS_EVENT = 'src/machines/process-event-machine.ts';
const QEMU_JOB = 'src/machines/qemu-job-machine.ts';

export const monitorBugs: readonly PlantedBug[] = [
  {
    name: 'attempts to connect are not counted',
    breaks: 'docs/architecture.md "EOF is not death": after 50 ms, 100 ms, …',
    file: MONITOR,
    from: `    'countAttempt',
    {
      type: 'tellAttempt',`,
    to: `    {
      type: 'tellAttempt',`,
  },
  {
    name: 'a silent QEMU is said to answer',
    breaks: 'docs/architecture.md: process events wait while the monitor is `unresponsive`',
    file: MONITOR,
    from: `{ target: 'unresponsive', actions: 'tellUnresponsive' }`,
    to: `{ target: 'unresponsive', actions: 'tellResponsive' }`,
  },
  {
    name: 'the loss of the monitor is not told',
    breaks: 'promise 6; libvirt 9.0.0 `qemu_process.c:qemuProcessHandleMonitorEOF`',
    file: MONITOR,
    from: `    {
      type: 'tellLost',
      params: ({ event }: { event: { protocolError: boolean } }) => ({ protocolError: event.protocolError }),
    },
`,
    to: '',
  },
  {
    name: 'a peer that breaks the protocol is asked again at once',
    breaks: 'design §8: bounded',
    file: MONITOR,
    from: '(protocolError ? 1 : 0)',
    to: '0',
  },
  {
    name: 'the end of a silent connection is one more attempt',
    breaks: 'docs/architecture.md "EOF is not death": once it was ready, it is a loss',
    file: MONITOR,
    from: `        'link.answered': { target: 'ready', actions: 'tellResponsive' },
        'link.closed': lost,`,
    to: `        'link.answered': { target: 'ready', actions: 'tellResponsive' },
        'link.closed': attemptFailed,`,
  },
];

export const processEventBugs: readonly PlantedBug[] = [
  {
    name: 'no process event asks for its job',
    breaks: 'libvirt 9.0.0 `qemu_driver.c:qemuProcessEventHandler`: `virDomainObjBeginJob`',
    file: PROCESS_EVENT,
    from: `  entry: 'requestJob',
`,
    to: '',
  },
  {
    name: 'a handler runs although its domain went while it waited',
    breaks: 'promise 3; libvirt 9.0.0 `qemu_driver.c:qemuProcessEventHandler`: active after the job?',
    file: PROCESS_EVENT,
    from: `        guard: { type: 'isStillActive', params: ({ event }) => ({ incarnation: event.incarnation }) },
`,
    to: '',
  },
  {
    name: 'the outcome of a handler is lost',
    breaks: 'promise 1: each process event has one outcome',
    file: PROCESS_EVENT,
    from: `onDone: { target: 'ended', actions: { type: 'keepOutcome', params: ({ event }) => event.output } },`,
    to: `onDone: { target: 'ended' },`,
  },
  {
    name: 'a handler may take for ever',
    breaks: 'promise 2: no domain hangs with its QEMU; design §3 "Supervision"',
    file: PROCESS_EVENT,
    from: `  after: {
    handlerTimeout: {
      target: 'ended',
      actions: {
        type: 'keepOutcome',
        params: { status: 'failed', why: 'took too long', retry: true },
      },
    },
  },
`,
    to: '',
  },
  {
    name: 'a handler that throws is done',
    breaks: 'design §3 "Supervision": a handler that throws ends as failed',
    file: PROCESS_EVENT,
    from: 'params: ({ event }) => failed(String(event.error))',
    to: `params: { status: 'done' }`,
  },
];

export const qemuJobBugs: readonly PlantedBug[] = [
  {
    name: 'a job that comes back to ready is told again',
    breaks: 'the machine says so at most once; QEMU 7.2 `job.c:JobSTT`: ready, standby, ready',
    file: QEMU_JOB,
    from: `actions: ['noteReady', tell('qemuJob.ready')]`,
    to: `actions: [tell('qemuJob.ready')]`,
  },
  {
    name: 'a job comes back from its end',
    breaks: 'QEMU 7.2 `job.c:JobSTT`: from concluded only to null',
    file: QEMU_JOB,
    from: `  on: { 'status.null': { target: 'null', actions: tell('qemuJob.dismissed') } },`,
    to: `  on: { 'status.running': '#qemuJob.working.running', 'status.null': { target: 'null', actions: tell('qemuJob.dismissed') } },`,
  },
  {
    name: 'a job that was found ready is told when it is so again',
    breaks: 'what was found is no news; promise 6',
    file: QEMU_JOB,
    from: `  target: status,
  actions: 'noteReady' as const,
`,
    to: `  target: status,
`,
  },
  {
    name: 'a job that never ran is said to have ended',
    breaks: 'libvirt 9.0.0 `qemu_blockjob.c:qemuBlockJobStartupFinalize`: the command that made it failed',
    file: QEMU_JOB,
    from: 'isSeen: (_, { reconstructed }: { reconstructed: boolean }) => !reconstructed,',
    to: 'isSeen: (_, { reconstructed }: { reconstructed: boolean }) => reconstructed,',
  },
];
