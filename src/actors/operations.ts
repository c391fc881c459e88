/**
 * Operations of the API: each runs under the domain job, as a handler does, for a domain that we control.
 *
 * libvirt 9.0.0 `qemu_driver.c:qemuDomainSuspend`, `qemuDomainResume`, `qemuDomainDestroyFlags`.
 */
import { CommandTimeoutError, messageOf, StateError } from '../errors.ts';
import type { Outcome } from '../events/outcome.ts';
import { sleep } from '../loop/timeouts.ts';
import type { OperationName } from '../machines/domain-context.ts';
import { reportedState } from '../machines/reported-state.ts';
import { isSameProcess } from './contact.ts';
import type { DomainRecord, Environment } from './environment.ts';
import type { Lease } from './lease.ts';

type Operation = (lease: Lease, record: DomainRecord, environment: Environment) => Promise<void>;

/** How long QEMU is given to end after `quit`, and again after each signal. */
const END_TIMEOUT_MS = 5000;

const wrongState = (record: DomainRecord, required: string): StateError =>
  new StateError(`${record.name} is ${reportedState(record.actor.getSnapshot())}; ${required}`, {
    domain: record.name,
  });

const suspend: Operation = async (lease, record) => {
  const state = reportedState(record.actor.getSnapshot());
  if (state === 'paused') return;
  if (state === 'pmsuspended') throw wrongState(record, 'suspend() needs a domain that is not asleep');
  await withReason(record, { type: 'command.stop', reason: 'user' }, () => lease.execute('stop'));
};

const resume: Operation = async (lease, record) => {
  const state = reportedState(record.actor.getSnapshot());
  if (state === 'running') throw wrongState(record, 'resume() needs one that is not');
  if (state === 'pmsuspended') throw wrongState(record, 'wake it up instead');
  if (state === 'shutdown') return;
  await withReason(record, { type: 'command.cont', reason: 'unpaused' }, () => lease.execute('cont'));
};

/** The reason is known before the command is sent, and forgotten if its reply came without an event. */
async function withReason(
  record: DomainRecord,
  reason: Parameters<DomainRecord['actor']['send']>[0],
  command: () => Promise<unknown>,
): Promise<void> {
  record.actor.send(reason);
  try {
    await command();
  } finally {
    record.actor.send({ type: 'command.settled' });
  }
}

/** `quit` first; a signal only to a process that was verified to be this QEMU. */
const destroy: Operation = async (lease, record, environment) => {
  const over = record.whenInactive();
  const ended = (): Promise<boolean> =>
    Promise.race([
      over.then(() => true),
      sleep(environment.runtime.loop, END_TIMEOUT_MS, lease.signal).then(
        () => false,
        () => false,
      ),
    ]);
  const refused = await lease.execute('quit', {}, { timeoutMs: END_TIMEOUT_MS }).then(
    () => null,
    (error: unknown) => error,
  );
  // A QEMU that does not even answer is not waited for a second time.
  if (!(refused instanceof CommandTimeoutError) && (await ended())) return;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await signalVerified(lease, record, signal, refused);
    if (await ended()) return;
  }
  throw new StateError(`${record.name} does not end, not even by SIGKILL`, { domain: record.name });
};

async function signalVerified(
  { runtime, process }: Lease,
  record: DomainRecord,
  signal: 'SIGTERM' | 'SIGKILL',
  refused: unknown,
): Promise<void> {
  if (process === null)
    throw new StateError(
      `${record.name} did not end by quit, and its process is not known: attach it with pid or pidFile`,
      { domain: record.name, code: 'ERR_NO_PROCESS', ...(refused === null ? {} : { cause: refused }) },
    );
  const now = await runtime.processes.identify(process.pid);
  if (now !== null && isSameProcess(process, now)) runtime.processes.kill(process.pid, signal);
}

const operations: Readonly<Record<OperationName, Operation>> = { suspend, resume, destroy };

/** Runs an operation and answers its caller with the error itself; the outcome only says that it ended. */
export async function runOperation(
  id: string,
  name: OperationName,
  lease: Lease,
  record: DomainRecord,
  environment: Environment,
): Promise<Outcome> {
  try {
    await operations[name](lease, record, environment);
    return { status: 'done' };
  } catch (error) {
    record.pending.get(id)?.reject(error);
    return { status: 'failed', why: messageOf(error) };
  }
}
