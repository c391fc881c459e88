/** What an operation is: one async function. */
import { StateError } from '../../errors.ts';
import type { DomainState } from '../../events/domain-state.ts';
import type { Outcome } from '../../events/outcome.ts';
import type { OperationData, OperationName } from '../../machines/domain-operations.ts';
import { reportedState } from '../../machines/reported-state.ts';
import type { Control } from '../control.ts';
import type { DomainRecord, Environment } from '../environment.ts';
import type { Lease } from '../lease.ts';

/** What it works with: a domain that we control. */
export interface OperationWorld {
  readonly lease: Lease;
  readonly control: Control;
  readonly record: DomainRecord;
  readonly environment: Environment;
}

/**
 * Runs under the job of its row, for a domain that was active when it began. What it throws is its caller's answer;
 * what it returns may bring facts home, as a process event's outcome does.
 */
export type Operation<N extends OperationName> = (
  world: OperationWorld,
  data: OperationData[N],
) => Promise<Outcome>;

export const done: Outcome = { status: 'done' };

export const stateOf = ({ actor }: DomainRecord): DomainState => reportedState(actor.getSnapshot());

export const wrongState = (record: DomainRecord, required: string): StateError =>
  new StateError(`${record.name} is ${stateOf(record)}; ${required}`, { domain: record.name });
