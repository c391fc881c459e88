/** Bugs in the states of a domain: where an event leads, and what is told of it. */
import type { PlantedBug } from './planted-bug.ts';

const MACHINE = 'src/machines/domain-machine.ts';

export const stateBugs: readonly PlantedBug[] = [
  {
    name: 'STOP of an earlier run pauses the domain',
    breaks: 'promise 3: nothing of an earlier run touches a later one',
    file: MACHINE,
    from: `{ guard: 'isSameIncarnation', target: 'paused', actions: ['emitSuspended', 'setPaused'] },`,
    to: `{ target: 'paused', actions: ['emitSuspended', 'setPaused'] },`,
  },
  {
    name: 'RESUME of a domain that runs is announced',
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleResume`: only of one that is paused',
    file: MACHINE,
    from: `    'qemu.RESUME': { guard: 'isSameIncarnation', actions: ['forgetRunningReason', 'countIgnored'] },
`,
    to: '',
  },
  {
    name: 'a panic pauses the domain',
    breaks: 'libvirt 9.0.0 `qemu_driver.c:processGuestPanicEvent`: crashed',
    file: MACHINE,
    from: `target: '.crashed',`,
    to: `target: '.paused',`,
  },
  {
    name: 'SHUTDOWN because of a panic is a shutdown',
    breaks: 'design §3a: it does not leave `crashed`',
    file: MACHINE,
    from: `    'qemu.SHUTDOWN': { guard: 'isOfPanic', actions: 'countIgnored' },
`,
    to: '',
  },
  {
    name: 'a watchdog that pauses leaves the domain running',
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleWatchdog`: paused (watchdog)',
    file: MACHINE,
    from: `      guard: 'isPause',
      target: 'paused',
`,
    to: `      guard: 'isPause',
`,
  },
  {
    name: 'an I/O error that pauses is announced as any pause',
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleIOError`: suspended ioerror',
    file: MACHINE,
    from: `params: { event: 'suspended', detail: 'ioerror' }`,
    to: `params: { event: 'suspended', detail: 'paused' }`,
  },
  {
    name: 'a domain that was met asleep never begins',
    breaks: 'promise 4: exactly one `stopped` for each incarnation that began',
    file: MACHINE,
    from: `        // One that was met asleep begins so.
        'setBegun',
`,
    to: '',
  },
  {
    name: 'STOP of our own reboot is looked at too late to be hidden',
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleStop`: nothing of a fake reboot is told',
    file: MACHINE,
    from: `      { guard: 'isHiddenStop', actions: ['forgetPausedReason', 'countIgnored'] },
      { guard: 'isSameIncarnation', target: 'paused', actions: ['emitSuspended', 'setPaused'] },`,
    to: `      { guard: 'isSameIncarnation', target: 'paused', actions: ['emitSuspended', 'setPaused'] },
      { guard: 'isHiddenStop', actions: ['forgetPausedReason', 'countIgnored'] },`,
  },
  {
    name: 'the reset of the firmware is a reboot',
    breaks: 'libvirt 9.0.0 `qemu_process.c:qemuProcessHandleReset`: ignored while starting up',
    file: MACHINE,
    from: `      // The firmware's, not the guest's: no reboot (qemu_process.c:qemuProcessHandleReset).
      { guard: 'isStartingUp', actions: 'countIgnored' },
`,
    to: '',
  },
  {
    name: 'a start that stays paused tells no `suspended`',
    breaks: 'libvirt 9.0.0 `qemu_driver.c:qemuDomainObjStart`: started, then suspended',
    file: MACHINE,
    from: `actions: [...started, 'emitStartedPaused'],`,
    to: 'actions: [...started],',
  },
];
