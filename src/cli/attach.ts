/** Attaching as a command does it: what is not there is waited for, and that is said. */
import type { Domain } from '../domain.ts';
import type { AttachOptions, Driver } from '../driver.ts';
import { ConnectError, StateError } from '../errors.ts';
import type { Target } from './domains.ts';
import type { Session } from './run.ts';

export interface AttachContext {
  readonly session: Session;
  /** Ends the attempt, or what would be said of it later. */
  readonly signal: AbortSignal;
  /** The end of a QEMU is the end of the command: no other one is waited for. */
  readonly endsWhenStopped: boolean;
  /** It may be changed through us. */
  readonly control?: boolean;
  readonly trace?: AttachOptions['trace'];
}

/** Says of which NICs the guest's filter is not followed. */
export function sayUnfollowed(session: Session, targets: readonly Target[]): void {
  for (const { monitor, trusted } of targets)
    if (trusted.length > 0)
      session.say(
        `${monitor}: with --host off the filter of ${trusted.join(', ')} is not followed, and QEMU tells only its first change`,
      );
}

/** @throws what makes going on pointless: the QEMU is not the one that was configured */
export async function attachTarget(driver: Driver, target: Target, context: AttachContext): Promise<void> {
  const { monitor, name, uuid, devices } = target;
  const { signal, trace, control = false } = context;
  const attached = driver.attach({
    monitor,
    wait: true,
    control,
    signal,
    ...(name === undefined ? {} : { name }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(devices === undefined ? {} : { devices }),
    ...(trace === undefined ? {} : { trace }),
  });
  // It is there before it answers.
  const domain = driver.domains.at(-1);
  if (domain !== undefined) sayTroubles(domain, monitor, context);
  try {
    await attached;
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof StateError ? target.mismatch(error) : error;
  }
}

/** A monitor that is absent, silent or held by another is waited for; that is said once, until it is back. */
function sayTroubles(
  domain: Domain,
  monitor: string,
  { session, signal, endsWhenStopped }: AttachContext,
): void {
  let said: string | null = null;
  let wasActive = false;
  domain.actor.subscribe(() => {
    const { lastError: error } = domain;
    const { active, monitor: link } = domain.state;
    if (active) wasActive = true;
    if (link !== 'lost') said = null;
    if (link !== 'lost' || error === null || signal.aborted) return;
    // Not the one that was configured: that ends the attempt.
    if (error instanceof StateError && !wasActive) return;
    const absent = isAbsent(error);
    const trouble = absent ? 'absent' : error.code;
    // While it is active, whether nobody listens any more is about to be found out.
    if (trouble === said || (absent && active)) return;
    said = trouble;
    if (!absent) session.say(`${monitor}: ${error.message}; trying again`);
    else if (!wasActive) session.say(`waiting: ${error.message}`);
    else if (!endsWhenStopped) session.say(`waiting for the next QEMU at ${monitor}`);
  });
}

function isAbsent(error: unknown): boolean {
  const cause = error instanceof ConnectError ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}
