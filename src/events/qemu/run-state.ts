/** Rows of the QEMU events that tell how a guest runs. QAPI `run-state.json`, `misc.json`. */
import { boolean, integer, lenient, nested, string, tagged, uint, word } from '../payload.ts';
import { row } from './row.ts';

/** libvirt 9.0.0 `virDomainEventWatchdogAction`; QAPI `run-state.json:WatchdogAction`. */
export const watchdogActions = [
  'none',
  'pause',
  'reset',
  'poweroff',
  'shutdown',
  'debug',
  'inject-nmi',
] as const;

/** What a guest says of its panic. QAPI `run-state.json:GuestPanicInformation`; `tdx` is newer than our table. */
const panicInformation = tagged({
  'hyper-v': { arg1: uint, arg2: uint, arg3: uint, arg4: uint, arg5: uint },
  s390: { core: integer, 'psw-mask': uint, 'psw-addr': uint, reason: string },
});

export const runStateEvents = {
  GUEST_CRASHLOADED: row(
    {},
    {
      summary: 'the guest panicked and runs its crash kernel',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleGuestCrashloaded',
    },
  ),
  GUEST_PANICKED: row(
    { info: lenient(panicInformation, null) },
    {
      inRunState: true,
      summary: 'the guest says that its kernel panicked, perhaps with `info`',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleGuestPanic',
    },
  ),
  MEMORY_FAILURE: row(
    {
      recipient: word(['hypervisor', 'guest']),
      action: word(['ignore', 'inject', 'fatal', 'reset']),
      flags: lenient(
        nested({ 'action-required': lenient(boolean, false), recursive: lenient(boolean, false) }),
        { 'action-required': false, recursive: false },
      ),
    },
    {
      summary: "the host's memory failed, and this is what QEMU does about it",
      source: 'QAPI run-state.json, since 5.2; libvirt qemu_process.c:qemuProcessHandleMemoryFailure',
    },
  ),
  RESET: row(
    {},
    {
      inRunState: true,
      summary: 'the guest was reset; a reboot may send several',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleReset',
    },
  ),
  RESUME: row(
    {},
    {
      inRunState: true,
      summary: 'the CPUs run',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleResume',
    },
  ),
  RTC_CHANGE: row(
    { offset: lenient(integer, 0) },
    {
      summary: "the guest set its clock; `offset` in seconds counts from QEMU's start",
      source: 'QAPI misc.json; libvirt qemu_process.c:qemuProcessHandleRTCChange',
    },
  ),
  SHUTDOWN: row(
    { guest: lenient(boolean, null), reason: lenient(string, null) },
    {
      inRunState: true,
      summary:
        'QEMU is about to end, or would be but for -no-shutdown; `guest` null: it does not say who asked',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleShutdown',
    },
  ),
  STOP: row(
    {},
    {
      inRunState: true,
      summary: 'the CPUs stopped',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleStop',
    },
  ),
  SUSPEND: row(
    {},
    {
      inRunState: true,
      summary: 'the guest went to sleep, in memory (S3); no STOP comes with it',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandlePMSuspend',
    },
  ),
  SUSPEND_DISK: row(
    {},
    {
      inRunState: true,
      summary: 'the guest went to sleep, on disk (S4); SHUTDOWN follows',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandlePMSuspendDisk',
    },
  ),
  WAKEUP: row(
    {},
    {
      inRunState: true,
      summary: 'the guest woke up; no RESUME comes with it',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandlePMWakeup',
    },
  ),
  WATCHDOG: row(
    { action: lenient(word(watchdogActions), 'none') },
    {
      inRunState: true,
      summary: 'the watchdog expired, and this is what QEMU does about it',
      source: 'QAPI run-state.json; libvirt qemu_process.c:qemuProcessHandleWatchdog',
    },
  ),
} as const;
