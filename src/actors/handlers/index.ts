/** The handlers, one for each process event type. A new type in Table 2 is asked for here by the compiler. */
import type { Outcome, ProcessEventData, ProcessEventType } from '../../events/process-events.ts';
import type { Lease } from '../lease.ts';
import { deviceDeleted } from './device-deleted.ts';
import { guestPanic } from './guest-panic.ts';
import { monitorEof } from './monitor-eof.ts';
import { nicRxFilterChanged } from './nic-rx-filter-changed.ts';
import { watchdog } from './watchdog.ts';

/**
 * Runs under the job of its row, for a domain that was active when it began. It may wait and ask QEMU; it
 * returns an outcome, and what it throws is a failed one.
 */
export type Handler<T extends ProcessEventType> = (
  data: ProcessEventData[T],
  lease: Lease,
) => Outcome | Promise<Outcome>;

export const handlers: { readonly [T in ProcessEventType]: Handler<T> } = {
  deviceDeleted,
  guestPanic,
  monitorEof,
  nicRxFilterChanged,
  watchdog,
};
