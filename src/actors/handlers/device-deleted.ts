/** libvirt 9.0.0 `qemu_driver.c:processDeviceDeletedEvent` */
import { removeDevice } from '../remove-device.ts';
import type { Handler } from './handler.ts';

/** A removal that nobody waits for: somebody else asked for it, or gave up waiting. */
export const deviceDeleted: Handler<'deviceDeleted'> = ({ alias }, lease) => removeDevice(alias, lease);
