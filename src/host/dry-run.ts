/** A HostNetwork that looks and reports, but changes nothing. */
import { type HostNetwork, requireSameInterface } from './host-network.ts';

/**
 * Reads for real; `apply` reports each change as made without making it, if the interface is still the same.
 *
 * So a handler needs to know of dry runs only to mark its report (`dryRun`).
 *
 * @public
 */
export function createDryRunNetwork(network: HostNetwork): HostNetwork {
  return {
    dryRun: true,
    read: (name, signal) => network.read(name, signal),
    async apply(target, changes, signal, onResult): Promise<void> {
      signal.throwIfAborted();
      if (changes.length === 0) return;
      requireSameInterface(target, await network.read(target.name, signal));
      for (const change of changes) {
        // The receiver of a report may abort.
        signal.throwIfAborted();
        onResult({ change, error: null });
      }
    },
  };
}
