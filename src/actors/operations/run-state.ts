/**
 * Operations that change whether and how the guest runs.
 *
 * libvirt 9.0.0 `qemu_driver.c:qemuDomainSuspend`, `qemuDomainResume`, `qemuDomainReset`, `qemuDomainShutdownFlags`,
 * `qemuDomainReboot`, `qemuDomainPMWakeup`, `qemuDomainInjectNMI`, `qemuDomainDestroyFlags`.
 */
import { StateError } from '../../errors.ts';
import { done, type Operation, type OperationWorld, stateOf, wrongState } from './operation.ts';

export const suspend: Operation<'suspend'> = async ({ control, record }) => {
  const state = stateOf(record);
  if (state === 'paused') return done;
  if (state === 'pmsuspended') throw wrongState(record, 'suspend() needs a domain that is not asleep');
  await control.stop('user');
  return done;
};

export const resume: Operation<'resume'> = async ({ control, record }) => {
  const state = stateOf(record);
  if (state === 'running') throw wrongState(record, 'resume() needs one that is not');
  if (state === 'pmsuspended') throw wrongState(record, 'wake it up instead');
  if (state === 'shutdown') return done;
  await control.resume('unpaused');
  return done;
};

/** What a domain that crashed becomes, it becomes although the command may fail. */
export const reset: Operation<'reset'> = async ({ control, record }) => {
  record.actor.send({ type: 'command.reset' });
  await control.reset();
  return done;
};

async function powerdown({ lease, record }: OperationWorld, reboot: boolean): Promise<void> {
  record.actor.send({ type: 'command.powerdown', reboot });
  await lease.execute('system_powerdown');
}

export const shutdown: Operation<'shutdown'> = async (world) => {
  const { lease, record } = world;
  if (stateOf(record) !== 'running') throw wrongState(record, 'shutdown() needs one that runs');
  await powerdown(world, lease.facts().policies.onPoweroff === 'restart');
  return done;
};

export const reboot: Operation<'reboot'> = async (world) => {
  const { onPoweroff, onReboot } = world.lease.facts().policies;
  const reboots = onReboot !== 'destroy' && onReboot !== 'preserve';
  if (reboots && onPoweroff === null)
    throw new StateError('reboot() needs attach({ onPoweroff }): left to itself QEMU ends with its guest', {
      domain: world.record.name,
    });
  await powerdown(world, reboots);
  return done;
};

/** QEMU refuses it for a guest that is not asleep. */
export const wakeup: Operation<'wakeup'> = async ({ lease }) => {
  await lease.execute('system_wakeup');
  return done;
};

export const injectNmi: Operation<'injectNmi'> = async ({ lease }) => {
  await lease.execute('inject-nmi');
  return done;
};

export const destroy: Operation<'destroy'> = async ({ lease, record, environment }) => {
  await environment.endProcess(lease, record);
  return done;
};
