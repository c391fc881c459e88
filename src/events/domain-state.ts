/**
 * States and reasons of a domain, in libvirt's words.
 *
 * libvirt 9.0.0 `include/libvirt/libvirt-domain.h:virDomainState`, `virDomainRunningReason`, …; each list is
 * in the order of the constants. `blocked` and `nostate` are never set by the QEMU driver.
 */
export const domainStates = {
  running: [
    'unknown',
    'booted',
    'migrated',
    'restored',
    'from-snapshot',
    'unpaused',
    'migration-canceled',
    'save-canceled',
    'wakeup',
    'crashed',
    'postcopy',
    'postcopy-failed',
  ],
  blocked: ['unknown'],
  paused: [
    'unknown',
    'user',
    'migration',
    'save',
    'dump',
    'ioerror',
    'watchdog',
    'from-snapshot',
    'shutting-down',
    'snapshot',
    'crashed',
    'starting-up',
    'postcopy',
    'postcopy-failed',
  ],
  shutdown: ['unknown', 'user'],
  shutoff: [
    'unknown',
    'shutdown',
    'destroyed',
    'crashed',
    'migrated',
    'saved',
    'failed',
    'from-snapshot',
    'daemon',
  ],
  crashed: ['unknown', 'panicked'],
  pmsuspended: ['unknown'],
} as const;

/** `shutdown` means shutting down, `shutoff` off. */
export type DomainState = keyof typeof domainStates;
export type Reason<S extends DomainState> = (typeof domainStates)[S][number];
export type RunningReason = Reason<'running'>;
export type PausedReason = Reason<'paused'>;
export type ShutoffReason = Reason<'shutoff'>;

/** Lifecycle events and their details. libvirt `virDomainEventType`, `virDomainEvent*DetailType`. */
export const lifecycleDetails = {
  defined: ['added', 'updated', 'renamed', 'from-snapshot'],
  undefined: ['removed', 'renamed'],
  started: ['booted', 'migrated', 'restored', 'from-snapshot', 'wakeup'],
  suspended: [
    'paused',
    'migrated',
    'ioerror',
    'watchdog',
    'restored',
    'from-snapshot',
    'api-error',
    'postcopy',
    'postcopy-failed',
  ],
  resumed: ['unpaused', 'migrated', 'from-snapshot', 'postcopy', 'postcopy-failed'],
  stopped: ['shutdown', 'destroyed', 'crashed', 'migrated', 'saved', 'failed', 'from-snapshot'],
  shutdown: ['finished', 'guest', 'host'],
  pmsuspended: ['memory', 'disk'],
  crashed: ['panicked', 'crashloaded'],
} as const;

export type LifecycleEvent = keyof typeof lifecycleDetails;
export type LifecycleDetail<E extends LifecycleEvent> = (typeof lifecycleDetails)[E][number];
/** An event with one of its own details. */
export type Lifecycle = {
  [E in LifecycleEvent]: { readonly event: E; readonly detail: LifecycleDetail<E> };
}[LifecycleEvent];

/** How the end of a domain is announced, and why it is off then. */
export interface Ending {
  readonly detail: LifecycleDetail<'stopped'>;
  readonly reason: ShutoffReason;
}

/** libvirt 9.0.0 `qemu_domain.c:qemuDomainPausedReasonToSuspendedEvent`. */
export function suspendedDetail(reason: PausedReason): LifecycleDetail<'suspended'> {
  switch (reason) {
    case 'migration':
      return 'migrated';
    case 'from-snapshot':
    case 'postcopy':
    case 'postcopy-failed':
      return reason;
    default:
      return 'paused';
  }
}

/** libvirt 9.0.0 `qemu_domain.c:qemuDomainRunningReasonToResumeEvent`. */
export function resumedDetail(reason: RunningReason): LifecycleDetail<'resumed'> {
  switch (reason) {
    case 'restored':
    case 'from-snapshot':
      return 'from-snapshot';
    case 'migrated':
    case 'migration-canceled':
      return 'migrated';
    case 'postcopy':
    case 'postcopy-failed':
      return reason;
    default:
      return 'unpaused';
  }
}

/** A state with one of its own reasons. */
export type StateAndReason = {
  [S in DomainState]: { readonly state: S; readonly reason: Reason<S> };
}[DomainState];

/**
 * What a domain is found as at attach, by QEMU's run state (QAPI `run-state.json:RunState`).
 *
 * Differs from libvirt 9.0.0 `qemu_monitor.c:qemuMonitorVMStatusToPausedReason`: who paused the domain is not
 * known, so the reason is `unknown` and not `user`; `suspended` is known.
 */
export const stateOfRunState: Readonly<Record<string, StateAndReason>> = {
  running: { state: 'running', reason: 'unknown' },
  paused: { state: 'paused', reason: 'unknown' },
  prelaunch: { state: 'paused', reason: 'unknown' },
  'save-vm': { state: 'paused', reason: 'unknown' },
  'restore-vm': { state: 'paused', reason: 'unknown' },
  debug: { state: 'paused', reason: 'unknown' },
  inmigrate: { state: 'paused', reason: 'migration' },
  postmigrate: { state: 'paused', reason: 'migration' },
  'finish-migrate': { state: 'paused', reason: 'migration' },
  suspended: { state: 'pmsuspended', reason: 'unknown' },
  shutdown: { state: 'shutdown', reason: 'unknown' },
  'io-error': { state: 'paused', reason: 'ioerror' },
  watchdog: { state: 'paused', reason: 'watchdog' },
  'guest-panicked': { state: 'crashed', reason: 'panicked' },
  'internal-error': { state: 'paused', reason: 'unknown' },
};

/**
 * Reasons that libvirt gives to what it finds paused when it comes back; others are as above.
 *
 * libvirt 9.0.0 `qemu_monitor.c:qemuMonitorVMStatusToPausedReason`. Differs: `suspended` is known.
 */
export const managedReasonOfRunState: Readonly<Record<string, PausedReason>> = {
  paused: 'user',
  prelaunch: 'user',
  'save-vm': 'save',
};
