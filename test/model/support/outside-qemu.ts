/**
 * QEMU as the outside machine has it: what it does, by its guest, its clients and its host, and what it says of that.
 *
 * A command of a call is held until `qemu.answers`, so that anything may come in between.
 */
import { outsideSetup, type Said } from './outside-setup.ts';
import type { Command, RunWord } from './outside-words.ts';

const say = (type: Exclude<Said['type'], 'SHUTDOWN' | 'WATCHDOG' | 'IO_ERROR'>) =>
  ({ type: 'say', params: { type } }) as const;
const sayShutdown = (detail: 'guest' | 'host', ofPanic = false) =>
  ({ type: 'say', params: { type: 'SHUTDOWN', detail, ofPanic } }) as const;
const sayWatchdog = (action: string) => ({ type: 'say', params: { type: 'WATCHDOG', action } }) as const;
const sayIoError = (action: 'pause' | 'report') =>
  ({ type: 'say', params: { type: 'IO_ERROR', action } }) as const;
const die = { type: 'die', params: { unseen: false } } as const;
const answer = { type: 'answer', params: { error: null } } as const;
const refuse = { type: 'answer', params: { error: 'ERR_COMMAND' } } as const;
const holds = (params: Command) => ({ type: 'holds', params }) as const;
const off = '#outside.qemu.off';
const to = (state: RunWord) => `#outside.qemu.awake.${state}` as const;

/** QEMU in a state in which its guest does not run. @param cont - what it makes of `cont` and `system_wakeup` */
const standing = (state: RunWord) =>
  outsideSetup.createStateConfig({
    entry: { type: 'setQemu', params: state },
    on: {
      'other.reset': { target: to('prelaunch'), actions: say('RESET') },
      ...(state === 'suspended' || state === 'shutdown'
        ? {}
        : { 'other.cont': { target: to('running'), actions: say('RESUME') } }),
      ...(state === 'suspended' ? { 'other.wakeup': { target: to('running'), actions: say('WAKEUP') } } : {}),
      'qemu.answers': [
        { guard: holds('system_reset'), target: to('prelaunch'), actions: [say('RESET'), answer] },
        ...(state === 'suspended'
          ? [{ guard: holds('system_wakeup'), target: to('running'), actions: [say('WAKEUP'), answer] }]
          : [
              state === 'shutdown'
                ? { guard: holds('cont'), actions: refuse }
                : { guard: holds('cont'), target: to('running'), actions: [say('RESUME'), answer] },
              { guard: holds('system_wakeup'), actions: refuse },
            ]),
        { guard: holds('quit'), target: off, actions: [sayShutdown('host'), answer, die] },
        { guard: 'holdsSomething', actions: answer },
      ],
    },
  });

/** The guest is off: QEMU too, or it waits. */
const ends = (...said: readonly (ReturnType<typeof say> | ReturnType<typeof sayShutdown>)[]) => [
  { guard: 'outlives' as const, target: to('shutdown'), actions: [...said, say('STOP')] },
  { target: off, actions: [...said, die] },
];

const running = outsideSetup.createStateConfig({
  entry: { type: 'setQemu', params: 'running' },
  on: {
    'guest.powersOff': ends(sayShutdown('guest')),
    'guest.reboots': { actions: say('RESET') },
    'guest.talks': { actions: say('TALK') },
    'guest.panics': { target: to('guest-panicked'), actions: [say('PANICKED'), say('STOP')] },
    'guest.panicsAndRuns': { actions: say('PANICKED') },
    'guest.panicsAndEnds': ends(say('PANICKED'), sayShutdown('guest', true)),
    'guest.sleeps': { target: to('suspended'), actions: say('SUSPEND') },
    'guest.sleepsOnDisk': ends(say('SUSPEND_DISK'), sayShutdown('guest')),
    'watchdog.pauses': { target: to('watchdog'), actions: [sayWatchdog('pause'), say('STOP')] },
    'watchdog.resets': { actions: [sayWatchdog('reset'), say('RESET')] },
    'watchdog.expires': { actions: sayWatchdog('none') },
    'watchdog.powersOff': { target: off, actions: [sayWatchdog('poweroff'), die] },
    'disk.fails': { actions: sayIoError('report') },
    'disk.failsAndPauses': { target: to('paused'), actions: [sayIoError('pause'), say('STOP')] },
    'other.stop': { target: to('paused'), actions: say('STOP') },
    'other.reset': { actions: say('RESET') },
    'qemu.answers': [
      { guard: holds('stop'), target: to('paused'), actions: [say('STOP'), answer] },
      { guard: holds('system_reset'), actions: [say('RESET'), answer] },
      { guard: holds('system_wakeup'), actions: refuse },
      { guard: holds('quit'), target: off, actions: [sayShutdown('host'), answer, die] },
      { guard: 'holdsSomething', actions: answer },
    ],
  },
});

/** What the host does to the process, awake or not. */
const process = {
  'host.kills': { target: off, actions: die },
  'host.replaces': {
    target: to('running'),
    actions: [{ type: 'die', params: { unseen: true } }, 'meet'],
  },
} as const;

export const qemu = outsideSetup.createStateConfig({
  initial: 'awake',
  states: {
    off: {
      on: {
        'host.starts': { target: to('running'), actions: 'meet' },
        'host.startsPaused': { target: to('prelaunch'), actions: 'meet' },
      },
    },
    awake: {
      initial: 'running',
      states: {
        prelaunch: standing('prelaunch'),
        running,
        paused: standing('paused'),
        suspended: standing('suspended'),
        'guest-panicked': standing('guest-panicked'),
        watchdog: standing('watchdog'),
        shutdown: standing('shutdown'),
      },
      on: {
        ...process,
        'host.terminates': { target: off, actions: [sayShutdown('host'), die] },
        'host.freezes': { guard: 'isIdleAndReady', target: 'frozen' },
        // A destroy that gets no answer signals.
        'time.passes': { guard: 'isDestroying', target: off, actions: [sayShutdown('host'), die] },
      },
    },
    frozen: {
      on: {
        ...process,
        'host.thaws': (
          ['running', 'prelaunch', 'paused', 'suspended', 'guest-panicked', 'watchdog', 'shutdown'] as const
        ).map((state) => ({ guard: { type: 'was' as const, params: state }, target: to(state) })),
        'time.passes': { guard: 'isDestroying', target: off, actions: die },
      },
    },
  },
});
