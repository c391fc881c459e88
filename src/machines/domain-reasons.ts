/**
 * Which reason a domain's state has, and how it is announced: pure functions of what is known.
 *
 * libvirt 9.0.0: src/qemu/qemu_process.c:qemuProcessHandle*, src/qemu/qemu_domain.c:qemuDomain*Reason*
 */
import {
  type DomainState,
  type Ending,
  type Lifecycle,
  managedReasonOfRunState,
  type PausedReason,
  type RunningReason,
  type StateAndReason,
  stateOfRunState,
  suspendedDetail,
} from '../events/domain-state.ts';
import type { QemuEventData } from '../events/qemu-events.ts';
import type { DomainContext } from './domain-context.ts';
import type { Contact } from './monitor-machine.ts';

/** What a domain is found as, by QEMU's run state; one that we do not know is a pause. */
export function foundAs({
  runState,
  managed = false,
}: Pick<Contact, 'runState' | 'managed'>): StateAndReason {
  if (managed && Object.hasOwn(managedReasonOfRunState, runState))
    return { state: 'paused', reason: managedReasonOfRunState[runState] as PausedReason };
  return Object.hasOwn(stateOfRunState, runState)
    ? (stateOfRunState[runState] as StateAndReason)
    : { state: 'paused', reason: 'unknown' };
}

/** What is announced when the process is gone: our own ending, else by whether SHUTDOWN was seen. */
export function endingOf(context: DomainContext, sawShutdown: boolean): Ending {
  // Its start had not come to its end.
  if (context.begun !== 'yes') return { detail: 'failed', reason: 'failed' };
  if (context.ending !== null) return context.ending;
  if (sawShutdown) return { detail: 'shutdown', reason: 'shutdown' };
  return { detail: 'failed', reason: 'crashed' };
}

/** How a difference found after a gap would have been announced. */
export function lifecycleOf({ state, reason }: StateAndReason, from: DomainState): Lifecycle {
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

/** Its first RESUME is the boot of a QEMU that somebody else starts; a manager announces its own start itself. */
export const isBoot = ({ begun }: Pick<DomainContext, 'begun'>): boolean => begun === 'no';

/** The reason of what RESUME makes of it. libvirt 9.0.0 `qemu_process.c:qemuProcessHandleResume` */
export function newReason(context: DomainContext): RunningReason {
  const { reason, runningReason } = context;
  if (isBoot(context)) return 'booted';
  if (reason === 'postcopy' || reason === 'postcopy-failed') return reason;
  return runningReason ?? 'unpaused';
}

/** The reason of what STOP makes of it. libvirt 9.0.0 `qemu_process.c:qemuProcessHandleStop` */
export function newPausedReason({ work, facts, pausedReason }: DomainContext): PausedReason {
  if (work.jobs.async?.kind !== 'migration-out') return pausedReason ?? 'unknown';
  return facts.migration?.status === 'postcopy-active' ? 'postcopy' : 'migration';
}

/** What a migration of ours that is in postcopy makes of a domain; null: nothing. libvirt 9.0.0 `qemu_process.c:qemuProcessHandleMigrationStatus` */
export function postcopyReason(
  { work, reason }: DomainContext,
  status: QemuEventData<'MIGRATION'>['status'],
  state: 'running' | 'paused',
): 'postcopy' | 'postcopy-failed' | null {
  const isOut = work.jobs.async?.kind === 'migration-out';
  if (isOut && state === 'paused' && status === 'postcopy-active' && reason === 'migration')
    return 'postcopy';
  if (isOut && state === 'paused' && status === 'postcopy-paused' && reason !== 'postcopy-failed')
    return 'postcopy-failed';
  if (status === 'postcopy-recover' && reason === 'postcopy-failed') return 'postcopy';
  return null;
}
