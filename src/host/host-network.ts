/**
 * What the library may do to the host's network: read one interface, change one interface.
 *
 * Handlers write to the host only through this interface; `iproute2.ts` is the real one.
 */
import { InterfaceChangedError } from '../errors.ts';
import type { HostChange } from '../events/nic.ts';

/** How an interface is told from a later one of the same name. */
export interface InterfaceIdentity {
  readonly name: string;
  readonly ifindex: number;
  /** `IFLA_INFO_KIND` as iproute2 prints it (`macvtap`, `tun`, `bridge`, …); null for a physical device. */
  readonly kind: string | null;
}

/** `all`: IFF_ALLMULTI set; else `normal`: IFF_MULTICAST set; else `none`. */
export type MulticastMode = 'none' | 'normal' | 'all';

/** The receive filter of a host interface. libvirt 9.0.0 `virnetdev.c:virNetDevGetRxFilter`. */
export interface HostRxFilter {
  readonly mac: string;
  readonly promiscuous: boolean;
  readonly multicast: MulticastMode;
  /** Groups added by user space only (`/proc/net/dev_mcast`, global ≠ 0), in the kernel's order. */
  readonly multicastTable: readonly string[];
}

export interface HostInterface extends InterfaceIdentity {
  readonly filter: HostRxFilter;
}

/** What became of one change. */
export interface HostChangeResult {
  readonly change: HostChange;
  /** Null if it was made; else why not. */
  readonly error: string | null;
}

export interface HostNetwork {
  /** True if `apply` only reports what it would change (`dry-run.ts`). */
  readonly dryRun: boolean;
  /**
   * @returns null if there is no such interface
   * @throws TypeError if `name` cannot be the name of an interface
   * @throws Error if it cannot be read (tool missing, malformed output), or the signal's reason
   */
  read(name: string, signal: AbortSignal): Promise<HostInterface | null>;
  /**
   * Makes the changes in order. Before each batch, name, ifindex and kind are looked up again, and nothing is
   * started once `signal` is aborted. A change that fails does not keep the later ones from being tried.
   *
   * @param onResult - called once for each change that was tried, in order
   * @throws InterfaceChangedError if the interface is no longer the one that was read; TypeError if a name or MAC
   *   is not one; Error if the interface can no longer be looked up; the signal's reason. A change whose process
   *   was already running is still reported before the signal's reason is thrown.
   */
  apply(
    target: InterfaceIdentity,
    changes: readonly HostChange[],
    signal: AbortSignal,
    onResult: (result: HostChangeResult) => void,
  ): Promise<void>;
}

/**
 * Refuses an interface that is gone, or is another one than `target` under the same name.
 *
 * @throws InterfaceChangedError
 */
export function requireSameInterface(target: InterfaceIdentity, found: InterfaceIdentity | null): void {
  if (found === null) throw new InterfaceChangedError(`interface ${target.name} is gone`);
  if (found.name === target.name && found.ifindex === target.ifindex && found.kind === target.kind) return;
  throw new InterfaceChangedError(
    `interface changed: ${target.name} was ${describeIdentity(target)}, is ${describeIdentity(found)}`,
  );
}

const describeIdentity = ({ name, ifindex, kind }: InterfaceIdentity): string =>
  `${kind ?? 'physical'} ${name} (index ${ifindex})`;
