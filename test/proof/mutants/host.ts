/** Guards of the host's network. */
import type { Mutant } from './mutant.ts';

const IPROUTE2 = 'test/unit/host/iproute2.test.ts';
const RACES = 'test/unit/actors/race-guard.test.ts';
const RX_FILTER = 'test/unit/host/rx-filter.test.ts';

export const hostMutants: readonly Mutant[] = [
  {
    name: 'a revoked lease still changes the host',
    guards: 'promise 3; design §3 "Lease": host writes are refused',
    file: 'src/actors/host-interface.ts',
    from: 'await lease.host?.apply(target, due, lease.signal, (',
    to: 'await lease.host?.apply(target, due, new AbortController().signal, (',
    tests: [RACES],
  },
  {
    name: 'the interface is not looked at before a batch',
    guards: 'design §3a "The host": checked before each batch',
    file: 'src/host/iproute2.ts',
    from: 'requireSameInterface(target, await lookUp(target.name, signal));',
    to: 'await lookUp(target.name, signal);',
    tests: [IPROUTE2],
  },
  {
    name: 'an interface that is not the first one is changed',
    guards: 'design §3a "The host": those seen at attach',
    file: 'src/actors/host-interface.ts',
    from: 'if (first.ifindex !== found.ifindex || first.kind !== found.kind)',
    to: 'if (first.name === null)',
    tests: ['test/simulation/host.test.ts'],
  },
  {
    name: "the kernel's own groups are removed",
    guards:
      'design §3a: only groups added by user space; libvirt 9.0.0 `virnetdev.c:virNetDevGetMulticastTable`',
    file: 'src/host/iproute2.ts',
    from: 'if (Number(match[2]) !== 0) groups.push(mac);',
    to: 'groups.push(mac);',
    tests: [IPROUTE2, RX_FILTER],
  },
  {
    name: 'a NIC that is not trusted is followed',
    guards: 'libvirt 9.0.0 `qemu_driver.c:processNicRxFilterChangedEvent`: trustGuestRxFilters',
    file: 'src/actors/handlers/nic-rx-filter-changed.ts',
    from: 'if (!before.trustGuestRxFilters) return',
    to: 'if (before.alias === null) return',
    tests: [RACES],
  },
];
