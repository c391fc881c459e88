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
import { noWork } from './domain-queue.ts';
import { cancel, contact, end, endsIn, foundStates, gone, submit, type With } from './domain-transitions.ts';
import { domainSetup } from './domain-work.ts';

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
        'submitAllNics' as const,
        'startNextProcessEvent' as const,
      ],
    })),
    'monitor.lost': { actions: { type: 'setMonitor', params: { monitor: 'lost' } } },
    'processEvent.ended': { actions: [...end(false)] },
    'operation.requested': {
      actions: { type: 'refuseOperation', params: { why: 'the domain is not active' } },
    },
    'manager.defined': {
      actions: { type: 'emitLifecycle', params: ({ event }) => ({ event: 'defined', detail: event.detail }) },
    },
    'manager.undefined': {
      actions: { type: 'emitLifecycle', params: { event: 'undefined', detail: 'removed' } },
    },
    'manager.starting': {
      target: 'active.starting',
      actions: [
        { type: 'startIncarnation', params: ({ event }) => ({ incarnation: event.incarnation }) },
        'emitAgentDisconnected',
      ],
    },
  },
});

/** A manager starts it: paused (starting-up), until QEMU runs. */
const starting = domainSetup.createStateConfig({
  on: {
    'qemu.RESUME': {
      guard: 'isSameIncarnation',
      target: 'running',
      actions: ['emitStarting', 'setStarting'],
    },
    // The firmware's, not the guest's: no reboot (qemu_process.c:qemuProcessHandleReset).
    'qemu.RESET': { actions: 'countIgnored' },
    ...endsIn('paused'),
  },
});

const running = domainSetup.createStateConfig({
  on: {
    'qemu.STOP': { guard: 'isSameIncarnation', target: 'paused', actions: ['emitSuspended', 'setPaused'] },
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
        ...submit<'qemu.WATCHDOG'>(({ data }) => ({ type: 'watchdog', data })),
      ],
    },
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

const paused = domainSetup.createStateConfig({ on: endsIn('paused') });

const pmsuspended = domainSetup.createStateConfig({
  on: {
    'qemu.WAKEUP': {
      guard: 'isSameIncarnation',
      target: 'running',
      actions: [
        { type: 'emitEvent', params: { type: 'pm-wakeup', args: {} } },
        { type: 'emitLifecycle', params: { event: 'started', detail: 'wakeup' } },
        { type: 'setReason', params: { reason: 'wakeup' } },
      ],
    },
    ...endsIn('pmsuspended'),
  },
});

const crashed = domainSetup.createStateConfig({
  on: {
    // QEMU ends because of the panic: it stays a crash, and its end a failure.
    'qemu.SHUTDOWN': { guard: 'isOfPanic', actions: 'countIgnored' },
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
    'qemu.SHUTDOWN': {
      guard: 'isSameIncarnation',
      target: '.shutdown',
      actions: ['emitShutdown', 'setShutdown'],
    },
    'qemu.RESET': {
      guard: 'isSameIncarnation',
      actions: [
        { type: 'emitEvent', params: { type: 'reboot', args: {} } },
        'submitAllNics',
        'startNextProcessEvent',
      ],
    },
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
        ...submit<'qemu.WATCHDOG'>(({ data }) => ({ type: 'watchdog', data })),
      ],
    },
    // Before the STOP that follows, so that there is one order. Differs from libvirt, whose worker races it.
    'qemu.GUEST_PANICKED': {
      guard: 'isSameIncarnation',
      target: '.crashed',
      actions: [
        { type: 'emitLifecycle', params: { event: 'crashed', detail: 'panicked' } },
        { type: 'setReason', params: { reason: 'panicked' } },
        ...submit<'qemu.GUEST_PANICKED'>(() => ({ type: 'guestPanic', data: {} })),
      ],
    },
    'qemu.DEVICE_DELETED': {
      guard: 'isSameIncarnation',
      actions: [
        ...submit<'qemu.DEVICE_DELETED'>(({ data }) => ({
          type: 'deviceDeleted',
          data: { alias: data.device },
        })),
      ],
    },
    'qemu.NIC_RX_FILTER_CHANGED': {
      guard: 'isSameIncarnation',
      actions: [
        ...submit<'qemu.NIC_RX_FILTER_CHANGED'>(({ data }) => ({
          type: 'nicRxFilterChanged',
          data: { alias: data.name },
        })),
      ],
    },
    'monitor.lost': {
      actions: [
        { type: 'emitControlError', params: ({ event }) => ({ protocolError: event.protocolError }) },
        { type: 'setMonitor', params: { monitor: 'lost' } },
        { type: 'revokeLeases', params: { why: 'monitor lost' } },
      ],
    },
    'manager.started': {
      actions: [
        { type: 'setBegun' },
        { type: 'emitLifecycle', params: ({ event }) => ({ event: 'started', detail: event.detail }) },
      ],
    },
    'manager.startFailed': { target: 'shutoff', actions: [...gone({ sawShutdown: false })] },
  },
});

