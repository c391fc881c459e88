/** Makes any handler safe: it never rejects, is counted, traced, and waited for at the end. */
import { fromPromise, type PromiseActorLogic } from 'xstate';
import { handlerErrorChannel, processEventChannel } from '../diagnostics.ts';
import {
  CommandError,
  CommandTimeoutError,
  HandlerError,
  messageOf,
  QemuError,
  StateError,
} from '../errors.ts';
import type { Outcome } from '../events/outcome.ts';
import type { HandlerInput } from '../machines/process-event-machine.ts';
import { type DomainRecord, type Environment, recordOf } from './environment.ts';
import { createLease, type Lease } from './lease.ts';

/**
 * Actor logic around a handler. Receives nothing; its output is the outcome, always. Stopped, it aborts the
 * lease's signal; what the handler still waits for is then waited for by `driver.close()`.
 */
export function supervised(
  environment: Environment,
  handle: (input: HandlerInput, lease: Lease, record: DomainRecord) => Promise<Outcome>,
): PromiseActorLogic<Outcome, HandlerInput> {
  return fromPromise<Outcome, HandlerInput>(({ input, signal }) => {
    const { key } = input.domain.getSnapshot().context as { key: string };
    const record = recordOf(environment, key);
    const { type, incarnation } = input;
    const run = async (): Promise<Outcome> => {
      try {
        return await handle(input, createLease(environment, record, input, signal), record);
      } catch (error) {
        if (signal.aborted) return { status: 'ignored', why: 'domain gone' };
        return failure(record, input, error);
      }
    };
    const work = processEventChannel.hasSubscribers
      ? processEventChannel.tracePromise(run, { domain: record.name, incarnation, type })
      : run();
    environment.work.add(work);
    return work.finally(() => environment.work.delete(work));
  });
}

function failure(record: DomainRecord, { type, incarnation }: HandlerInput, error: unknown): Outcome {
  // A replay asks nobody for what its recording does not hold.
  if (error instanceof StateError && error.code === 'ERR_NOT_RECORDED')
    return { status: 'ignored', why: 'not recorded' };
  // Before the probe is through, or of a command that only some of its paths need.
  if (error instanceof CommandError && error.errorClass === 'CommandNotFound')
    return { status: 'ignored', why: `not supported by this QEMU: ${error.command}` };
  const why = messageOf(error);
  if (handlerErrorChannel.hasSubscribers || !(error instanceof QemuError)) {
    const about = { cause: error, domain: record.name, incarnation };
    handlerErrorChannel.publish({ ...about, error: new HandlerError(type, why, about) });
  }
  return { status: 'failed', why, ...(error instanceof CommandTimeoutError ? { retry: true } : {}) };
}
