/**
 * The state of a domain that we end ourselves, from the decision to the end of its process.
 *
 * libvirt 9.0.0: src/qemu/qemu_process.c:qemuProcessBeginStopJob, qemuProcessStop
 */

import { type AnnouncedName, announcedNames } from './domain-announcements.ts';
import type { DomainContext } from './domain-context.ts';
import { domainSetup } from './domain-qemu-jobs.ts';
import { foundAs } from './domain-reasons.ts';
import { cancel, contact, end, foundStates, gone, look, type With } from './domain-transitions.ts';

/** What is told whatever the state (libvirt's G6), as long as the monitor is open. */
const informational = {
  ...(Object.fromEntries(
    announcedNames.map((name) => [`qemu.${name}`, { guard: 'isHeard', actions: 'announce' }]),
  ) as { readonly [N in AnnouncedName as `qemu.${N}`]: { guard: 'isHeard'; actions: 'announce' } }),
  'qemu.BLOCK_IO_ERROR': {
    guard: 'isHeard',
    actions: { type: 'emitIoError', params: ({ event }: With<'qemu.BLOCK_IO_ERROR'>) => event.data },
  },
  'qemu.SUSPEND': {
    guard: 'isHeard',
    actions: { type: 'emitEvent', params: { type: 'pm-suspend', args: {} } },
  },
  'qemu.SUSPEND_DISK': {
    guard: 'isHeard',
    actions: { type: 'emitEvent', params: { type: 'pm-suspend-disk', args: {} } },
  },
  'qemu.WAKEUP': {
    guard: 'isHeard',
    actions: { type: 'emitEvent', params: { type: 'pm-wakeup', args: {} } },
  },
  'qemu.WATCHDOG': {
    guard: 'isHeard',
    actions: {
      type: 'emitEvent',
      params: ({ event }: With<'qemu.WATCHDOG'>) => ({ type: 'watchdog' as const, args: event.data }),
    },
  },
} as const;

/** We end it: it is still there, but nothing is started for it, and the end of its process is expected. */
export const stopping = domainSetup.createStateConfig({
  tags: 'active',
  on: {
    'qemu.SHUTDOWN': {
      guard: 'isFirstShutdown',
      actions: ['emitShutdown', 'setShutdown', { type: 'setStoppingFrom', params: { state: 'shutdown' } }],
    },
    // What it is if the end does not come (libvirt's G1: QEMU's events change the state in the middle of any job).
    'qemu.STOP': [
      {
        guard: { type: 'isStoppingFrom', params: { states: ['running'] } },
        actions: ['emitSuspended', 'setPaused', { type: 'setStoppingFrom', params: { state: 'paused' } }],
      },
      { guard: 'isSameIncarnation', actions: ['forgetPausedReason', 'countIgnored'] },
    ],
    'qemu.RESUME': [
      {
        guard: { type: 'isStoppingFrom', params: { states: ['paused', 'pmsuspended', 'crashed'] } },
        actions: ['emitRunning', 'setRunning', { type: 'setStoppingFrom', params: { state: 'running' } }],
      },
      { guard: 'isSameIncarnation', actions: ['forgetRunningReason', 'countIgnored'] },
    ],
    'qemu.RESET': [
      { guard: 'isStartingUp', actions: 'countIgnored' },
      {
        guard: 'isSameIncarnation',
        actions: { type: 'emitEvent', params: { type: 'reboot', args: {} } },
      },
    ],
    ...informational,
    'monitor.lost': {
      actions: [
        {
          type: 'emitControlError',
          params: ({ event }: With<'monitor.lost'>) => ({ protocolError: event.protocolError }),
        },
        { type: 'setMonitor', params: { monitor: 'lost' } },
      ],
    },
    'processEvent.ended': [
      { guard: 'saysGone', target: 'shutoff', actions: [...end('shutdown'), ...gone({ sawShutdown: true })] },
      // It did not die: what it was before, it is again.
      ...foundStates.map((state) => ({
        guard: { type: 'isFailedDestroy' as const, params: { state } },
        target: `active.${state}`,
        actions: [...end(null), 'forgetEnding' as const, ...look('attached')],
      })),
      { actions: [...end(null)] },
    ],
    'monitor.ready': [
      {
        guard: { type: 'isSameContact', params: contact },
        actions: [
          {
            type: 'emitDifference',
            params: ({ event, context }: With<'monitor.ready'> & { context: DomainContext }) => ({
              found: foundAs(event.contact),
              from: context.stoppingFrom ?? 'running',
            }),
          },
          {
            type: 'setStoppingFrom',
            params: ({ event }: With<'monitor.ready'>) => ({ state: foundAs(event.contact).state }),
          },
          { type: 'setMonitor', params: { monitor: 'ready' } },
        ],
      },
      {
        target: 'shutoff',
        actions: [...gone({ sawShutdown: true }), { type: 'contactAgain', params: contact }],
      },
    ],
    'operation.requested': {
      actions: { type: 'refuseOperation', params: { why: 'the domain is being destroyed' } },
    },
    'manager.stopping': { actions: { type: 'setEnding', params: ({ event }) => event } },
    'operation.canceled': foundStates.map((state) => ({
      guard: { type: 'isCanceledDestroy' as const, params: { state } },
      target: `active.${state}`,
      actions: [...cancel, 'forgetEnding' as const, ...look('attached')],
    })),
  },
});
