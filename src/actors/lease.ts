/**
 * What a handler gets instead of a reference count: the right to ask QEMU and to change the host, for as long
 * as its incarnation is the present one.
 */
import { StateError } from '../errors.ts';
import { type DomainDevice, isNet, type NetDevice } from '../events/devices.ts';
import type { ReportItem } from '../events/reports.ts';
import type { HostNetwork } from '../host/host-network.ts';
import type { ProcessIdentity, Runtime } from '../loop/runtime.ts';
import type { DomainContext, Incarnation } from '../machines/domain-context.ts';
import type { QmpCommands } from '../qmp/commands.ts';
import type { ExecuteParameters } from '../qmp/connection.ts';
import type { DomainRecord, Environment } from './environment.ts';
import { traceCommand } from './monitor.ts';

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
  readonly control: boolean;
  /** The process, where it is known. */
  readonly process: ProcessIdentity | null;
  /** Whether the monitor is a unix socket: a missing listener is then the end of QEMU. */
  readonly isLocal: boolean;
  /** What is known of the domain now; read it again after each wait. */
  facts(): DomainContext;
  /** @throws StateError `ERR_DOMAIN_INACTIVE` once revoked; else as `QmpConnection.execute` */
  execute<C extends keyof QmpCommands>(
    command: C,
    ...parameters: ExecuteParameters<C>
  ): Promise<QmpCommands[C]['return']>;
  report(item: ReportItem): void;
}

export function createLease(
  environment: Environment,
  record: DomainRecord,
  incarnation: string,
  signal: AbortSignal,
): Lease {
  const about = { domain: record.name, incarnation };
  const present = (): Incarnation | null => {
    const now = record.actor.getSnapshot().context.incarnation;
    return now?.uuid === incarnation && !signal.aborted ? now : null;
  };
  return {
    incarnation,
    signal,
    runtime: environment.runtime,
    host: environment.host,
    control: record.control,
    process: record.process,
    isLocal: 'path' in record.address,
    facts: () => record.actor.getSnapshot().context,
    async execute(command, args?, options = {}) {
      if (present() === null)
        throw new StateError(`${record.name} is not the running domain any more; ${command} was not sent`, {
          ...about,
          code: 'ERR_DOMAIN_INACTIVE',
        });
      const { connection } = record;
      if (connection === null) throw new StateError(`the monitor of ${record.name} is lost`, about);
      return traceCommand(record, command, () =>
        connection.execute<never>(command, args, { ...options, signal }),
      );
    },
    report(item) {
      const now = present();
      if (now !== null) environment.tell(record, { ...item, incarnation: now });
    },
  };
}

/** The NIC with this alias, in the domain as it is now. */
export const findNic = ({ devices }: Pick<DomainContext, 'devices'>, alias: string): NetDevice | undefined =>
  devices?.filter((device: DomainDevice) => isNet(device)).find((nic) => nic.alias === alias);
