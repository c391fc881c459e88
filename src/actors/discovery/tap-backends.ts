/** Which descriptors or interfaces QEMU's tap back ends are connected to. */
import type { NetDevice } from '../../events/devices.ts';
import { MAX_DEVICES } from './ask.ts';

/** What `info network` says of a back end; all null where a helper opened it. */
export interface TapBackend {
  readonly netdev: string;
  /** Of each queue that says one. */
  readonly fds: readonly number[];
  /** The name that it had when it was opened. */
  readonly ifname: string | null;
}

export type HostEnd = NonNullable<NetDevice['host']>;
/** What a process's descriptors of taps lead to; null: to one that could not be told. */
export type OpenTaps = ReadonlyMap<number, HostEnd | null>;

/** More lines than these are not read. */
const MAX_LINES = 8 * MAX_DEVICES;
/**
 * `net0: index=0,type=nic,…`, below it ` \ hostnet0: index=0,type=tap,fd=24`; on a hub ` \ hub0port1: NAME: index=…`.
 *
 * QEMU 7.2 net/net.c:hmp_info_network, net/tap.c:net_init_tap_one.
 */
const TAP_LINE = /^(?: \\ )?(?:[\w.#-]+: )?([\w.#-]+): index=\d+,type=tap,(.*)$/;

/**
 * Reads what `info network` prints. QMP has no such command.
 *
 * @returns null if it is not what QEMU prints: then nothing is told by it
 */
export function parseTapBackends(text: unknown): readonly TapBackend[] | null {
  if (typeof text !== 'string') return null;
  const lines = text.split(/\r?\n/, MAX_LINES + 1);
  if (lines.length > MAX_LINES) return null;
  const found = new Map<string, TapBackend>();
  for (const line of lines.filter((one) => one.includes(',type=tap,'))) {
    const [, netdev, info] = TAP_LINE.exec(line) ?? [];
    if (netdev === undefined || info === undefined) return null;
    const before = found.get(netdev) ?? { netdev, fds: [], ifname: null };
    const fd = /^fd=(\d{1,9})$/.exec(info)?.[1];
    const ifname = /^ifname=([^,\s]+),script=/.exec(info)?.[1];
    found.set(netdev, {
      netdev,
      fds: fd === undefined ? before.fds : [...before.fds, Number(fd)],
      ifname: ifname ?? before.ifname,
    });
  }
  return [...found.values()];
}

/**
 * The interface of each back end for which it is certain.
 *
 * 1. by the descriptors that it says: they lead to one interface
 * 2. else by the name that it says, if one that QEMU holds open has it
 * 3. what then is left, if it is one back end and one interface: each back end holds its own open
 */
export function matchTaps(backends: readonly TapBackend[], open: OpenTaps): ReadonlyMap<string, HostEnd> {
  const found = new Map<string, HostEnd>();
  let isCertain = ![...open.values()].includes(null);
  for (const { netdev, fds, ifname } of backends) {
    const ends = fds.length > 0 ? fds.map((fd) => open.get(fd)) : [tapNamed(open, ifname)];
    const [first] = ends;
    if (first != null && ends.every((end) => end != null && isSame(end, first))) found.set(netdev, first);
    // A descriptor that leads elsewhere: then what QEMU says and what is seen do not fit.
    else if (fds.length > 0) isCertain = false;
  }
  const left = backends.filter(({ netdev }) => !found.has(netdev));
  const taken = [...found.values()];
  const free = [...open.values()].filter((end) => end !== null && !taken.some((one) => isSame(one, end)));
  const [backend] = left;
  const [end] = free;
  if (isCertain && left.length === 1 && backend !== undefined && end != null)
    if (free.every((one) => one !== null && isSame(one, end))) found.set(backend.netdev, end);
  return found;
}

const isSame = (one: HostEnd, other: HostEnd): boolean =>
  one.interface === other.interface && one.kind === other.kind;

const tapNamed = (open: OpenTaps, name: string | null): HostEnd | null =>
  [...open.values()].find((end) => end !== null && end.kind === 'tap' && end.interface === name) ?? null;
