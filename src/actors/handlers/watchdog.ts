/** libvirt 9.0.0 `qemu_driver.c:processWatchdogEvent` */
import type { Handler } from './handler.ts';

/** QEMU does what the watchdog asks for itself, but for `dump`, which needs control of the QEMU. */
export const watchdog: Handler<'watchdog'> = () => ({ status: 'ignored', why: 'not in control' });
