/** The host's interface behind a device: found, if it is ours to change, and changed, with a report of each change. */

import { InterfaceChangedError } from '../errors.ts';
import { ownOf } from '../events/facts.ts';
import type { HostChange } from '../events/nic.ts';
import type { HostInterface } from '../host/host-network.ts';
import { isOwnNetworkNamespace } from '../host/namespace.ts';
import type { Lease } from './lease.ts';

/** Why nothing, or not everything, was changed. */
export interface HostProblem {
  readonly status: 'done' | 'failed';
  readonly why: string;
}

/** What changing an interface came to. */
export interface HostChanged {
  /** Made or, in a dry run, due. */
  readonly changes: readonly HostChange[];
  readonly problem?: HostProblem;
}

/**
 * Only an interface of our own network, and still the one that was seen first, is changed.
 *
 * @param alias - of the device; null if it has none: nothing is known of its interface then
 * @param kind - the only one that will do
 * @returns why not, if it is not
 */
export async function findHostInterface(
  lease: Lease,
  alias: string | null,
  name: string,
  kind?: string,
): Promise<HostInterface | string> {
  const { host, signal } = lease;
  if (host === null) return 'the host is not to be touched';
  if (lease.process !== null) {
    const own = await isOwnNetworkNamespace(lease.runtime, lease.process.pid);
    if (own === null) return "QEMU's network namespace cannot be read";
    if (!own) return 'QEMU is in another network namespace';
  }
  const found = await host.read(name, signal);
  if (found === null) return `interface changed: no ${name}`;
  if (kind !== undefined && found.kind !== kind) return `interface changed: ${name} is no ${kind}`;
  const first = (alias === null ? undefined : ownOf(lease.facts().facts.nics, alias)?.interface) ?? found;
  if (first.ifindex !== found.ifindex || first.kind !== found.kind)
    return `interface changed: ${name} is not the one that was there at first`;
  return found;
}

/** @param device - what the reports call it */
export async function changeHostInterface(
  lease: Lease,
  device: string,
  target: HostInterface,
  due: readonly HostChange[],
): Promise<HostChanged> {
  const made: HostChange[] = [];
  const errors: string[] = [];
  try {
    await lease.host?.apply(target, due, lease.signal, ({ change, error }) => {
      if (error === null) made.push(change);
      else errors.push(error);
      lease.report({
        type: 'host',
        args: {
          device,
          interface: target.name,
          change,
          dryRun: lease.host?.dryRun ?? true,
          ...(error === null ? {} : { error }),
        },
      });
    });
  } catch (error) {
    if (!(error instanceof InterfaceChangedError)) throw error;
    return { changes: made, problem: { status: 'failed', why: `interface changed: ${error.message}` } };
  }
  if (errors.length === 0) return { changes: made };
  const why = `${errors.length} of ${due.length} changes failed: ${errors[0]}`;
  return { changes: made, problem: { status: 'done', why } };
}
