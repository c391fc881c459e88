/** The handlers, one for each process event type. A new type in Table 2 is asked for here by the compiler. */
import type { ProcessEventType } from '../../events/process-events.ts';
import { deviceDeleted } from './device-deleted.ts';
import { guestPanic } from './guest-panic.ts';
import type { Handler } from './handler.ts';
import { monitorEof } from './monitor-eof.ts';
import { nicRxFilterChanged } from './nic-rx-filter-changed.ts';
import { watchdog } from './watchdog.ts';

export const handlers: { readonly [T in ProcessEventType]: Handler<T> } = {
  deviceDeleted,
  guestPanic,
  monitorEof,
  nicRxFilterChanged,
  watchdog,
};
