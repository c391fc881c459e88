/**
 * The words of the domain machine: its guards and actions, by name.
 *
 * Rules of this file: pure; an action changes context, emits, or sends. What is emitted carries the
 * incarnation as it is at that point of the list, so `stopped` stands before the incarnation is forgotten.
 */
import { assign, emit, enqueueActions, raise, setup } from 'xstate';
import { AGENT_CHANNEL_NAME, type DomainDevice, findDisk, isChannel } from '../events/devices.ts';
import type { DomainEventItem } from '../events/domain-events.ts';
import {
  type DomainState,
  type Ending,
  type Lifecycle,
  type PausedReason,
  type RunningReason,
  resumedDetail,
  type StateAndReason,
  suspendedDetail,
} from '../events/domain-state.ts';
import { type DomainFacts, noFacts } from '../events/facts.ts';
import type { QemuEventData } from '../events/qemu-events.ts';
import { announcementOf } from './domain-announcements.ts';
import type {
  DomainContext,
  DomainEmitted,
  DomainInput,
  DomainMachineEvent,
  PowerIntent,
} from './domain-context.ts';
import { believesQemu } from './domain-devices.ts';
import { domainGuards } from './domain-guards.ts';
import { noJobs } from './domain-queue.ts';
import {
  endingOf,
  foundAs,
  isBoot,
  lifecycleOf,
  newPausedReason,
  newReason,
  postcopyReason,
} from './domain-reasons.ts';
import { refuseTakeover } from './domain-takeovers.ts';
import { type Contact, monitorMachine } from './monitor-machine.ts';
import { processEventMachine } from './process-event-machine.ts';
import { qemuJobMachine } from './qemu-job-machine.ts';

const ioErrorActions = { ignore: 'none', report: 'report', stop: 'pause' } as const;

