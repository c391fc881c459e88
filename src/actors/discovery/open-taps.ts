/**
 * The taps and macvtaps that a process holds open, by /proc. Linux only; of a process of another user they can be
 * read by root alone.
 */

import { isOwnNetworkNamespace } from '../../host/namespace.ts';
import type { Files, ProcessIdentity, Runtime } from '../../loop/runtime.ts';
import { isSameProcess } from '../contact.ts';
import type { HostEnd, OpenTaps } from './tap-backends.ts';

/** A process with more open files than this is not looked into. */
const MAX_DESCRIPTORS = 10_000;
/** IFNAMSIZ without the final NUL; the kernel's rule has no space and no slash (net/core/dev.c:dev_valid_name). */
const INTERFACE = '[^\\s/]{1,15}';

/**
 * @returns null if it cannot be known: not allowed to look, another network namespace, where the same name is
 *   another interface, or the process is gone, and another one may have its pid
 */
export async function readOpenTaps(
  runtime: Pick<Runtime, 'files' | 'processes'>,
  process: ProcessIdentity,
  signal: AbortSignal,
): Promise<OpenTaps | null> {
  const { pid } = process;
  if ((await isOwnNetworkNamespace(runtime, pid)) !== true) return null;
  const names = await runtime.files.list(`/proc/${pid}/fd`);
  if (names === null || names.length > MAX_DESCRIPTORS) return null;
  const taps = new Map<number, HostEnd | null>();
  for (const name of names) {
    signal.throwIfAborted();
    const target = await runtime.files.link(`/proc/${pid}/fd/${name}`);
    const index = /^\/dev\/tap(\d+)$/.exec(target ?? '')?.[1];
    if (target === '/dev/net/tun') taps.set(Number(name), await readTap(runtime.files, pid, name));
    else if (index !== undefined) taps.set(Number(name), await readMacvtap(runtime.files, pid, name, index));
  }
  const now = await runtime.processes.identify(pid);
  signal.throwIfAborted();
  return now !== null && isSameProcess(process, now) ? taps : null;
}

/** The kernel names a tap in its descriptor's fdinfo (drivers/net/tun.c:tun_chr_show_fdinfo). */
async function readTap(files: Files, pid: number, fd: string): Promise<HostEnd | null> {
  const info = await files.read(`/proc/${pid}/fdinfo/${fd}`).catch(() => '');
  const name = new RegExp(`^iff:\\t(${INTERFACE})$`, 'm').exec(info)?.[1];
  return name === undefined ? null : { interface: name, kind: 'tap' };
}

/**
 * A macvtap's device is `/dev/tapINDEX`. The name is that of whoever made the node, and an index may be used again
 * in another namespace, so the numbers of the device decide (drivers/net/macvtap.c:macvtap_device_event).
 */
async function readMacvtap(files: Files, pid: number, fd: string, index: string): Promise<HostEnd | null> {
  const inClass = `/sys/class/macvtap/tap${index}`;
  const numbers = await files.deviceNumber(`/proc/${pid}/fd/${fd}`);
  const expected = await files.read(`${inClass}/dev`).catch(() => '');
  if (numbers === null || numbers !== expected.trim()) return null;
  const path = (await files.link(inClass)) ?? '';
  const name = new RegExp(`/net/(${INTERFACE})/macvtap/tap${index}$`).exec(path)?.[1];
  return name === undefined ? null : { interface: name, kind: 'macvtap' };
}
