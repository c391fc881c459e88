/** Who answers on a monitor: the same run of QEMU as before, or another one. */
import { BadReplyError, ConnectError } from '../errors.ts';
import { MAX_STRING_LENGTH } from '../events/payload.ts';
import type { FileIdentity, ProcessIdentity } from '../loop/runtime.ts';
import type { Contact } from '../machines/monitor-machine.ts';
import type { QmpConnection } from '../qmp/connection.ts';
import type { DomainRecord, Environment } from './environment.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NO_UUID = '00000000-0000-0000-0000-000000000000';

/** What there is to know a run of QEMU by, at one moment. */
export interface Identity {
  readonly process: ProcessIdentity | null;
  readonly socket: FileIdentity | null;
}

/** What a QEMU said, and who was there when it had. */
export interface Answer extends Pick<Contact, 'runState' | 'name' | 'uuid'>, Identity {}

/**
 * Asks a negotiated connection who and how it is.
 *
 * The run state is asked for first: what came before its reply is in it, what comes after it is still to count.
 *
 * @param before - who was there before the connection was made
 * @throws ConnectError if somebody else is there once QEMU has answered: who answered is not known then
 */
export async function askWho(
  environment: Environment,
  record: DomainRecord,
  connection: QmpConnection,
  before: Identity,
  signal: AbortSignal,
): Promise<Answer> {
  const options = { signal };
  const status = member(await connection.execute('query-status', {}, options), 'query-status', 'status');
  const name = member(await connection.execute('query-name', {}, options), 'query-name', 'name');
  const said = member(await connection.execute('query-uuid', {}, options), 'query-uuid', 'UUID');
  if (status === null) throw new BadReplyError('the reply to query-status has no status');
  if (said !== null && !UUID.test(said)) throw new BadReplyError('the reply to query-uuid is no uuid');
  const after = await identify(environment, record);
  if (isReplaced(before, after)) throw new ConnectError('QEMU was replaced while it answered');
  return {
    // One that ended meanwhile was who answered; one that had no pid file or socket yet has them now.
    process: after.process ?? before.process,
    socket: after.socket ?? before.socket,
    runState: status,
    name: name === '' ? null : name,
    uuid: said === NO_UUID ? null : said,
  };
}

/**
 * Which run of QEMU answered, and notes in the record what that is based on. The domain is told in the same turn: until
 * then the run that it is compared with may end.
 */
export function makeContact(environment: Environment, record: DomainRecord, answer: Answer): Contact {
  const { runState, name, uuid } = answer;
  const present = record.actor.getSnapshot().context.incarnation;
  const same = present !== null && isSameRun(record, answer, uuid);
  record.process = answer.process;
  record.socket = answer.socket;
  if (!same) record.abilities = null;
  return {
    incarnation: same ? present.uuid : environment.runtime.uuid(),
    id: same ? present.id : environment.nextId(),
    runState,
    name,
    uuid,
  };
}

/** A string member of a reply; null if there is none. @throws BadReplyError if it is something else */
function member(reply: unknown, command: string, name: string): string | null {
  if (typeof reply !== 'object' || reply === null || Array.isArray(reply))
    throw new BadReplyError(`the reply to ${command} is no object`);
  const value: unknown = (reply as Record<string, unknown>)[name];
  if (value === undefined) return null;
  if (typeof value !== 'string' || value.length > MAX_STRING_LENGTH)
    throw new BadReplyError(`${name} in the reply to ${command} is no string`);
  return value;
}

/** Who is there now. */
export async function identify({ runtime }: Environment, record: DomainRecord): Promise<Identity> {
  const pid = await record.readPid();
  return {
    process: pid === null ? null : await runtime.processes.identify(pid),
    socket: 'path' in record.address ? await runtime.files.identity(record.address.path) : null,
  };
}

/** By the process where it is known, else by the socket file, else (TCP) by the uuid. */
function isSameRun(record: DomainRecord, { process, socket }: Identity, uuid: string | null): boolean {
  if (record.process !== null && process !== null) return isSameProcess(record.process, process);
  if (record.socket !== null && socket !== null) return isSameFile(record.socket, socket);
  return record.saidUuid === uuid;
}

const isReplaced = (before: Identity, after: Identity): boolean =>
  (before.process !== null && after.process !== null && !isSameProcess(before.process, after.process)) ||
  (before.socket !== null && after.socket !== null && !isSameFile(before.socket, after.socket));

const isSameFile = (one: FileIdentity, other: FileIdentity): boolean =>
  one.device === other.device && one.inode === other.inode && one.changedMs === other.changedMs;

/** The same pid, started at the same tick of the same boot. */
export const isSameProcess = (one: ProcessIdentity, other: ProcessIdentity): boolean =>
  one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId;
