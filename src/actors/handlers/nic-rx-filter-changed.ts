/**
 * The guest changed a NIC's receive filter: ask QEMU for it, and make the host's interface follow.
 *
 * libvirt 9.0.0 `qemu_driver.c:processNicRxFilterChangedEvent`, `qemuDomainSyncRxFilter`.
 */
import { InterfaceChangedError } from '../../errors.ts';
import type { DomainEventItem } from '../../events/domain-events.ts';
import type { HostChange, RxFilter } from '../../events/nic.ts';
import type { NicFacts, Outcome } from '../../events/outcome.ts';
import type { HostInterface } from '../../host/host-network.ts';
import { isOwnNetworkNamespace } from '../../host/namespace.ts';
import { diffRxFilter, parseRxFilter } from '../../host/rx-filter.ts';
import { findNic, type Lease } from '../lease.ts';
import type { Handler } from './handler.ts';

const ignored = (why: string): Outcome => ({ status: 'ignored', why });
const failed = (why: string): Outcome => ({ status: 'failed', why });

/** What following the filter on the host came to. */
interface Followed {
  readonly changes: readonly HostChange[];
  readonly seen?: NicFacts['interface'];
  /** Why nothing, or not everything, was changed. */
  readonly problem?: { readonly status: 'done' | 'failed'; readonly why: string };
}

export const nicRxFilterChanged: Handler<'nicRxFilterChanged'> = async ({ alias }, lease) => {
  const before = findNic(lease.facts(), alias);
  if (before === undefined) return ignored(`no NIC ${alias}`);
  if (!before.trustGuestRxFilters) return ignored(`${alias} does not trust its guest's filter`);
  if (lease.host === null) return ignored('the host is not to be touched');

  const filter = parseRxFilter(await lease.execute('query-rx-filter', { name: alias }));
  if (typeof filter === 'string') return failed(`query-rx-filter: ${filter}`);
  if (filter.name !== alias) return failed(`query-rx-filter answered for another NIC`);

  // The job kept others from changing the devices, but the answer took its time.
  const nic = findNic(lease.facts(), alias);
  if (nic === undefined) return ignored(`no NIC ${alias} any more`);
  const followed: Followed =
    nic.host?.kind === 'macvtap' ? await follow(lease, alias, nic.host.interface, filter) : { changes: [] };

  const { changes, seen, problem } = followed;
  return {
    status: 'done',
    ...problem,
    facts: {
      nic: { alias, seen: { mac: filter.mainMac, ...(seen === undefined ? {} : { interface: seen }) } },
    },
    emits: [
      ...macChange(lease.facts().nics[alias]?.mac ?? nic.mac, alias, filter.mainMac),
      { type: 'nic-rx-filter-change', args: { alias, filter, changes, dryRun: lease.host.dryRun } },
    ],
  };
};

/** libvirt 11.2: the guest uses another MAC than was known. */
function macChange(known: string | null, alias: string, newMac: string): DomainEventItem[] {
  if (known === null || known.toLowerCase() === newMac) return [];
  return [{ type: 'nic-mac-change', args: { alias, oldMac: known.toLowerCase(), newMac } }];
}

/** Only an interface that is ours to change, and still the one that was seen at first, is changed. */
async function follow(lease: Lease, alias: string, name: string, filter: RxFilter): Promise<Followed> {
  const { host, signal } = lease;
  if (host === null) return { changes: [] };
  const stop = (why: string): Followed => ({ changes: [], problem: { status: 'failed', why } });
  if (lease.process !== null) {
    const own = await isOwnNetworkNamespace(lease.runtime, lease.process.pid);
    if (own === null) return stop("QEMU's network namespace cannot be read");
    if (!own) return stop('QEMU is in another network namespace');
  }
  const found = await host.read(name, signal);
  if (found === null) return stop(`interface changed: no ${name}`);
  if (found.kind !== 'macvtap') return stop(`interface changed: ${name} is no macvtap`);
  const seen = { ifindex: found.ifindex, kind: found.kind };
  const first = lease.facts().nics[alias]?.interface ?? seen;
  if (first.ifindex !== seen.ifindex || first.kind !== seen.kind)
    return stop(`interface changed: ${name} is not the one that was there at first`);
  return { seen, ...(await change(lease, alias, found, diffRxFilter(filter, found.filter))) };
}

async function change(
  lease: Lease,
  device: string,
  target: HostInterface,
  due: readonly HostChange[],
): Promise<Followed> {
  const made: HostChange[] = [];
  const errors: string[] = [];
  const result = (): Followed => {
    if (errors.length === 0) return { changes: made };
    const why = `${errors.length} of ${due.length} changes failed: ${errors[0]}`;
    return { changes: made, problem: { status: 'done', why } };
  };
  try {
    await lease.host?.apply(target, due, lease.signal, ({ change: one, error }) => {
      if (error === null) made.push(one);
      else errors.push(error);
      lease.report({
        type: 'host',
        args: {
          device,
          interface: target.name,
          change: one,
          dryRun: lease.host?.dryRun ?? true,
          ...(error === null ? {} : { error }),
        },
      });
    });
    return result();
  } catch (error) {
    if (!(error instanceof InterfaceChangedError)) throw error;
    return { changes: made, problem: { status: 'failed', why: `interface changed: ${error.message}` } };
  }
}
