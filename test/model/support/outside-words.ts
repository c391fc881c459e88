/** What the machine of a domain as its user sees it is about: its context, its words, and what follows from them. */

/** QAPI `RunState`, of those that a walk comes to. */
export type RunWord =
  | 'prelaunch'
  | 'running'
  | 'paused'
  | 'suspended'
  | 'guest-panicked'
  | 'watchdog'
  | 'shutdown';
export type DomainWord = 'running' | 'paused' | 'pmsuspended' | 'crashed' | 'shutdown' | 'shutoff';
export type Command = 'stop' | 'cont' | 'system_reset' | 'system_powerdown' | 'system_wakeup' | 'quit';
export type CallName = 'suspend' | 'resume' | 'reset' | 'shutdown' | 'wakeup';

export const callNames: readonly CallName[] = ['suspend', 'resume', 'reset', 'shutdown', 'wakeup'];

export const commandOf: Readonly<Record<CallName, Command>> = {
  suspend: 'stop',
  resume: 'cont',
  reset: 'system_reset',
  shutdown: 'system_powerdown',
  wakeup: 'system_wakeup',
};

export interface OutsideInput {
  /** QEMU stays when its guest is off (`-no-shutdown`). */
  readonly outlives: boolean;
}

export interface OutsideContext extends OutsideInput {
  /** Of a QEMU that is off: its last one. */
  readonly qemu: RunWord;
  readonly line: 'ready' | 'unresponsive' | 'lost';
  readonly state: DomainWord;
  readonly reason: string;
  /** It ran, or was met at attach: it owes a `stopped`. */
  readonly begun: boolean;
  /** `destroy()` is under way. */
  readonly destroying: boolean;
  /** Whose answer is waited for. */
  readonly caller: CallName | null;
  /** What QEMU has not carried out yet, in order. */
  readonly commands: readonly Command[];
  /** `suspend()` is under way, and no STOP came since. */
  readonly suspending: boolean;
}

/** docs/states.md, "A domain that was attached is …" */
export const foundAs: Readonly<Record<RunWord, { readonly state: DomainWord; readonly reason: string }>> = {
  prelaunch: { state: 'paused', reason: 'unknown' },
  running: { state: 'running', reason: 'unknown' },
  paused: { state: 'paused', reason: 'unknown' },
  suspended: { state: 'pmsuspended', reason: 'unknown' },
  'guest-panicked': { state: 'crashed', reason: 'panicked' },
  watchdog: { state: 'paused', reason: 'watchdog' },
  shutdown: { state: 'shutdown', reason: 'unknown' },
};

/** A lifecycle event, and the reason that comes with it. */
export interface Change {
  readonly event: string;
  readonly detail: string;
  readonly reason: string;
}

/** How a difference that a gap left is announced. */
export function differenceOf({ qemu, state, begun }: OutsideContext): Change {
  const found = foundAs[qemu];
  switch (found.state) {
    case 'running':
      if (!begun) return { event: 'started', detail: 'booted', reason: 'booted' };
      return state === 'pmsuspended'
        ? { event: 'started', detail: 'wakeup', reason: 'wakeup' }
        : { event: 'resumed', detail: 'unpaused', reason: 'unpaused' };
    case 'paused':
      return {
        event: 'suspended',
        detail: found.reason === 'watchdog' ? 'watchdog' : 'paused',
        reason: found.reason,
      };
    case 'pmsuspended':
      return { event: 'pmsuspended', detail: 'memory', reason: 'unknown' };
    case 'crashed':
      return { event: 'crashed', detail: 'panicked', reason: 'panicked' };
    default:
      return { event: 'shutdown', detail: 'finished', reason: 'unknown' };
  }
}

/** docs/states.md, "How it ends" */
export function endOf({ begun, destroying, state }: OutsideContext): { detail: string; reason: string } {
  if (!begun) return { detail: 'failed', reason: 'failed' };
  if (destroying) return { detail: 'destroyed', reason: 'destroyed' };
  if (state === 'shutdown') return { detail: 'shutdown', reason: 'shutdown' };
  return { detail: 'failed', reason: 'crashed' };
}

/** What a call comes to before QEMU is asked; `sent`: QEMU is. */
export function verdictOn(
  call: CallName,
  { state, line, destroying }: OutsideContext,
): 'sent' | 'done' | 'ERR_STATE' | 'ERR_DOMAIN_INACTIVE' {
  if (state === 'shutoff' || destroying) return 'ERR_DOMAIN_INACTIVE';
  if (call === 'suspend' && state === 'paused') return 'done';
  if (call === 'suspend' && state === 'pmsuspended') return 'ERR_STATE';
  if (call === 'resume' && (state === 'running' || state === 'pmsuspended')) return 'ERR_STATE';
  if (call === 'resume' && state === 'shutdown') return 'done';
  if (call === 'shutdown' && state !== 'running') return 'ERR_STATE';
  return line === 'lost' ? 'ERR_STATE' : 'sent';
}
