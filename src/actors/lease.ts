/**
 * What a handler gets instead of a reference count: the right to ask QEMU and to change the host, for as long
 * as its incarnation is the present one.
 */
import { StateError } from '../errors.ts';
import { type DomainDevice, isNet, type NetDevice } from '../events/devices.ts';
import type { ReportItem } from '../events/reports.ts';
import type { HostNetwork } from '../host/host-network.ts';
import type { ProcessIdentity, Runtime } from '../loop/runtime.ts';
import type { DomainContext, Incarnation, Takeover } from '../machines/domain-context.ts';
import type { HandlerInput } from '../machines/process-event-machine.ts';
import type { ExecuteKnown, ExecuteOptions } from '../qmp/execute.ts';
import type { Askable, QemuAbilities } from '../qmp/probe.ts';
import { type Control, createControl } from './control.ts';
import { type Ask, createAsk } from './discovery/ask.ts';
import type { DomainRecord, Environment } from './environment.ts';
import { type Restart, type Services, serviceOf } from './services.ts';
import { traceCommand } from './trace-command.ts';
import { untilTrue } from './until.ts';

/**
 * Revoked in the same step in which the domain goes inactive: then `signal` is aborted, commands are refused
 * with `ERR_DOMAIN_INACTIVE`, and nothing that is reported is heard any more.
 */
export interface Lease {
  readonly incarnation: string;
  readonly signal: AbortSignal;
  readonly runtime: Runtime;
  /** Null: the host is not to be touched. Its calls take `signal`. */
  readonly host: HostNetwork | null;
  /** Null: the domain is only observed. */
  readonly control: Control | null;
  /** Starts a helper program of QEMU again; null: nobody offered to. */
  service(name: keyof Services): Restart | null;
  /** The process, where it is known. */
  readonly process: ProcessIdentity | null;
  /** Whether the monitor is a unix socket: a missing listener is then the end of QEMU. */
  readonly isLocal: boolean;
  /** What is known of the domain now; read it again after each wait. */
  facts(): DomainContext;
  /** @throws StateError `ERR_DOMAIN_INACTIVE` once revoked; else as `QmpConnection.execute` */
  readonly execute: ExecuteKnown;
  /** Any command, whose reply may be anything: undefined if it fails. @throws the signal's reason */
  readonly ask: Ask;
  /** What this QEMU has; null if it does not tell. @throws the signal's reason */
  probe(): Promise<QemuAbilities | null>;
  report(item: ReportItem): void;
  /** Whether this QEMU is known not to have a command. */
  lacks(command: string): boolean;
  /**
   * True as soon as something is true of the domain; false if it is not within `timeoutMs`.
   *
   * @throws the signal's reason once revoked
   */
  until(isTrue: (domain: DomainContext) => boolean, timeoutMs?: number): Promise<boolean>;
  /**
   * For operations: the process event with this takeover key is theirs from now on, until they end; a handler gets
   * it then unless the outcome is `done`. What is returned waits for it; null: it did not come within `timeoutMs`.
   *
   * libvirt 9.0.0 `qemu_hotplug.c:qemuDomainMarkDeviceForRemoval`, `qemuDomainWaitForDeviceRemoval`
   */
  takeOver(key: string): (timeoutMs: number) => Promise<Takeover['came']>;
}

export function createLease(
  environment: Environment,
  record: DomainRecord,
  { id, incarnation }: Pick<HandlerInput, 'id' | 'incarnation'>,
  signal: AbortSignal,
): Lease {
  const about = { domain: record.name, incarnation };
  const present = (): Incarnation | null => {
    const now = record.actor.getSnapshot().context.incarnation;
    return now?.uuid === incarnation && !signal.aborted ? now : null;
  };
  const send = async (command: string, args?: object, options: ExecuteOptions = {}): Promise<unknown> => {
    if (present() === null)
      throw new StateError(`${record.name} is not the running domain any more; ${command} was not sent`, {
        ...about,
        code: 'ERR_DOMAIN_INACTIVE',
      });
    const { connection } = record;
    if (connection === null) throw new StateError(`the monitor of ${record.name} is lost`, about);
    return traceCommand(record, command, () =>
      connection.execute<unknown>(command, args, { ...options, signal }),
    );
  };
  const lease: Omit<Lease, 'control'> = {
    incarnation,
    signal,
    runtime: environment.runtime,
    host: environment.host,
    service: (name) => serviceOf(environment.services, name, record.name, signal),
    process: record.process,
    isLocal: 'path' in record.address,
    facts: () => record.actor.getSnapshot().context,
    // The types of arguments and result are the command's own.
    execute: (command, args?, options?) => send(command, args, options) as Promise<never>,
    ask: createAsk(send, signal),
    probe: () => environment.probe(record, { execute: send as Askable['execute'] }, signal),
    lacks: (command) => record.abilities?.commands.has(command) === false,
    report(item) {
      const now = present();
      if (now !== null) environment.tell(record, { ...item, incarnation: now });
    },
    until: (isTrue, timeoutMs) =>
      untilTrue(record.actor, isTrue, { loop: environment.runtime.loop, signal, timeoutMs }),
    takeOver(key) {
      record.actor.send({ type: 'takeover.begun', id, key });
      const came = (domain: DomainContext) => domain.work.takeovers[key]?.came ?? null;
      return async (timeoutMs) => {
        await lease.until((domain) => came(domain) !== null, timeoutMs);
        return came(lease.facts());
      };
    },
  };
  return { ...lease, control: record.control ? createControl(environment, record, lease) : null };
}

/** The NIC with this alias, in the domain as it is now. */
export const findNic = ({ devices }: Pick<DomainContext, 'devices'>, alias: string): NetDevice | undefined =>
  devices?.filter((device: DomainDevice) => isNet(device)).find((nic) => nic.alias === alias);
