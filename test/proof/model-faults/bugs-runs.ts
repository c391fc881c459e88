/** Bugs in what is kept of a run: reasons, how it begins, how it ends, what the next one finds. */
import type { PlantedBug } from './planted-bug.ts';

const SETUP = 'src/machines/domain-setup.ts';
const REASONS = 'src/machines/domain-reasons.ts';

export const runBugs: readonly PlantedBug[] = [
  {
    name: 'the reason of one pause is that of the next one too',
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleStop`: `priv->pausedReason` is used once',
    file: SETUP,
    from: 'setPaused: assign({ reason: ({ context }) => newPausedReason(context), pausedReason: null }),',
    to: 'setPaused: assign({ reason: ({ context }) => newPausedReason(context) }),',
  },
  {
    name: 'the first RESUME does not begin a run',
    breaks: 'promise 4: exactly one `stopped` for each incarnation that began',
    file: SETUP,
    from: `begun: ({ context }) => (isBoot(context) ? 'yes' : context.begun),`,
    to: 'begun: ({ context }) => context.begun,',
  },
  {
    name: "somebody else's `stop` is taken for the user's pause",
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleStop`: paused (unknown)',
    file: REASONS,
    from: `return pausedReason ?? 'unknown';`,
    to: `return pausedReason ?? 'user';`,
  },
  {
    name: 'a reset leaves the intent to reboot',
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleReset`: `qemuDomainSetFakeReboot(false)`',
    file: SETUP,
    from: `power === 'rebooting' || power === 'resetting' ? 'resetting' : 'none',`,
    to: `power === 'rebooting' || power === 'resetting' ? 'resetting' : power,`,
  },
  {
    name: 'postcopy begins in a domain that was paused before',
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleMigrationStatus`: only of paused (migration)',
    file: REASONS,
    from: `if (isOut && state === 'paused' && status === 'postcopy-active' && reason === 'migration')`,
    to: `if (isOut && state === 'paused' && status === 'postcopy-active')`,
  },
  {
    name: 'a process that is gone after its SHUTDOWN has failed',
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleMonitorEOF`: stopped shutdown',
    file: REASONS,
    from: `  if (sawShutdown) return { detail: 'shutdown', reason: 'shutdown' };
`,
    to: '',
  },
  {
    name: "a manager's start is taken for a boot",
    breaks: 'design §4: `started` is told by the manager, once',
    file: REASONS,
    from: `DomainContext, 'begun'>): boolean => begun === 'no';`,
    to: `DomainContext, 'begun'>): boolean => begun !== 'yes';`,
  },
  {
    name: 'the next run inherits the intent to reboot',
    breaks: 'promise 3: nothing of an earlier run touches a later one',
    file: SETUP,
    from: `      runningReason: null,
      power: 'none',
`,
    to: `      runningReason: null,
`,
  },
  {
    name: 'a migration begins with what is known of the last one',
    breaks: 'libvirt 9.0.0 `virdomainjob.c:virDomainObjResetAsyncJob`: nothing is left of it',
    file: 'src/machines/domain-work.ts',
    from: `      if (kind !== null) enqueue.assign({ facts: { ...context.facts, migration: null } });
`,
    to: '',
  },
];
