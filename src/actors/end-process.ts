/** The end of a QEMU that we control. */
import { CommandTimeoutError, StateError } from '../errors.ts';
import type { Processes, Runtime } from '../loop/runtime.ts';
import { sleep } from '../loop/timeouts.ts';
import { isSameProcess } from './contact.ts';
import type { DomainRecord, ProcessEnder } from './environment.ts';

/** How long QEMU is given to end after `quit`, and again after each signal. */
const END_TIMEOUT_MS = 5000;

/**
 * `quit` first; a signal only to a process that was verified to be this QEMU, and none once it is given up.
 *
 * @throws the signal's reason; StateError if it does not end
 */
export async function endProcess(
  { loop, processes }: Pick<Runtime, 'loop' | 'processes'>,
  by: ProcessEnder,
  record: DomainRecord,
): Promise<void> {
  const over = record.whenInactive();
  const ended = (): Promise<boolean> =>
    Promise.race([over.then(() => true), sleep(loop, END_TIMEOUT_MS, by.signal).then(() => false)]);
  const refused = await by.execute('quit', {}, { timeoutMs: END_TIMEOUT_MS }).then(
    () => null,
    (error: unknown) => error,
  );
  // A QEMU that does not even answer is not waited for a second time.
  if (!(refused instanceof CommandTimeoutError) && (await ended())) return;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await signalVerified(processes, by, record, signal, refused);
    if (await ended()) return;
  }
  throw new StateError(`${record.name} does not end, not even by SIGKILL`, { domain: record.name });
}

/** `quit`, else SIGTERM; not waited for. */
export async function askToEnd(
  { processes }: Pick<Runtime, 'processes'>,
  by: ProcessEnder,
  record: DomainRecord,
): Promise<void> {
  try {
    await by.execute('quit', {}, { timeoutMs: END_TIMEOUT_MS });
  } catch (error) {
    by.signal.throwIfAborted();
    await signalVerified(processes, by, record, 'SIGTERM', error);
  }
}

async function signalVerified(
  processes: Processes,
  { process, signal: aborts }: ProcessEnder,
  record: DomainRecord,
  signal: 'SIGTERM' | 'SIGKILL',
  refused: unknown,
): Promise<void> {
  if (process === null)
    throw new StateError(
      `${record.name} did not end by quit, and its process is not known: attach it with pid or pidFile`,
      { domain: record.name, code: 'ERR_NO_PROCESS', ...(refused === null ? {} : { cause: refused }) },
    );
  const now = await processes.identify(process.pid);
  aborts.throwIfAborted();
  if (now !== null && isSameProcess(process, now)) processes.kill(process.pid, signal);
}
