/** The questions that the domain machine asks before it goes on, by name. Pure. */
import type { DomainState } from '../events/domain-state.ts';
import type { DomainContext, DomainMachineEvent } from './domain-context.ts';
import { foundAs, postcopyReason } from './domain-reasons.ts';
import type { Contact } from './monitor-machine.ts';

interface Args {
  readonly context: DomainContext;
  readonly event: DomainMachineEvent;
}

export const domainGuards = {
  isSameIncarnation: ({ context, event }: Args) =>
    'incarnation' in event && context.incarnation?.uuid === event.incarnation,
  isSameContact: ({ context }: Args, contact: Contact) => context.incarnation?.uuid === contact.incarnation,
  isPause: ({ context, event }: Args) =>
    event.type === 'qemu.WATCHDOG' &&
    event.data.action === 'pause' &&
    context.incarnation?.uuid === event.incarnation,
  isStopOnError: ({ context, event }: Args) =>
    event.type === 'qemu.BLOCK_IO_ERROR' &&
    event.data.action === 'stop' &&
    context.incarnation?.uuid === event.incarnation,
  /** The power-off is our own reboot, or is to become one. */
  isHiddenShutdown: ({ context, event }: Args) =>
    event.type === 'qemu.SHUTDOWN' &&
    context.incarnation?.uuid === event.incarnation &&
    (context.power === 'armed' || context.power === 'rebooting' || context.policies.onPoweroff === 'restart'),
  isHiddenStop: ({ context, event }: Args) =>
    event.type === 'qemu.STOP' &&
    context.incarnation?.uuid === event.incarnation &&
    (context.power === 'rebooting' || context.power === 'resetting'),
  isPostcopy: ({ context, event }: Args, { state }: { state: 'running' | 'paused' }) =>
    event.type === 'qemu.MIGRATION' &&
    context.incarnation?.uuid === event.incarnation &&
    postcopyReason(context, event.data.status, state) !== null,
  isUnattended: ({ context, event }: Args) =>
    event.type === 'qemu.MIGRATION' &&
    context.incarnation?.uuid === event.incarnation &&
    event.data.status === 'completed' &&
    context.reason === 'postcopy-failed' &&
    context.work.jobs.async?.holder === null,
  isStartingUp: ({ context }: Args) => context.reason === 'starting-up',
  isStartedPaused: ({ event }: Args) => event.type === 'manager.started' && event.paused !== null,
  isOfPanic: ({ event }: Args) => event.type === 'qemu.SHUTDOWN' && event.data.reason === 'guest-panic',
  /**
   * Told while we end it, but for ends that close their monitor before the kill: of those nobody hears.
   * libvirt 9.0.0 `qemu_process.c:qemuProcessStop`
   */
  isFirstShutdown: ({ context, event }: Args) =>
    event.type === 'qemu.SHUTDOWN' &&
    context.stoppingFrom !== 'shutdown' &&
    (context.ending?.detail === 'destroyed' || context.ending?.detail === 'shutdown') &&
    context.incarnation?.uuid === event.incarnation,
  /** While we end it, its monitor is open only for these ends. libvirt 9.0.0 `qemu_process.c:qemuProcessStop` */
  isHeard: ({ context, event }: Args) =>
    'incarnation' in event &&
    context.incarnation?.uuid === event.incarnation &&
    (context.ending?.detail === 'destroyed' || context.ending?.detail === 'shutdown'),
  isStoppingFrom: ({ context, event }: Args, { states }: { states: readonly DomainState[] }) =>
    'incarnation' in event &&
    context.incarnation?.uuid === event.incarnation &&
    context.begun === 'yes' &&
    context.stoppingFrom !== null &&
    states.includes(context.stoppingFrom),
  isFoundAs: (_: Args, params: { contact: Contact; same: boolean; state: DomainState }) =>
    params.same && foundAs(params.contact).state === params.state,
  saysGone: ({ context, event }: Args) =>
    event.type === 'processEvent.ended' &&
    event.outcome.facts?.gone === true &&
    event.incarnation === context.incarnation?.uuid,
  /** A handler says that QEMU is to be ended. */
  asksEnd: ({ context, event }: Args) =>
    event.type === 'processEvent.ended' &&
    event.outcome.facts?.end !== undefined &&
    event.incarnation === context.incarnation?.uuid,
  isFailedDestroy: ({ context, event }: Args, params: { state: DomainState }) =>
    event.type === 'processEvent.ended' &&
    context.work.operations[event.id] === 'destroy' &&
    event.outcome.status === 'failed' &&
    context.stoppingFrom === params.state,
  isCanceledDestroy: ({ context, event }: Args, params: { state: DomainState }) =>
    event.type === 'operation.canceled' &&
    context.work.operations[event.id] === 'destroy' &&
    context.stoppingFrom === params.state,
  isDestroy: ({ event }: Args) => event.type === 'operation.requested' && event.operation === 'destroy',
  isActive: ({ context }: Args) => context.incarnation !== null,
};
