/**
 * Whether the loss of the monitor is the end of QEMU. It is asked again after each attempt to connect.
 *
 * libvirt 9.0.0 `qemu_driver.c:processMonitorEOFEvent`. Differs: libvirt takes EOF for death, and kills.
 */
import { isSameProcess } from '../contact.ts';
import type { Handler } from './handler.ts';

/** By the process where it is known, else by whether anybody listens on the socket. */
export const monitorEof: Handler<'monitorEof'> = async ({ attempt }, lease) => {
  if (lease.process !== null) {
    const now = await lease.runtime.processes.identify(lease.process.pid);
    const lives = now !== null && isSameProcess(lease.process, now);
    return lives
      ? { status: 'ignored', why: 'the process lives' }
      : { status: 'done', facts: { gone: true } };
  }
  const nobodyListens = attempt === 'refused' || attempt === 'missing';
  // On another host a refusal may be the network's; that we ended it settles the doubt.
  if (nobodyListens && (lease.isLocal || lease.facts().ending !== null))
    return { status: 'done', facts: { gone: true } };
  return { status: 'ignored', why: 'QEMU may still live' };
};
