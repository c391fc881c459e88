/** libvirt 9.0.0 `qemu_process.c:qemuProcessShutdownOrReboot`, `qemuProcessFakeReboot` */
import { reboot } from '../reboot.ts';
import type { Handler } from './handler.ts';

/**
 * The guest is off, and QEMU waits (`-no-shutdown`): its process is ended, or the guest is reset and let run. A
 * reboot that QEMU refuses, or does not answer, is the end of the process too, as a failure: the guest is off.
 */
export const shutdownOrReboot: Handler<'shutdownOrReboot'> = async ({ action }, { control }) => {
  if (control === null) return { status: 'ignored', why: 'not in control' };
  if (action === 'end') {
    await control.end();
    return { status: 'done' };
  }
  return reboot(control, 'booted');
};
