/** An operation of the API: from the call to the domain's answer. */
import type { DomainRecord } from './actors/environment.ts';
import { badArgument, StateError } from './errors.ts';
import type { OperationData, OperationName } from './machines/domain-operations.ts';

export interface OperationOptions {
  readonly signal?: AbortSignal;
  /** For the operation, and as long (30 s at most) for the domain job before it. @defaultValue 30 000; `destroy` 60 000 */
  readonly timeoutMs?: number;
}

function requireOperationOptions(operation: OperationName, options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw badArgument(operation, 'an object of options', options);
  const { signal, timeoutMs } = options as { signal?: unknown; timeoutMs?: unknown };
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw badArgument('signal', 'an AbortSignal', signal);
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0))
    throw badArgument('timeoutMs', 'a number above 0', timeoutMs);
}

/**
 * Asks the domain's machine for an operation, in this call, and settles when it is answered.
 *
 * @throws TypeError for bad options; StateError unless the domain is under control; the signal's reason
 */
export async function operate<N extends OperationName>(
  record: DomainRecord,
  operation: N,
  data: OperationData[N],
  options: OperationOptions,
  nextId: () => string,
): Promise<void> {
  requireOperationOptions(operation, options);
  const { signal, timeoutMs = 30_000 } = options;
  if (!record.control)
    throw new StateError(`${record.name} is only observed; ${operation}() needs attach({ control: true })`, {
      domain: record.name,
    });
  signal?.throwIfAborted();
  const id = nextId();
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      record.pending.delete(id);
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      // The command that is under way cannot be taken back; what would follow is not started.
      record.pending.get(id)?.reject(signal?.reason);
      record.actor.send({ type: 'operation.canceled', id, why: 'aborted by the caller' });
    };
    record.pending.set(id, {
      resolve: () => {
        settle();
        resolve();
      },
      reject: (error) => {
        settle();
        reject(error);
      },
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    record.actor.send({ type: 'operation.requested', id, operation, data, timeoutMs });
  });
}
