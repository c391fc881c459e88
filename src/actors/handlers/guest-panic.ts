/** libvirt 9.0.0 `qemu_driver.c:processGuestPanicEvent` */
import { messageOf } from '../../errors.ts';
import type { Outcome } from '../../events/outcome.ts';
import type { Control } from '../control.ts';
import { reboot } from '../reboot.ts';
import type { Handler } from './handler.ts';

/** The state is `crashed` already; this is what `onCrash` asks for. */
export const guestPanic: Handler<'guestPanic'> = async ({ onCrash }, { control }) => {
  if (control === null) return { status: 'ignored', why: 'not in control' };
  switch (onCrash) {
    case null:
      return { status: 'ignored', why: 'no onCrash was given' };
    case 'preserve':
    case 'rename-restart':
      return { status: 'done', why: 'the domain is left as it is' };
    case 'destroy':
      return destroyed;
    case 'restart':
      return reboot(control, 'crashed');
    case 'coredump-destroy':
      return afterDump(control, async () => destroyed);
    case 'coredump-restart':
      return afterDump(control, () => reboot(control, 'crashed'));
  }
};

const destroyed: Outcome = {
  status: 'done',
  facts: { end: { detail: 'crashed', reason: 'crashed' } },
};

/** A domain whose memory could not be saved is left for whoever wants to look at it. */
async function afterDump(control: Control, next: () => Promise<Outcome>): Promise<Outcome> {
  try {
    await control.dump();
  } catch (error) {
    return { status: 'failed', why: `the domain is left as it is: ${messageOf(error)}` };
  }
  return next();
}
