/** A reboot that the guest does not make itself. */
import { messageOf, StateError } from '../errors.ts';
import type { RunningReason } from '../events/domain-state.ts';
import type { Outcome } from '../events/outcome.ts';
import type { Control } from './control.ts';

/**
 * Resets the guest and lets it run. One that QEMU refuses, or does not answer, is the end of its process, as a failure:
 * the guest is off. libvirt 9.0.0 `qemu_process.c:qemuProcessFakeReboot`
 *
 * @param reason - of its running again
 * @throws StateError if it is not ours to decide any more
 */
export async function reboot(control: Control, reason: RunningReason): Promise<Outcome> {
  try {
    await control.reset();
    await control.resume(reason);
    return { status: 'done', facts: { rebooted: true } };
  } catch (error) {
    if (error instanceof StateError) throw error;
    return {
      status: 'failed',
      why: `no reboot: ${messageOf(error)}`,
      facts: { rebooted: true, end: { detail: 'failed', reason: 'crashed' } },
    };
  }
}
