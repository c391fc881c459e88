/** libvirt 9.0.0 `qemu_driver.c:processWatchdogEvent` */
import { messageOf } from '../../errors.ts';
import type { Handler } from './handler.ts';

/** The one action that QEMU does not do itself. The guest runs again whether or not its memory could be saved. */
export const watchdog: Handler<'watchdog'> = async (_, { control }) => {
  if (control === null) return { status: 'ignored', why: 'not in control' };
  const failure = await control.dump().then(
    () => null,
    (error: unknown) => messageOf(error),
  );
  await control.resume('unpaused');
  return failure === null ? { status: 'done' } : { status: 'failed', why: failure };
};
