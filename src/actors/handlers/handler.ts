/** What a handler is: one async function. */
import type { Outcome } from '../../events/outcome.ts';
import type { ProcessEventData, ProcessEventType } from '../../events/process-events.ts';
import type { Lease } from '../lease.ts';

/**
 * Runs under the job of its row, for a domain that was active when it began. It may wait and ask QEMU; it
 * returns an outcome, and what it throws is a failed one.
 */
export type Handler<T extends ProcessEventType> = (
  data: ProcessEventData[T],
  lease: Lease,
) => Outcome | Promise<Outcome>;
