/**
 * The states of one domain: every QEMU event is answered here.
 *
 * Rules of this file: a state says what an event means in it; how that is done stands in `domain-setup.ts` and
 * `domain-work.ts`, what several states have alike in `domain-transitions.ts`.
 * What no state answers falls through to the bottom and is counted: `ignored-in-state`, or `stale` if it is
 * of another incarnation. A domain that leaves its active states, or is being destroyed, revokes all leases in
 * the same step, so nothing more is started for it. `shutdown` is shutting down, `shutoff` is off.
 *
 * libvirt 9.0.0: src/qemu/qemu_process.c:qemuProcessHandle*
 */
import { isWatchdog } from '../events/devices.ts';
import { noFacts } from '../events/facts.ts';
import { domainSetup } from './domain-qemu-jobs.ts';
import { noWork } from './domain-queue.ts';
import { stopping } from './domain-stopping.ts';
import {
  announced,
  cancel,
  contact,
  end,
  endsIn,
  foundStates,
  gone,
  jobs,
  look,
  submit,
  submitted,
  type With,
} from './domain-transitions.ts';

/** Off. Its monitor, if it has one, looks for the next incarnation. */
const shutoff = domainSetup.createStateConfig({
  on: {
    'monitor.ready': foundStates.map((state) => ({
      guard: {
        type: 'isFoundAs' as const,
        params: ({ event }: With<'monitor.ready'>) => ({ contact: event.contact, same: true, state }),
      },
      target: `active.${state}`,
      actions: [
        { type: 'announceBoot' as const, params: contact },
        { type: 'beginIncarnation' as const, params: contact },
        ...look('attached'),
      ],
    })),
    'monitor.lost': { actions: { type: 'setMonitor', params: { monitor: 'lost' } } },
    'processEvent.ended': { actions: [...end(null)] },
    'operation.requested': {
      actions: { type: 'refuseOperation', params: { why: 'the domain is not active' } },
    },
    'manager.starting': {
      target: 'active.starting',
      actions: { type: 'startIncarnation', params: ({ event }) => ({ incarnation: event.incarnation }) },
    },
  },
});

/** What the guest's next power-off means is forgotten. */
const disarm = { type: 'setPower', params: { power: 'none' } } as const;

/** Where the watchdog is configured so; QEMU was told to pause. */
const submitDump = submit<'qemu.WATCHDOG'>((_, { devices }) =>
  devices?.find(isWatchdog)?.action === 'dump' ? { type: 'watchdog', data: { action: 'dump' } } : null,
);

/** Where that is decided: else QEMU is left as it is. */
const submitEnd = submit<'qemu.SHUTDOWN'>((_, { policies }) =>
  policies.onPoweroff === null ? null : { type: 'shutdownOrReboot', data: { action: 'end' } },
);

/** A manager's start is through. */
const started = [
  { type: 'setBegun' },
  {
    type: 'emitLifecycle',
    params: ({ event }: With<'manager.started'>) => ({ event: 'started' as const, detail: event.detail }),
  },
] as const;

/** It stays paused, whatever it was meanwhile. */
const startedPaused = {
  guard: 'isStartedPaused',
  target: '#domain.active.paused',
  actions: [...started, 'emitStartedPaused'],
} as const;

/** A manager starts it: paused (starting-up), until QEMU runs. */
const starting = domainSetup.createStateConfig({
  on: {
    'qemu.RESUME': {
      guard: 'isSameIncarnation',
      target: 'running',
      actions: ['emitStarting', 'setStarting'],
    },
    'manager.started': [
      startedPaused,
      // Its memory comes from elsewhere, and it is about to run.
      {
        actions: [...started, { type: 'setReason', params: { reason: 'migration' } }],
      },
    ],
    ...endsIn('paused'),
  },
});

/** In a postcopy of ours it changes the reason; and one that nobody waits for any more is ended. */
const migration = (state: 'running' | 'paused') =>
  [
    {
      guard: { type: 'isPostcopy', params: { state } },
      actions: [{ type: 'setPostcopy', params: { state } }, 'announce'],
    },
    {
      guard: 'isUnattended',
      actions: [
        'announce',
        ...submit<'qemu.MIGRATION'>((_, { work }) => {
          const job = work.jobs.async?.kind;
          return job === 'migration-out' || job === 'migration-in'
            ? { type: 'unattendedMigration', data: { job } }
            : null;
        }),
      ],
    },
    { guard: 'isSameIncarnation', actions: 'announce' },
  ] as const;

