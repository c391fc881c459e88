/**
 * What handlers and operations may do to a QEMU that we control: ports of the lease.
 *
 * Each goes by commands of the lease, so it ends with it; in a replay they are matched with the recorded ones.
 */
import { StateError } from '../errors.ts';
import type { PausedReason, RunningReason } from '../events/domain-state.ts';
import type { DomainContext, DomainMachineEvent } from '../machines/domain-context.ts';
import type { ExecuteKnown } from '../qmp/execute.ts';
import type { Ask } from './discovery/ask.ts';
import type { DomainRecord, Environment, ProcessEnder } from './environment.ts';

export interface Control {
  /** Stops the CPUs; the STOP that comes has this reason. libvirt `qemu_process.c:qemuProcessStopCPUs` */
  stop(reason: PausedReason): Promise<void>;
  /** Lets the CPUs run; the RESUME that comes has this reason. libvirt `qemu_process.c:qemuProcessStartCPUs` */
  resume(reason: RunningReason): Promise<void>;
  /** Resets the guest, whatever `onReboot` says; it stays as it is, running or not. */
  reset(): Promise<void>;
  /** Sends QEMU to its end, and does not wait for it: the guest is off. libvirt `qemu_process.c:qemuProcessKill` */
  end(): Promise<void>;
  /**
   * Writes the guest's memory to a file of the dump directory, and waits until it is there.
   *
   * @throws StateError if no directory was configured, or the dump failed. libvirt `qemu_driver.c:doCoreDump`
   */
  dump(): Promise<void>;
}

/** By what it is done: a lease. */
interface ControlTools extends Pick<ProcessEnder, 'signal' | 'process'> {
  readonly ask: Ask;
  readonly execute: ExecuteKnown;
  facts(): DomainContext;
  until(isTrue: (domain: DomainContext) => boolean): Promise<boolean>;
}

export function createControl(environment: Environment, record: DomainRecord, lease: ControlTools): Control {
  /** The reason is known before the command is sent, and forgotten if its reply came without an event. */
  const withReason = async (reason: DomainMachineEvent, command: 'stop' | 'cont'): Promise<void> => {
    record.actor.send(reason);
    try {
      await lease.execute(command);
    } finally {
      // After `close()` there is nobody to be told.
      if (record.actor.getSnapshot().status === 'active') record.actor.send({ type: 'command.settled' });
    }
  };
  return {
    stop: (reason) => withReason({ type: 'command.stop', reason }, 'stop'),
    resume: (reason) => withReason({ type: 'command.cont', reason }, 'cont'),
    async reset() {
      // Where a reboot is to end the domain, QEMU would make a shutdown of this one too.
      const endsReboot = lease.facts().policies.onReboot === 'destroy';
      if (endsReboot) await lease.ask('set-action', { reboot: 'reset' });
      try {
        await lease.execute('system_reset');
      } finally {
        if (endsReboot) await lease.ask('set-action', { reboot: 'shutdown' });
      }
    },
    end: () => environment.askToEnd(record, lease),
    async dump() {
      const path = environment.dumpPath(record);
      if (path === null)
        throw new StateError('no dump: the driver was opened without a dumpDirectory', {
          domain: record.name,
        });
      const before = lease.facts().facts.dump;
      await lease.execute('dump-guest-memory', { paging: false, protocol: `file:${path}`, detach: true });
      await lease.until(({ facts }) => facts.dump !== before);
      const { dump } = lease.facts().facts;
      if (dump?.status !== 'completed')
        throw new StateError(`the dump failed: ${dump?.error ?? 'QEMU does not say why'}`, {
          domain: record.name,
        });
    },
  };
}
