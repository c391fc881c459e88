/** Bugs in how a domain is ended by us. */
import type { PlantedBug } from './planted-bug.ts';

const STOPPING = 'src/machines/domain-stopping.ts';

export const stoppingBugs: readonly PlantedBug[] = [
  {
    name: 'after a destroy that failed the domain stays stopping',
    breaks: 'libvirt 9.0.0 `qemu_driver.c:qemuDomainDestroyFlags`: it is what it was before',
    file: 'src/machines/domain-guards.ts',
    from: `    event.outcome.status === 'failed' &&
`,
    to: `    event.outcome.status === 'ignored' &&
`,
  },
  {
    name: 'a destroy that failed is remembered as the end',
    breaks: 'invariant 4: what ends it later is announced as what it is',
    file: STOPPING,
    from: `actions: [...end(null), 'forgetEnding' as const, ...look('attached')],`,
    to: `actions: [...end(null), ...look('attached')],`,
  },
  {
    name: 'an operation is begun while the domain is destroyed',
    breaks: 'promise 3: nothing is started for a domain that is lost',
    file: STOPPING,
    from: `actions: { type: 'refuseOperation', params: { why: 'the domain is being destroyed' } },`,
    to: `actions: 'startOperation',`,
  },
  {
    name: 'QEMU that answers again while we end it is a new run',
    breaks: 'docs/architecture.md "Incarnations": the same process is the same run',
    file: STOPPING,
    from: `guard: { type: 'isSameContact', params: contact },
        actions:`,
    to: `guard: { type: 'isSameContact', params: contact },
        target: 'shutoff',
        actions:`,
  },
  {
    name: 'what waits is not ended by a destroy',
    breaks: 'promise 3: nothing is started for a domain that is lost; promise 1',
    file: 'src/machines/domain-transitions.ts',
    from: `    'flushProcessEvents',
    { type: 'setStoppingFrom', params: { state } },`,
    to: `    { type: 'setStoppingFrom', params: { state } },`,
  },
  {
    name: 'the loss of the monitor ends the search for the process',
    breaks: 'design §3a "EOF is not death": it is found out whether the process is gone',
    file: 'src/machines/domain-work.ts',
    from: 'const revoked = running !== null && !processEvents[running.event.type].overtakes;',
    to: 'const revoked = running !== null;',
  },
];