const running = domainSetup.createStateConfig({
  on: {
    'qemu.STOP': [
      // Of a reboot that is ours: the guest runs, as far as anybody is told.
      { guard: 'isHiddenStop', actions: ['forgetPausedReason', 'countIgnored'] },
      { guard: 'isSameIncarnation', target: 'paused', actions: ['emitSuspended', 'setPaused'] },
    ],
    'qemu.RESUME': { guard: 'isSameIncarnation', actions: ['forgetRunningReason', 'countIgnored'] },
    // Like WATCHDOG, before the STOP that it makes.
    'qemu.BLOCK_IO_ERROR': {
      guard: 'isStopOnError',
      target: 'paused',
      actions: [
        { type: 'emitIoError', params: ({ event }) => event.data },
        { type: 'emitLifecycle', params: { event: 'suspended', detail: 'ioerror' } },
        { type: 'setReason', params: { reason: 'ioerror' } },
      ],
    },
    // QEMU sends WATCHDOG before the STOP that it makes, which then finds the domain paused.
    'qemu.WATCHDOG': {
      guard: 'isPause',
      target: 'paused',
      actions: [
        { type: 'emitEvent', params: ({ event }) => ({ type: 'watchdog', args: event.data }) },
        { type: 'emitLifecycle', params: { event: 'suspended', detail: 'watchdog' } },
        { type: 'setReason', params: { reason: 'watchdog' } },
        ...submitDump,
      ],
    },
    'qemu.MIGRATION': migration('running'),
    'qemu.SUSPEND': {
      guard: 'isSameIncarnation',
      target: 'pmsuspended',
      actions: [
        { type: 'emitEvent', params: { type: 'pm-suspend', args: {} } },
        { type: 'emitLifecycle', params: { event: 'pmsuspended', detail: 'memory' } },
        { type: 'setReason', params: { reason: 'unknown' } },
      ],
    },
    'qemu.SUSPEND_DISK': {
      guard: 'isSameIncarnation',
      target: 'pmsuspended',
      actions: [
        { type: 'emitEvent', params: { type: 'pm-suspend-disk', args: {} } },
        { type: 'emitLifecycle', params: { event: 'pmsuspended', detail: 'disk' } },
        { type: 'setReason', params: { reason: 'unknown' } },
      ],
    },
    ...endsIn('running'),
  },
});

const paused = domainSetup.createStateConfig({
  on: { 'qemu.MIGRATION': migration('paused'), ...endsIn('paused') },
});

const pmsuspended = domainSetup.createStateConfig({
  on: {
    'qemu.WAKEUP': {
      guard: 'isSameIncarnation',
      target: 'running',
      actions: [
        { type: 'emitEvent', params: { type: 'pm-wakeup', args: {} } },
        { type: 'emitLifecycle', params: { event: 'started', detail: 'wakeup' } },
        { type: 'setReason', params: { reason: 'wakeup' } },
        // One that was met asleep begins so.
        'setBegun',
      ],
    },
    ...endsIn('pmsuspended'),
  },
});

const crashed = domainSetup.createStateConfig({
  on: {
    // QEMU ends because of the panic: it stays a crash, and its end a failure.
    'qemu.SHUTDOWN': { guard: 'isOfPanic', actions: 'countIgnored' },
    // Silently, and whether or not the reset succeeds.
    'command.reset': {
      target: 'paused',
      actions: [{ type: 'setReason', params: { reason: 'crashed' } }, disarm],
    },
    ...endsIn('crashed'),
  },
});

const shutdown = domainSetup.createStateConfig({
  on: {
    'qemu.SHUTDOWN': { actions: 'countIgnored' },
    // A panic told late does not undo the shutdown. Differs from libvirt, which forgets it.
    'qemu.GUEST_PANICKED': { actions: 'countIgnored' },
    ...endsIn('shutdown'),
  },
});