/** A QEMU event that means nothing here. */
export const ignoredEvent = (context: DomainContext, type: string) => ({
  type: 'drop' as const,
  args: { reason: 'ignored-in-state' as const, event: type.replace('qemu.', '') },
  incarnation: context.incarnation,
});

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
  actors: {
    monitor: monitorMachine,
    processEvent: processEventMachine,
    operation: processEventMachine,
    qemuJob: qemuJobMachine,
  },
  guards: domainGuards,
  actions: {
    emitEvent: emit(({ context }, item: DomainEventItem) => ({ ...item, incarnation: context.incarnation })),
    emitLifecycle: emit(({ context }, args: Lifecycle) => ({
      type: 'lifecycle' as const,
      args,
      incarnation: context.incarnation,
    })),
    /**
     * The difference that a gap left behind, as it would have been announced; none if there is none. One that had not
     * begun may have done so meanwhile, and has nothing else to announce.
     */
    emitDifference: enqueueActions(
      ({ context, enqueue }, { found, from }: { found: StateAndReason; from: DomainState }) => {
        if (found.state === from) return;
        const boots = isBoot(context) && found.state === 'running';
        if (boots || !isBoot(context))
          enqueue.emit({
            type: 'lifecycle',
            args: boots ? { event: 'started', detail: 'booted' } : lifecycleOf(found, from),
            reconstructed: true,
            incarnation: context.incarnation,
          });
        const running = boots ? 'booted' : from === 'pmsuspended' ? 'wakeup' : 'unpaused';
        enqueue.assign({
          reason: found.state === 'running' ? running : found.reason,
          begun: boots ? 'yes' : context.begun,
        });
      },
    ),
    emitControlError: enqueueActions(({ context, enqueue }, params: { protocolError: boolean }) => {
      if (!params.protocolError) return;
      enqueue.emit({ type: 'control-error', args: {}, incarnation: context.incarnation });
    }),
    /** Of an incarnation that never ran nothing is announced, but of one that a manager is starting. */
    emitShutdown: enqueueActions(({ context, enqueue, event }) => {
      if (event.type !== 'qemu.SHUTDOWN' || context.begun === 'no') return;
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
        if (context.begun !== 'yes') return;
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
      args: isBoot(context)
        ? { event: 'started' as const, detail: 'booted' as const }
        : { event: 'resumed' as const, detail: resumedDetail(newReason(context)) },
      incarnation: context.incarnation,
    })),
    /** Both events of an I/O error, before the pause that it may make. */
    emitIoError: enqueueActions(({ context, enqueue }, data: QemuEventData<'BLOCK_IO_ERROR'>) => {
      const { incarnation, devices } = context;
      const disk = findDisk(devices, { drive: data.device, qom: data['qom-path'], node: data['node-name'] });
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
      args: { event: 'suspended' as const, detail: suspendedDetail(newPausedReason(context)) },
      incarnation: context.incarnation,
    })),
    /** A look at the channels while it starts. libvirt 9.0.0 `qemu_process.c:qemuProcessRefreshChannelVirtioState` */
    setChannels: enqueueActions(
      ({ context, enqueue }, { channels }: { channels: DomainFacts['channels'] }) => {
        enqueue.assign({ facts: { ...context.facts, channels } });
        const agent = context.devices?.find(
          (device) => isChannel(device) && device.name === AGENT_CHANNEL_NAME,
        );
        const state = agent?.alias == null ? undefined : channels[agent.alias];
        if (state === undefined) return;
        enqueue.emit({
          type: 'agent-lifecycle',
          args: { state, reason: 'domain-started' },
          incarnation: context.incarnation,
        });
      },
    ),
    /** What a QEMU event tells that changes no state. */
    announce: enqueueActions(({ context, enqueue, event }) => {
      if (!('data' in event)) return;
      const { devices, facts, incarnation, work } = context;
      const told = announcementOf(event, {
        devices,
        isBelieved: believesQemu(context),
        facts,
        hasAsyncJob: work.jobs.async !== null,
      });
      if (told === null) {
        enqueue.emit(ignoredEvent(context, event.type));
        return;
      }
      if (told.known !== undefined) enqueue.assign({ facts: { ...facts, ...told.known } });
      if (told.refused !== undefined) enqueue.assign({ work: refuseTakeover(work, told.refused) });
      for (const item of told.emits ?? []) enqueue.emit({ ...item, incarnation });
    }),
    /** Postcopy began, failed, or recovered: the reason, and what is announced of it. */
    setPostcopy: enqueueActions(({ context, enqueue, event }, { state }: { state: 'running' | 'paused' }) => {
      if (event.type !== 'qemu.MIGRATION') return;
      const reason = postcopyReason(context, event.data.status, state);
      if (reason === null) return;
      enqueue.assign({ reason });
      enqueue.emit({
        type: 'lifecycle',
        args:
          state === 'paused' ? { event: 'suspended', detail: reason } : { event: 'resumed', detail: reason },
        incarnation: context.incarnation,
      });
    }),
    emitStartedPaused: enqueueActions(({ context, enqueue, event }) => {
      if (event.type !== 'manager.started' || event.paused === null) return;
      const { reason, detail } = event.paused;
      enqueue.emit({
        type: 'lifecycle',
        args: { event: 'suspended', detail },
        incarnation: context.incarnation,
      });
      enqueue.assign({ reason });
    }),
    emitManagerEvent: emit(({ context }, { item }: { item: DomainEventItem }) => ({
      ...item,
      incarnation: context.incarnation,
    })),
    setDevice: enqueueActions(
      ({ context, enqueue }, { device, added }: { device: DomainDevice; added: boolean }) => {
        const others = (context.devices ?? []).filter(({ alias }) => alias !== device.alias);
        const at = context.devices?.findIndex(({ alias }) => alias === device.alias) ?? -1;
        const devices = [...others];
        devices.splice(at === -1 ? others.length : at, 0, device);
        enqueue.assign({ devices });
        if (!added || device.alias === null) return;
        enqueue.emit({
          type: 'device-added',
          args: { alias: device.alias },
          incarnation: context.incarnation,
        });
      },
    ),
    setThreshold: assign({
      facts: ({ context }, { node, indexed }: { node: string; indexed: boolean }) => ({
        ...context.facts,
        thresholds: { ...context.facts.thresholds, [node]: { indexed, crossed: null } },
      }),
    }),
    setPower: assign({ power: (_, { power }: { power: PowerIntent }) => power }),
    /** A reset is also the end of every intent to reboot, but what is hidden stays so until it is through. */
    setReset: assign({
      power: ({ context: { power } }) =>
        power === 'rebooting' || power === 'resetting' ? 'resetting' : 'none',
    }),
    setPanic: assign({
      facts: ({ context }, { info }: { info: DomainFacts['panic'] }) => ({ ...context.facts, panic: info }),
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
    setRunning: assign({
      reason: ({ context }) => newReason(context),
      runningReason: null,
      begun: ({ context }) => (isBoot(context) ? 'yes' : context.begun),
    }),
    setStarting: assign({
      reason: ({ context }) => context.runningReason ?? 'unpaused',
      runningReason: null,
    }),
    setPaused: assign({ reason: ({ context }) => newPausedReason(context), pausedReason: null }),
    fillPausedReason: assign({ pausedReason: (_, params: { reason: PausedReason }) => params.reason }),
    fillRunningReason: assign({ runningReason: (_, params: { reason: RunningReason }) => params.reason }),
    forgetPausedReason: assign({ pausedReason: null }),
    forgetRunningReason: assign({ runningReason: null }),
    setEnding: assign({
      ending: (_, { detail, reason }: Ending) => ({ detail, reason }),
    }),
    setStoppingFrom: assign({ stoppingFrom: (_, params: { state: DomainState }) => params.state }),
    forgetEnding: assign({ ending: null, stoppingFrom: null }),
    setBegun: assign({ begun: 'yes' }),
    beginIncarnation: assign({
      incarnation: (_, contact: Contact) => ({ uuid: contact.incarnation, id: contact.id }),
      begun: ({ context }, contact) => (!context.met || foundAs(contact).state === 'running' ? 'yes' : 'no'),
      reason: ({ context }, contact) => {
        const found = foundAs(contact);
        return context.met && found.state === 'running' ? 'booted' : found.reason;
      },
      met: true,
      monitor: 'ready',
    }),
    announceBoot: enqueueActions(({ context, enqueue }, contact: Contact) => {
      if (!context.met || foundAs(contact).state !== 'running') return;
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
      begun: 'by-manager',
      met: true,
      reason: 'starting-up',
    }),
    endIncarnation: assign({
      reason: ({ context }, params: { sawShutdown: boolean }) => endingOf(context, params.sawShutdown).reason,
      incarnation: null,
      begun: 'no',
      ending: null,
      stoppingFrom: null,
      pausedReason: null,
      runningReason: null,
      power: 'none',
      // Those that were found are of the QEMU that is gone.
      devices: ({ context }) => (context.devicesFound ? null : context.devices),
      devicesFound: false,
      facts: noFacts,
      work: ({ context }) => ({ ...context.work, jobs: noJobs, takeovers: {} }),
    }),
    setMonitor: assign({ monitor: (_, params: { monitor: DomainContext['monitor'] }) => params.monitor }),
  },
});
