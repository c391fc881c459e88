/** What a domain's machine state is called outside. */
import type { SnapshotFrom } from 'xstate';
import type { DomainState } from '../events/domain-state.ts';
import type { domainMachine } from './domain-machine.ts';

/** `starting` is reported as paused (starting-up); `stopping` as what it was before. */
export function reportedState(snapshot: SnapshotFrom<typeof domainMachine>): DomainState {
  const { value, context } = snapshot;
  if (typeof value === 'object') return value.active === 'starting' ? 'paused' : value.active;
  return value === 'stopping' ? (context.stoppingFrom ?? 'running') : value;
}