/** We end it: it is still there, but nothing is started for it, and the end of its process is expected. */
const stopping = domainSetup.createStateConfig({
  tags: 'active',
  on: {
    'qemu.SHUTDOWN': {
      guard: 'isFirstShutdown',
      actions: ['emitShutdown', 'setShutdown', { type: 'setStoppingFrom', params: { state: 'shutdown' } }],
    },
    'qemu.RESET': {
      guard: 'isSameIncarnation',
      actions: { type: 'emitEvent', params: { type: 'reboot', args: {} } },
    },
    'monitor.lost': { actions: { type: 'setMonitor', params: { monitor: 'lost' } } },
    'processEvent.ended': [
      { guard: 'saysGone', target: 'shutoff', actions: [...end(true), ...gone({ sawShutdown: true })] },
      // It did not die: what it was before, it is again.
      ...foundStates.map((state) => ({
        guard: { type: 'isFailedDestroy' as const, params: { state } },
        target: `active.${state}`,
        actions: [
          ...end(false),
          'forgetEnding' as const,
          'submitAllNics' as const,
          'startNextProcessEvent' as const,
        ],
      })),
      { actions: [...end(false)] },
    ],
    'monitor.ready': [
      {
        guard: { type: 'isSameContact', params: contact },
        actions: { type: 'setMonitor', params: { monitor: 'ready' } },
      },
      {
        target: 'shutoff',
        actions: [...gone({ sawShutdown: true }), { type: 'contactAgain', params: contact }],
      },
    ],
    'operation.requested': {
      actions: { type: 'refuseOperation', params: { why: 'the domain is being destroyed' } },
    },
    'operation.canceled': foundStates.map((state) => ({
      guard: { type: 'isCanceledDestroy' as const, params: { state } },
      target: `active.${state}`,
      actions: [
        ...cancel,
        'forgetEnding' as const,
        'submitAllNics' as const,
        'startNextProcessEvent' as const,
      ],
    })),
  },
});

/** @public */
export const domainMachine = domainSetup.createMachine({
  id: 'domain',
  context: ({ input }) => ({
    key: input.key,
    monitored: input.monitored,
    devices: input.devices,
    incarnation: null,
    begun: false,
    met: false,
    reason: 'unknown',
    stoppingFrom: null,
    ending: null,
    monitor: 'lost',
    pausedReason: null,
    runningReason: null,
    nics: {},
    work: noWork,
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
      actions: { type: 'requestJob', params: ({ event }) => ({ id: event.id }) },
    },
    'operation.canceled': { actions: [...cancel] },
    'command.stop': {
      actions: { type: 'fillPausedReason', params: ({ event }) => ({ reason: event.reason }) },
    },
    'command.cont': {
      actions: { type: 'fillRunningReason', params: ({ event }) => ({ reason: event.reason }) },
    },
    'command.settled': { actions: ['forgetPausedReason', 'forgetRunningReason'] },
  },
});
