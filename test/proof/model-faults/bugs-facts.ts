/** Bugs in what a domain knows of its QEMU jobs, its devices, and its migration. */
import type { PlantedBug } from './planted-bug.ts';

const JOBS = 'src/machines/domain-qemu-jobs.ts';

export const factBugs: readonly PlantedBug[] = [
  {
    name: 'a QEMU job is forgotten before its end was told',
    breaks: 'promise 1; libvirt 9.0.0 `qemu_blockjob.c:qemuBlockJobEventProcess`',
    file: JOBS,
    from: `if (job === undefined || (type === 'qemuJob.dismissed' && !job.followed.told)) return;`,
    to: 'if (job === undefined) return;',
  },
  {
    name: 'a QEMU job that becomes ready before its disk is known is never told',
    breaks: 'promise 1; libvirt 9.0.0 `qemu_blockjob.c:qemuBlockJobEmitEvents`',
    file: JOBS,
    from: 'const isDue = disk === undefined && !job.followed.looked && job.followed.own === null;',
    to: 'const isDue = false;',
  },
  {
    name: 'the actors of QEMU jobs outlive their run',
    breaks: 'promise 3: nothing of an earlier run touches a later one',
    file: 'src/machines/domain-transitions.ts',
    from: `    'stopQemuJobs',
`,
    to: '',
  },
  {
    name: 'the filter of a NIC that left is looked at again',
    breaks: 'libvirt 9.0.0 `qemu_hotplug.c:qemuDomainRemoveNetDevice`: it is no device any more',
    file: 'src/machines/domain-work.ts',
    from: 'devices: devices?.filter(({ alias }) => alias === null || !removedDevices.includes(alias)) ?? null,',
    to: 'devices: devices ?? null,',
  },
  {
    name: "somebody else's migration is announced as ours",
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleMigrationPass`: only within a job',
    file: 'src/machines/domain-announcements.ts',
    from: `emits: hasAsyncJob ? [{ type: 'migration-iteration', args: { iteration: pass } }] : [],`,
    to: `emits: [{ type: 'migration-iteration', args: { iteration: pass } }],`,
  },
];
