/**
 * The words of the domain machine: its guards and actions, by name.
 *
 * Rules of this file: pure; an action changes context, emits, or sends. What is emitted carries the
 * incarnation as it is at that point of the list, so `stopped` stands before the incarnation is forgotten.
 */
import { assign, emit, enqueueActions, raise, setup } from 'xstate';
import { AGENT_CHANNEL_NAME, findDisk, isChannel } from '../events/devices.ts';
import type { DomainEventItem } from '../events/domain-events.ts';
import {
  type DomainState,
  type Lifecycle,
  type PausedReason,
  type RunningReason,
  resumedDetail,
  type StateAndReason,
  stateOfRunState,
  suspendedDetail,
} from '../events/domain-state.ts';
import type { QemuEventData } from '../events/qemu-events.ts';
import type {
  DomainContext,
  DomainEmitted,
  DomainInput,
  DomainMachineEvent,
  Ending,
} from './domain-context.ts';
import { type Contact, monitorMachine } from './monitor-machine.ts';
import { processEventMachine } from './process-event-machine.ts';

/** What a domain is found as, by QEMU's run state; one that we do not know is a pause. */
export const foundAs = (runState: string): StateAndReason =>
  Object.hasOwn(stateOfRunState, runState)
    ? (stateOfRunState[runState] as StateAndReason)
    : { state: 'paused', reason: 'unknown' };

/** What is announced when the process is gone: our own ending, else by whether SHUTDOWN was seen. */
export function endingOf(context: DomainContext, sawShutdown: boolean): Ending {
  if (context.ending !== null) return context.ending;
  if (sawShutdown) return { detail: 'shutdown', reason: 'shutdown' };
  return { detail: 'failed', reason: context.begun ? 'crashed' : 'failed' };
}

/** How a difference found after a gap would have been announced. */
function lifecycleOf({ state, reason }: StateAndReason, from: DomainState): Lifecycle {
  switch (state) {
    case 'running':
      return from === 'pmsuspended'
        ? { event: 'started', detail: 'wakeup' }
        : { event: 'resumed', detail: 'unpaused' };
    case 'paused':
      if (reason === 'ioerror' || reason === 'watchdog') return { event: 'suspended', detail: reason };
      return { event: 'suspended', detail: suspendedDetail(reason) };
    case 'pmsuspended':
      return { event: 'pmsuspended', detail: 'memory' };
    case 'crashed':
      return { event: 'crashed', detail: 'panicked' };
    default:
      return { event: 'shutdown', detail: 'finished' };
  }
}

const ioErrorActions = { ignore: 'none', report: 'report', stop: 'pause' } as const;

const newReason = (context: DomainContext): RunningReason =>
  context.begun ? (context.runningReason ?? 'unpaused') : 'booted';

