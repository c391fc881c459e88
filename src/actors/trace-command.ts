/** Commands are told to whoever traces them. */
import { commandChannel } from '../diagnostics.ts';
import type { DomainRecord } from './environment.ts';

/** Runs a command under the tracing channel; without a subscriber it is just run. */
export function traceCommand<R>(record: DomainRecord, command: string, run: () => Promise<R>): Promise<R> {
  if (!commandChannel.hasSubscribers) return run();
  const incarnation = record.actor.getSnapshot().context.incarnation?.uuid ?? null;
  return commandChannel.tracePromise(run, { domain: record.name, incarnation, command });
}
