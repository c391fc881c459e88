/** libvirt 9.0.0 `qemu_driver.c:processGuestPanicEvent` */
import type { Handler } from './handler.ts';

/** The state is `crashed` already; what `onCrash` asks for needs control of the QEMU. */
export const guestPanic: Handler<'guestPanic'> = () => ({ status: 'ignored', why: 'not in control' });