/** Its states and what they announce; `domain-work.ts` adds the work that they leave to others. */
export const domainStatesSetup = setup({
  types: {
    input: {} as DomainInput,
    context: {} as DomainContext,
    events: {} as DomainMachineEvent,
    emitted: {} as DomainEmitted,
    children: {} as { monitor: 'monitor' },
    tags: {} as 'active',
  },
  actors: { monitor: monitorMachine, processEvent: processEventMachine, operation: processEventMachine },
  guards: {
    isSameIncarnation: ({ context, event }) =>
      'incarnation' in event && context.incarnation?.uuid === event.incarnation,
    isSameContact: ({ context }, contact: Contact) => context.incarnation?.uuid === contact.incarnation,
    isPause: ({ context, event }) =>
      event.type === 'qemu.WATCHDOG' &&
      event.data.action === 'pause' &&
      context.incarnation?.uuid === event.incarnation,
    isStopOnError: ({ context, event }) =>
      event.type === 'qemu.BLOCK_IO_ERROR' &&
      event.data.action === 'stop' &&
      context.incarnation?.uuid === event.incarnation,
    isOfPanic: ({ event }) => event.type === 'qemu.SHUTDOWN' && event.data.reason === 'guest-panic',
    isFirstShutdown: ({ context, event }) =>
      event.type === 'qemu.SHUTDOWN' &&
      context.stoppingFrom !== 'shutdown' &&
      context.incarnation?.uuid === event.incarnation,
    isFoundAs: (_, params: { contact: Contact; same: boolean; state: DomainState }) =>
      params.same && foundAs(params.contact.runState).state === params.state,
    saysGone: ({ context, event }) =>
      event.type === 'processEvent.ended' &&
      event.outcome.facts?.gone === true &&
      event.incarnation === context.incarnation?.uuid,
    isFailedDestroy: ({ context, event }, params: { state: DomainState }) =>
      event.type === 'processEvent.ended' &&
      context.work.operations[event.id] === 'destroy' &&
      event.outcome.status === 'failed' &&
      context.stoppingFrom === params.state,
    isCanceledDestroy: ({ context, event }, params: { state: DomainState }) =>
      event.type === 'operation.canceled' &&
      context.work.operations[event.id] === 'destroy' &&
      context.stoppingFrom === params.state,
    isDestroy: ({ event }) => event.type === 'operation.requested' && event.operation === 'destroy',
    isActive: ({ context }) => context.incarnation !== null,
  },
  actions: {
    emitEvent: emit(({ context }, item: DomainEventItem) => ({ ...item, incarnation: context.incarnation })),
    emitLifecycle: emit(({ context }, args: Lifecycle) => ({
      type: 'lifecycle' as const,
      args,
      incarnation: context.incarnation,
    })),
    /** The difference that a gap left behind, as it would have been announced; none if there is none. */
    emitDifference: enqueueActions(
      ({ context, enqueue }, { found, from }: { found: StateAndReason; from: DomainState }) => {
        if (found.state === from) return;
        enqueue.emit({
          type: 'lifecycle',
          args: lifecycleOf(found, from),
          reconstructed: true,
          incarnation: context.incarnation,
        });
        enqueue.assign({ reason: found.state === 'running' ? 'unpaused' : found.reason });
      },
    ),
    emitControlError: enqueueActions(({ context, enqueue }, params: { protocolError: boolean }) => {
      if (!params.protocolError) return;
      enqueue.emit({ type: 'control-error', args: {}, incarnation: context.incarnation });
    }),
    /** Of an incarnation that never ran, nothing is announced. */
    emitShutdown: enqueueActions(({ context, enqueue, event }) => {
      if (event.type !== 'qemu.SHUTDOWN' || !context.begun) return;
      const { guest } = event.data;
      const detail = guest === null ? 'finished' : guest ? 'guest' : 'host';
      enqueue.emit({
        type: 'lifecycle',
        args: { event: 'shutdown', detail },
        incarnation: context.incarnation,
      });
    }),
    setShutdown: assign({ reason: 'unknown' }),
    /** The one `stopped` of an incarnation that began. */
    emitStopped: enqueueActions(
      ({ context, enqueue }, params: { sawShutdown: boolean; reconstructed?: true }) => {
        if (!context.begun) return;
        enqueue.emit({
          type: 'lifecycle',
          args: { event: 'stopped', detail: endingOf(context, params.sawShutdown).detail },
          incarnation: context.incarnation,
          ...(params.reconstructed === undefined ? {} : { reconstructed: true }),
        });
      },
    ),
    emitRunning: emit(({ context }) => ({
      type: 'lifecycle' as const,
      args: context.begun
        ? { event: 'resumed' as const, detail: resumedDetail(newReason(context)) }
        : { event: 'started' as const, detail: 'booted' as const },
      incarnation: context.incarnation,
    })),
    /** Both events of an I/O error, before the pause that it may make. */
    emitIoError: enqueueActions(({ context, enqueue }, data: QemuEventData<'BLOCK_IO_ERROR'>) => {
      const { incarnation, devices } = context;
      const disk = findDisk(devices, { drive: data.device, node: data['node-name'] });
      const action = ioErrorActions[data.action];
      const args = disk === undefined ? { path: '', alias: '' } : { path: disk.source, alias: disk.alias };
      enqueue.emit({ type: 'io-error', args: { ...args, action }, incarnation });
      const reason = data.nospace ? 'enospc' : '';
      enqueue.emit({ type: 'io-error-reason', args: { ...args, action, reason }, incarnation });
    }),
    /** A manager's start: `started` comes from the manager, at its end. */
    emitStarting: emit(({ context }) => ({
      type: 'lifecycle' as const,
      args: { event: 'resumed' as const, detail: resumedDetail(context.runningReason ?? 'unpaused') },
      incarnation: context.incarnation,
    })),
    emitSuspended: emit(({ context }) => ({
      type: 'lifecycle' as const,
      args: { event: 'suspended' as const, detail: suspendedDetail(context.pausedReason ?? 'unknown') },
      incarnation: context.incarnation,
    })),
    emitAgentDisconnected: enqueueActions(({ context, enqueue }) => {
      const agent = context.devices?.some(
        (device) => isChannel(device) && device.name === AGENT_CHANNEL_NAME,
      );
      if (agent !== true) return;
      enqueue.emit({
        type: 'agent-lifecycle',
        args: { state: 'disconnected', reason: 'domain-started' },
        incarnation: context.incarnation,
      });
    }),
    /** A QEMU event that means nothing here, or is not of this incarnation. */
    countIgnored: emit(({ context, event }) => ({
      type: 'drop' as const,
      args: {
        reason:
          'incarnation' in event && event.incarnation === context.incarnation?.uuid
            ? ('ignored-in-state' as const)
            : ('stale' as const),
        event: event.type.replace('qemu.', ''),
      },
      incarnation: context.incarnation,
    })),
    /** Comes again, to the state that is next. */
    contactAgain: raise((_, contact: Contact) => ({ type: 'monitor.ready' as const, contact })),

    setReason: assign({ reason: (_, params: { reason: string }) => params.reason }),
    setRunning: assign({ reason: ({ context }) => newReason(context), runningReason: null, begun: true }),
    setStarting: assign({
      reason: ({ context }) => context.runningReason ?? 'unpaused',
      runningReason: null,
    }),
    setPaused: assign({ reason: ({ context }) => context.pausedReason ?? 'unknown', pausedReason: null }),
    fillPausedReason: assign({ pausedReason: (_, params: { reason: PausedReason }) => params.reason }),
    fillRunningReason: assign({ runningReason: (_, params: { reason: RunningReason }) => params.reason }),
    forgetPausedReason: assign({ pausedReason: null }),
    forgetRunningReason: assign({ runningReason: null }),
    setEnding: assign({
      ending: (_, { detail, reason }: Ending) => ({ detail, reason }),
    }),
    setStoppingFrom: assign({ stoppingFrom: (_, params: { state: DomainState }) => params.state }),
    forgetEnding: assign({ ending: null, stoppingFrom: null }),
    setBegun: assign({ begun: true }),
    beginIncarnation: assign({
      incarnation: (_, contact: Contact) => ({ uuid: contact.incarnation, id: contact.id }),
      begun: ({ context }, contact) => !context.met || foundAs(contact.runState).state === 'running',
      reason: ({ context }, contact) => {
        const found = foundAs(contact.runState);
        return context.met && found.state === 'running' ? 'booted' : found.reason;
      },
      met: true,
      monitor: 'ready',
    }),
    announceBoot: enqueueActions(({ context, enqueue }, contact: Contact) => {
      if (!context.met || foundAs(contact.runState).state !== 'running') return;
      enqueue.emit({
        type: 'lifecycle',
        args: { event: 'started', detail: 'booted' },
        incarnation: { uuid: contact.incarnation, id: contact.id },
      });
    }),
    startMonitor: enqueueActions(({ context, enqueue, self }) => {
      if (!context.monitored) return;
      enqueue.spawnChild('monitor', { id: 'monitor', input: { key: context.key, domain: self } });
    }),
    startIncarnation: assign({
      monitor: 'ready',
      incarnation: (_, params: { incarnation: { uuid: string; id: number } }) => params.incarnation,
      met: true,
      reason: 'starting-up',
    }),
    endIncarnation: assign({
      reason: ({ context }, params: { sawShutdown: boolean }) => endingOf(context, params.sawShutdown).reason,
      incarnation: null,
      begun: false,
      ending: null,
      stoppingFrom: null,
      pausedReason: null,
      runningReason: null,
      nics: {},
    }),
    setMonitor: assign({ monitor: (_, params: { monitor: DomainContext['monitor'] }) => params.monitor }),
  },
});
