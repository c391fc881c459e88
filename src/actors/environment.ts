/**
 * What effects need and machines must not hold: one Environment for a driver, one DomainRecord for a domain.
 *
 * Machines know a domain by its key; effects find the rest here.
 */
import type { ActorRefFrom } from 'xstate';
import type { DropCounters } from '../diagnostics.ts';
import type { QemuError } from '../errors.ts';
import type { DomainEventItem } from '../events/domain-events.ts';
import type { ReportItem } from '../events/reports.ts';
import type { HostNetwork } from '../host/host-network.ts';
import type { Address, FileIdentity, ProcessIdentity, Runtime } from '../loop/runtime.ts';
import type { Incarnation } from '../machines/domain-context.ts';
import type { domainMachine } from '../machines/domain-machine.ts';
import type { Contact } from '../machines/monitor-machine.ts';
import type { None } from '../qmp/commands.ts';
import type { QmpConnection } from '../qmp/connection.ts';
import type { ExecuteOptions } from '../qmp/execute.ts';
import type { Askable, QemuAbilities } from '../qmp/probe.ts';
import type { Services } from './services.ts';

export type DomainActor = ActorRefFrom<typeof domainMachine>;

/** Something to tell, and the run that it belongs to. */
export type Told = (DomainEventItem | ReportItem) & { readonly incarnation: Incarnation | null };

/** How long QEMU may be silent. All in milliseconds. */
export interface MonitorTimes {
  /** From the connection to the greeting. */
  readonly greetingMs: number;
  /** Silence after which QEMU is asked something. */
  readonly pingIntervalMs: number;
  /** Silence after that until it counts as unresponsive. */
  readonly pingTimeoutMs: number;
}

/** What commands are sent by; a replay answers them from its recording. */
export type MonitorConnection = Pick<QmpConnection, 'execute' | 'executeRaw'>;

export interface DomainRecord {
  readonly key: string;
  readonly address: Address;
  readonly control: boolean;
  readonly times: MonitorTimes;
  /** Each message as it passes, for recordings. */
  readonly trace: ((direction: 'send' | 'reply' | 'event' | 'eof', message: object) => void) | undefined;
  readonly actor: DomainActor;
  name: string;
  uuid: string | null;
  /** What the last QEMU said its uuid is. */
  saidUuid: string | null;
  /** The process of this incarnation, where it is known. */
  process: ProcessIdentity | null;
  /** The socket file that this incarnation answered on. */
  socket: FileIdentity | null;
  /** Open and negotiated, else null. */
  connection: MonitorConnection | null;
  /** What the QEMU of this incarnation has; null if it was not asked yet, or does not tell. */
  abilities: QemuAbilities | null;
  /** Why the last connection, or attempt at one, ended. */
  lastError: QemuError | null;
  /** Operations of the API that wait for their answer. */
  readonly pending: Map<string, { resolve(): void; reject(error: unknown): void }>;
  /** The pid of QEMU, where the caller told where it is. */
  readPid(): Promise<number | null>;
  /** Somebody answered here before: the name is its own. */
  readonly isNamed: boolean;
  /** The uuid of the QEMU that an incarnation was. */
  uuidOf(incarnation: Incarnation | null): string | null;
  /** A QEMU answers. @throws StateError if it is not the one that was asked for */
  met(contact: Contact): void;
  /** A connection could not be made, or not be used. */
  attemptFailed(error: QemuError | null): void;
  /** Resolves when the present incarnation is over. */
  whenInactive(): Promise<void>;
}

/** With what a process is ended: a lease. */
export interface ProcessEnder {
  readonly signal: AbortSignal;
  readonly process: ProcessIdentity | null;
  execute(command: 'quit', args: None, options: ExecuteOptions): Promise<unknown>;
}

export interface Environment {
  readonly runtime: Runtime;
  /** Null: the host is not touched, and QEMU is not asked for what would change it. */
  readonly host: HostNetwork | null;
  readonly counters: DropCounters;
  readonly records: Map<string, DomainRecord>;
  /** Handlers that still run, also those whose lease is revoked: a host command in flight is let end. */
  readonly work: Set<Promise<unknown>>;
  /** The next small domain id. */
  nextId(): number;
  /** Who starts helper programs of QEMUs again. */
  readonly services: Services;
  /** Where a dump of a domain's memory goes; null if nowhere. */
  dumpPath(record: DomainRecord): string | null;
  /** Asks what the QEMU of a domain has, and notes it in the record; null if it does not tell. @throws the signal's reason */
  probe(record: DomainRecord, connection: Askable, signal: AbortSignal): Promise<QemuAbilities | null>;
  /** Sends a QEMU whose guest is off to its end. @throws StateError if it refuses and its process is not known */
  askToEnd(record: DomainRecord, by: ProcessEnder): Promise<void>;
  /** Ends the process of a domain; the end is told by its monitor. @throws if it cannot */
  endProcess(by: ProcessEnder, record: DomainRecord): Promise<void>;
  /** Whether anybody listens to anything; if not, nothing need be told. */
  wants(): boolean;
  /** Queues something for the subscribers. */
  tell(record: DomainRecord, told: Told): void;
}

/** @throws Error - never in a running driver: a domain's actors end before its record goes */
export function recordOf(environment: Environment, key: string): DomainRecord {
  const record = environment.records.get(key);
  if (record === undefined) throw new Error(`no record of domain ${key}`);
  return record;
}
