/** Who answers on a monitor: the same run of QEMU as before, or another one. */
import type { FileIdentity, ProcessIdentity } from '../loop/runtime.ts';
import type { Contact } from '../machines/monitor-machine.ts';
import type { QmpConnection } from '../qmp/connection.ts';
import type { DomainRecord, Environment } from './environment.ts';

const NO_UUID = '00000000-0000-0000-0000-000000000000';

interface Identity {
  readonly process: ProcessIdentity | null;
  readonly socket: FileIdentity | null;
}

/**
 * Asks a negotiated connection who and how it is, and notes in the record what the answer is based on.
 *
 * The run state is asked for first: every event after its reply is still to come, and is kept by the caller.
 */
export async function makeContact(
  environment: Environment,
  record: DomainRecord,
  connection: QmpConnection,
  signal: AbortSignal,
): Promise<Contact> {
  const options = { signal };
  const { status } = await connection.execute('query-status', {}, options);
  const { name = null } = await connection.execute('query-name', {}, options);
  const { UUID } = await connection.execute('query-uuid', {}, options);
  const uuid = UUID === NO_UUID ? null : UUID;
  const identity = await identify(environment, record);
  const present = record.actor.getSnapshot().context.incarnation;
  const same = present !== null && isSameRun(record, identity, uuid);
  record.process = identity.process;
  record.socket = identity.socket;
  return {
    incarnation: same ? present.uuid : environment.runtime.uuid(),
    id: same ? present.id : environment.nextId(),
    runState: status,
    name,
    uuid,
  };
}

async function identify({ runtime }: Environment, record: DomainRecord): Promise<Identity> {
  const pid = await record.readPid();
  return {
    process: pid === null ? null : await runtime.processes.identify(pid),
    socket: 'path' in record.address ? await runtime.files.identity(record.address.path) : null,
  };
}

/** By the process where it is known, else by the socket file, else (TCP) by the uuid. */
function isSameRun(record: DomainRecord, { process, socket }: Identity, uuid: string | null): boolean {
  if (record.process !== null && process !== null) return isSameProcess(record.process, process);
  if (record.socket !== null && socket !== null)
    return (
      record.socket.device === socket.device &&
      record.socket.inode === socket.inode &&
      record.socket.changedMs === socket.changedMs
    );
  return record.saidUuid === uuid;
}

/** The same pid, started at the same tick of the same boot. */
export const isSameProcess = (one: ProcessIdentity, other: ProcessIdentity): boolean =>
  one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId;
