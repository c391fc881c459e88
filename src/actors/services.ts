/**
 * Helper programs of a QEMU belong to whoever started them. What we hear of their end we pass on, and wait for.
 *
 * libvirt starts them itself: 9.0.0 `qemu_process.c:qemuProcessStartManagedPRDaemon`, `qemu_passt.c:qemuPasstStart`,
 * `qemu_nbdkit.c:qemuNbdkitProcessStart`.
 */

/** What is to be started again. */
export interface ServiceRequest {
  /** Name of the domain. */
  readonly domain: string;
  /** Alias of the device that it serves; null if it serves all of the domain. */
  readonly alias: string | null;
  /** Aborted when the domain goes, or it took too long: nobody waits for it then. */
  readonly signal: AbortSignal;
}

/**
 * Who starts helper programs again. Each resolves when the program can be connected to, on the same socket as
 * before: QEMU connects again by itself. What it throws is the outcome's `why`.
 *
 * @public
 */
export interface Services {
  /** `qemu-pr-helper` of the object `pr-helper0`. */
  restartPrHelper?(about: ServiceRequest): Promise<void>;
  /** `passt` of a NIC. */
  restartPasst?(about: ServiceRequest): Promise<void>;
  /** `nbdkit` of a disk. */
  restartNbdkit?(about: ServiceRequest): Promise<void>;
}

/** Starts one again for a device; rejects with the signal's reason once the lease is revoked. */
export type Restart = (alias: string | null) => Promise<void>;

/** @returns null if there is no such service */
export function serviceOf(
  services: Services,
  name: keyof Services,
  domain: string,
  signal: AbortSignal,
): Restart | null {
  if (services[name] === undefined) return null;
  return (alias) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      // A function that throws instead of rejecting is one that rejects.
      const call = async (): Promise<void> => services[name]?.({ domain, alias, signal });
      call()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', onAbort));
    });
}
