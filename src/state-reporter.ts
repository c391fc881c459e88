/** Tells each change of a domain's state, reason or monitor once. */
import type { SnapshotFrom } from 'xstate';
import type { DomainState } from './events/domain-state.ts';
import type { MonitorState, ReportArgs } from './events/reports.ts';
import type { Incarnation } from './machines/domain-context.ts';
import type { domainMachine } from './machines/domain-machine.ts';
import { reportedState } from './machines/reported-state.ts';

export interface StateReport {
  readonly type: 'state';
  readonly args: ReportArgs['state'];
  readonly incarnation: Incarnation | null;
}

export class StateReporter {
  #state: DomainState = 'shutoff';
  #reason = 'unknown';
  #monitor: MonitorState = 'lost';
  #incarnation: Incarnation | null = null;

  /** @returns null if nothing changed that is reported */
  report(snapshot: SnapshotFrom<typeof domainMachine>): StateReport | null {
    const { reason, monitor, incarnation } = snapshot.context;
    const state = reportedState(snapshot);
    const attached = incarnation !== null && incarnation.uuid !== this.#incarnation?.uuid;
    const connected = monitor !== 'lost';
    const reconnected = !attached && connected !== (this.#monitor !== 'lost');
    if (
      !attached &&
      state === this.#state &&
      reason === this.#reason &&
      monitor === this.#monitor &&
      incarnation?.uuid === this.#incarnation?.uuid
    )
      return null;
    this.#state = state;
    this.#reason = reason;
    this.#monitor = monitor;
    this.#incarnation = incarnation;
    return {
      type: 'state',
      args: {
        state,
        reason,
        active: incarnation !== null,
        monitor,
        ...(attached ? { attached: true } : {}),
        ...(reconnected ? { connected } : {}),
      },
      incarnation,
    };
  }
}
