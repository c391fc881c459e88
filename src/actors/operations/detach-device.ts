/** libvirt 9.0.0 `qemu_hotplug.c:qemuDomainDetachDeviceLive`, `qemuDomainDeleteDevice`, `qemuDomainWaitForDeviceRemoval` */
import { CommandError, StateError } from '../../errors.ts';
import { findDevice } from '../../events/devices.ts';
import { removalKey } from '../../events/process-events.ts';
import { believesQemu } from '../../machines/domain-devices.ts';
import { removeDevice } from '../remove-device.ts';
import type { Operation } from './operation.ts';

/** libvirt 9.0.0 `qemu_hotplug.c:qemuDomainGetUnplugTimeout` */
const REMOVAL_TIMEOUT_MS = 5000;

/**
 * Asks for the device, and waits for the guest's answer: its removal is then handled here, and by nobody else.
 *
 * Differs from libvirt, whose call succeeds although the guest did not answer.
 */
export const detachDevice: Operation<'detachDevice'> = async ({ lease, record }, { alias }) => {
  const about = { domain: record.name };
  const domain = lease.facts();
  const isKnown = findDevice(domain.devices, alias) !== undefined;
  const noDevice = (cause?: unknown): StateError =>
    new StateError(`${record.name} has no device ${alias}`, { ...about, cause });
  if (!isKnown && !believesQemu(domain)) throw noDevice();
  const removal = lease.takeOver(removalKey(alias));
  try {
    await lease.execute('device_del', { id: alias });
  } catch (error) {
    if (!(error instanceof CommandError) || error.errorClass !== 'DeviceNotFound') throw error;
    if (!isKnown) throw noDevice(error);
    // It went before anybody heard of it.
    return removeDevice(alias, lease);
  }
  const came = await removal(REMOVAL_TIMEOUT_MS);
  if (came === 'refused')
    throw new StateError(`the guest refused to give ${alias} back`, { ...about, code: 'ERR_REFUSED' });
  if (came === null)
    throw new StateError(
      `the guest did not give ${alias} back within ${REMOVAL_TIMEOUT_MS} ms; device-removed comes when it does, after a reset at the latest`,
      { ...about, code: 'ERR_TIMEOUT' },
    );
  return removeDevice(alias, lease);
};
