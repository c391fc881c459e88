/** Operations of the API: each runs under its domain job, as a handler does, for a domain that we control. */
import { messageOf, StateError } from '../errors.ts';
import type { Outcome } from '../events/outcome.ts';
import type { OperationName } from '../machines/domain-operations.ts';
import { detachDevice } from './operations/detach-device.ts';
import { eject } from './operations/eject.ts';
import type { Operation, OperationWorld } from './operations/operation.ts';
import {
  destroy,
  injectNmi,
  reboot,
  reset,
  resume,
  shutdown,
  suspend,
  wakeup,
} from './operations/run-state.ts';

const operations: { readonly [N in OperationName]: Operation<N> } = {
  destroy,
  detachDevice,
  eject,
  injectNmi,
  reboot,
  reset,
  resume,
  shutdown,
  suspend,
  wakeup,
};

/** Runs an operation and answers its caller with the error itself; the outcome only says that it ended. */
export async function runOperation(
  id: string,
  name: OperationName,
  data: unknown,
  { lease, record, environment }: Omit<OperationWorld, 'control'>,
): Promise<Outcome> {
  try {
    const { control } = lease;
    if (control === null) throw new StateError(`${record.name} is only observed`, { domain: record.name });
    // Name and data were put together by the call.
    const operation = operations[name] as Operation<OperationName>;
    return await operation({ lease, control, record, environment }, data as never);
  } catch (error) {
    record.pending.get(id)?.reject(error);
    return { status: 'failed', why: messageOf(error) };
  }
}