/** There is a QEMU. */
const active = domainSetup.createStateConfig({
  tags: 'active',
  initial: 'starting',
  states: { starting, running, paused, pmsuspended, crashed, shutdown },
  on: {
    'qemu.RESUME': { guard: 'isSameIncarnation', target: '.running', actions: ['emitRunning', 'setRunning'] },
    'qemu.STOP': { guard: 'isSameIncarnation', actions: ['forgetPausedReason', 'countIgnored'] },
    'qemu.SHUTDOWN': [
      {
        guard: 'isHiddenShutdown',
        actions: [
          { type: 'setPower', params: { power: 'rebooting' } },
          ...submit<'qemu.SHUTDOWN'>(() => ({ type: 'shutdownOrReboot', data: { action: 'reboot' } })),
        ],
      },
      {
        guard: 'isSameIncarnation',
        target: '.shutdown',
        actions: ['emitShutdown', 'setShutdown', ...submitEnd],
      },
    ],
    'qemu.RESET': [
      // The firmware's, not the guest's: no reboot (qemu_process.c:qemuProcessHandleReset).
      { guard: 'isStartingUp', actions: 'countIgnored' },
      {
        guard: 'isSameIncarnation',
        actions: [{ type: 'emitEvent', params: { type: 'reboot', args: {} } }, 'setReset', ...look('reset')],
      },
    ],
    'qemu.BLOCK_IO_ERROR': {
      guard: 'isSameIncarnation',
      actions: { type: 'emitIoError', params: ({ event }) => event.data },
    },
    'qemu.SUSPEND': {
      guard: 'isSameIncarnation',
      actions: { type: 'emitEvent', params: { type: 'pm-suspend', args: {} } },
    },
    'qemu.SUSPEND_DISK': {
      guard: 'isSameIncarnation',
      actions: { type: 'emitEvent', params: { type: 'pm-suspend-disk', args: {} } },
    },
    'qemu.WAKEUP': {
      guard: 'isSameIncarnation',
      actions: { type: 'emitEvent', params: { type: 'pm-wakeup', args: {} } },
    },
    'qemu.WATCHDOG': {
      guard: 'isSameIncarnation',
      actions: [
        { type: 'emitEvent', params: ({ event }) => ({ type: 'watchdog', args: event.data }) },
        ...submitDump,
      ],
    },
    // Before the STOP that follows, so that there is one order. Differs from libvirt, whose worker races it.
    'qemu.GUEST_PANICKED': {
      guard: 'isSameIncarnation',
      target: '.crashed',
      actions: [
        { type: 'emitLifecycle', params: { event: 'crashed', detail: 'panicked' } },
        { type: 'setReason', params: { reason: 'panicked' } },
        { type: 'setPanic', params: ({ event }) => ({ info: event.data.info }) },
        // With the policy of this moment.
        ...submit<'qemu.GUEST_PANICKED'>(({ data: { info } }, { policies: { onCrash } }) => ({
          type: 'guestPanic',
          data: { onCrash, info },
        })),
      ],
    },
    ...announced,
    ...submitted,
    ...jobs,
    'monitor.lost': {
      actions: [
        { type: 'emitControlError', params: ({ event }) => ({ protocolError: event.protocolError }) },
        { type: 'setMonitor', params: { monitor: 'lost' } },
        { type: 'revokeLeases', params: { why: 'monitor lost' } },
      ],
    },
    'service.exited': {
      actions: [...submit<'service.exited'>(({ alias }) => ({ type: 'nbdkitExited', data: { alias } }))],
    },
    'command.reset': { actions: disarm },
    'command.powerdown': {
      actions: {
        type: 'setPower',
        params: ({ event }) => ({ power: event.reboot ? 'armed' : 'none' }),
      },
    },
    'manager.started': [startedPaused, { actions: [...started] }],
    'manager.channels': {
      actions: { type: 'setChannels', params: ({ event }) => ({ channels: event.channels }) },
    },
    'manager.deviceChanged': { actions: { type: 'setDevice', params: ({ event }) => event } },
    'manager.thresholdSet': { actions: { type: 'setThreshold', params: ({ event }) => event } },
    'manager.startFailed': { target: 'shutoff', actions: [...gone({ sawShutdown: false })] },
  },
});

/** @public */
export const domainMachine = domainSetup.createMachine({
  id: 'domain',
  context: ({ input }) => ({
    key: input.key,
    monitored: input.monitored,
    devices: input.devices,
    devicesFound: false,
    policies: input.policies,
    incarnation: null,
    begun: 'no',
    met: false,
    reason: 'unknown',
    stoppingFrom: null,
    ending: null,
    monitor: 'lost',
    pausedReason: null,
    runningReason: null,
    power: 'none',
    facts: noFacts,
    work: noWork,
    qemuJobs: { which: input.followedJobs ?? 'all', sequence: 0, byId: {} },
  }),
  entry: 'startMonitor',
  initial: 'shutoff',
  states: { shutoff, active, stopping },
  on: {
    'qemu.*': { actions: 'countIgnored' },
    'monitor.attemptFailed': {
      guard: 'isActive',
      actions: [
        ...submit<'monitor.attemptFailed'>(({ attempt }) => ({ type: 'monitorEof', data: { attempt } })),
      ],
    },
    'monitor.unresponsive': { actions: { type: 'setMonitor', params: { monitor: 'unresponsive' } } },
    'monitor.responsive': {
      actions: [{ type: 'setMonitor', params: { monitor: 'ready' } }, 'startNextProcessEvent'],
    },
    'domainJob.requested': {
      actions: { type: 'requestJob', params: ({ event }) => event },
    },
    'manager.defined': {
      actions: { type: 'emitLifecycle', params: ({ event }) => ({ event: 'defined', detail: event.detail }) },
    },
    'manager.undefined': {
      actions: {
        type: 'emitLifecycle',
        params: ({ event }) => ({ event: 'undefined', detail: event.detail }),
      },
    },
    'manager.announced': { actions: { type: 'emitManagerEvent', params: ({ event }) => event } },
    'manager.jobBegan': { actions: { type: 'setManagerJob', params: ({ event }) => event } },
    'manager.jobEnded': { actions: { type: 'setManagerJob', params: { kind: null } } },
    'operation.canceled': { actions: [...cancel] },
    'takeover.begun': { actions: { type: 'beginTakeover', params: ({ event }) => event } },
    'command.stop': {
      actions: { type: 'fillPausedReason', params: ({ event }) => ({ reason: event.reason }) },
    },
    'command.cont': {
      actions: { type: 'fillRunningReason', params: ({ event }) => ({ reason: event.reason }) },
    },
    'command.settled': { actions: ['forgetPausedReason', 'forgetRunningReason'] },
  },
});
