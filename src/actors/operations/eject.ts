/** libvirt 9.0.0 `qemu_hotplug.c:qemuDomainChangeMediaBlockdev`, its first step; `qemuHotplugWaitForTrayEject` */
import { StateError } from '../../errors.ts';
import { findDevice, isDisk, qomNameOf } from '../../events/devices.ts';
import { readTrays } from '../read-facts.ts';
import { done, type Operation } from './operation.ts';

/** libvirt 9.0.0 `qemu_hotplug.c:CHANGE_MEDIA_TIMEOUT` */
const TRAY_TIMEOUT_MS = 5000;

/** A guest that locked the tray is asked for it, and opens it or not; `force` does not ask. */
export const eject: Operation<'eject'> = async ({ lease, record }, { alias, force }) => {
  const about = { domain: record.name };
  const disk = findDevice(lease.facts().devices, alias);
  if (disk === undefined || !isDisk(disk)) throw new StateError(`${record.name} has no disk ${alias}`, about);
  const { [alias]: tray } = await readTrays(lease.ask, lease.facts().devices);
  if (tray === undefined) throw new StateError(`${alias} has no tray`, about);
  if (tray === 'open') return done;
  await lease.execute('blockdev-open-tray', { id: qomNameOf(disk) ?? alias, force });
  if (await lease.until(({ facts }) => facts.trays[alias] === 'open', TRAY_TIMEOUT_MS)) return done;
  throw new StateError(
    `the guest locked the tray of ${alias}, and did not open it within ${TRAY_TIMEOUT_MS} ms; force opens it`,
    { ...about, code: 'ERR_REFUSED' },
  );
};
