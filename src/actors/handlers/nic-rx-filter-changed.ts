/**
 * The guest changed a NIC's receive filter: ask QEMU for it, and make the host's interface follow.
 *
 * libvirt 9.0.0 `qemu_driver.c:processNicRxFilterChangedEvent`, `qemuDomainSyncRxFilter`.
 */
import type { DomainEventItem } from '../../events/domain-events.ts';
import { type NicFacts, ownOf } from '../../events/facts.ts';
import type { RxFilter } from '../../events/nic.ts';
import type { Outcome } from '../../events/outcome.ts';
import { diffRxFilter, parseRxFilter } from '../../host/rx-filter.ts';
import { changeHostInterface, findHostInterface, type HostChanged } from '../host-interface.ts';
import { findNic, type Lease } from '../lease.ts';
import type { Handler } from './handler.ts';

const ignored = (why: string): Outcome => ({ status: 'ignored', why });
const failed = (why: string): Outcome => ({ status: 'failed', why });

/** What following the filter on the host came to. */
interface Followed extends HostChanged {
  readonly seen?: NicFacts['interface'];
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
      ...macChange(ownOf(lease.facts().facts.nics, alias)?.mac ?? nic.mac, alias, filter.mainMac),
      { type: 'nic-rx-filter-change', args: { alias, filter, changes, dryRun: lease.host.dryRun } },
    ],
  };
};

/** libvirt 11.2: the guest uses another MAC than was known. */
function macChange(known: string | null, alias: string, newMac: string): DomainEventItem[] {
  if (known === null || known.toLowerCase() === newMac) return [];
  return [{ type: 'nic-mac-change', args: { alias, oldMac: known.toLowerCase(), newMac } }];
}

async function follow(lease: Lease, alias: string, name: string, filter: RxFilter): Promise<Followed> {
  const found = await findHostInterface(lease, alias, name, 'macvtap');
  if (typeof found === 'string') return { changes: [], problem: { status: 'failed', why: found } };
  const due = diffRxFilter(filter, found.filter);
  const changed = await changeHostInterface(lease, alias, found, due);
  return { seen: { ifindex: found.ifindex, kind: found.kind }, ...changed };
}
