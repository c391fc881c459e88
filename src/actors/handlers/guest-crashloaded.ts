/** libvirt 9.0.0 `qemu_driver.c:processGuestCrashloadedEvent` */
import type { Handler } from './handler.ts';

/** The one `crashed` event without a change of state. Differs: nothing is told of a domain that is gone. */
export const guestCrashloaded: Handler<'guestCrashloaded'> = () => ({
  status: 'done',
  emits: [{ type: 'lifecycle', args: { event: 'crashed', detail: 'crashloaded' } }],
});
