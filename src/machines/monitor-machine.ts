/**
 * The life of a domain's monitor: one connection after another, until it is closed.
 *
 * Rules of this file: the machine decides when to connect and what a silence means; bytes and commands are
 * the link's (`actors/monitor.ts`). QEMU events do not pass through here: the link hands them to the domain,
 * in the order of the wire. The end of a connection is not the end of QEMU, so it only says `monitor.lost`,
 * and what each further attempt met; the domain finds out what that means.
 *
 * libvirt 9.0.0: src/qemu/qemu_monitor.c:qemuMonitorOpen, qemuMonitorIO
 */
import { type AnyActorRef, assign, type EventObject, sendTo, setup } from 'xstate';
import type { ConnectAttempt } from '../events/process-events.ts';
import { unprovidedCallback } from './unprovided.ts';

export interface MonitorInput {
  /** Key of the domain, by which the link finds its address. */
  readonly key: string;
  readonly domain: AnyActorRef;
}

export interface MonitorContext extends MonitorInput {
  /** Attempts since the last connection; 0: the next one is made at once. */
  readonly attempts: number;
}

/** What is read from QEMU before its events count. */
export interface Contact {
  /** The run of QEMU that answers, and its small number. The same as before if it is the same process. */
  readonly incarnation: string;
  readonly id: number;
  /** QAPI `run-state.json:RunState`. */
  readonly runState: string;
  /** Null if QEMU was started without `-name`. */
  readonly name: string | null;
  /** Null if QEMU was started without `-uuid`. */
  readonly uuid: string | null;
  /** Its manager is back, and takes a pause that it cannot explain for its user's; absent: nobody knows whose it is. */
  readonly managed?: boolean;
}

export type MonitorMachineEvent =
  | { readonly type: 'link.connected' }
  | { readonly type: 'link.greeted' }
  | { readonly type: 'link.ready'; readonly contact: Contact }
  | { readonly type: 'link.silent' }
  | { readonly type: 'link.answered' }
  /** The connection is over, or never came to be. `protocolError`: what QEMU sent was not QMP. */
  | { readonly type: 'link.closed'; readonly attempt: ConnectAttempt; readonly protocolError: boolean }
  | { readonly type: 'monitor.close' };

const monitorSetup = setup({
  types: {
    input: {} as MonitorInput,
    context: {} as MonitorContext,
    events: {} as MonitorMachineEvent,
  },
  actors: { link: unprovidedCallback<EventObject, { key: string }>() },
  actions: {
    countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
    forgetAttempts: assign({ attempts: 0 }),
    /** At once, but for a peer that breaks the protocol: it may do so each time. */
    beginAttempts: assign({
      attempts: (_, { protocolError }: { protocolError: boolean }) => (protocolError ? 1 : 0),
    }),
    tellReady: sendTo(
      ({ context }) => context.domain,
      (_, contact: Contact) => ({ type: 'monitor.ready', contact }),
    ),
    tellUnresponsive: sendTo(({ context }) => context.domain, { type: 'monitor.unresponsive' }),
    tellResponsive: sendTo(({ context }) => context.domain, { type: 'monitor.responsive' }),
    tellLost: sendTo(
      ({ context }) => context.domain,
      (_, { protocolError }: { protocolError: boolean }) => ({ type: 'monitor.lost', protocolError }),
    ),
    tellAttempt: sendTo(
      ({ context }) => context.domain,
      (_, { attempt }: { attempt: ConnectAttempt }) => ({ type: 'monitor.attemptFailed', attempt }),
    ),
  },
  delays: {
    /** Given with backoff and jitter in `actors/monitor.ts`. */
    reconnectDelay: ({ context }) => (context.attempts === 0 ? 0 : 1000),
  },
});

/** Before it is ready, the end of a connection is one more attempt that failed. */
const attemptFailed = {
  target: '#monitor.waiting',
  actions: [
    'countAttempt',
    {
      type: 'tellAttempt',
      params: ({ event }: { event: { attempt: ConnectAttempt } }) => ({ attempt: event.attempt }),
    },
  ],
} as const;

/** Once it was ready, it is a loss, and the next attempt is made at once. */
const lost = {
  target: '#monitor.waiting',
  actions: [
    {
      type: 'beginAttempts',
      params: ({ event }: { event: { protocolError: boolean } }) => ({ protocolError: event.protocolError }),
    },
    {
      type: 'tellLost',
      params: ({ event }: { event: { protocolError: boolean } }) => ({ protocolError: event.protocolError }),
    },
  ],
} as const;

const linked = monitorSetup.createStateConfig({
  invoke: { src: 'link', id: 'link', input: ({ context }) => ({ key: context.key }) },
  initial: 'connecting',
  states: {
    connecting: { on: { 'link.connected': 'greeting', 'link.closed': attemptFailed } },
    greeting: { on: { 'link.greeted': 'negotiating', 'link.closed': attemptFailed } },
    negotiating: {
      on: {
        'link.ready': {
          target: 'ready',
          actions: [
            'forgetAttempts',
            { type: 'tellReady', params: ({ event }: { event: { contact: Contact } }) => event.contact },
          ],
        },
        'link.closed': attemptFailed,
      },
    },
    ready: {
      on: {
        'link.silent': { target: 'unresponsive', actions: 'tellUnresponsive' },
        'link.closed': lost,
      },
    },
    unresponsive: {
      on: {
        'link.answered': { target: 'ready', actions: 'tellResponsive' },
        'link.closed': lost,
      },
    },
  },
});

const waiting = monitorSetup.createStateConfig({ after: { reconnectDelay: 'linked' } });

export const monitorMachine = monitorSetup.createMachine({
  id: 'monitor',
  context: ({ input }) => ({ ...input, attempts: 0 }),
  initial: 'linked',
  states: { linked, waiting, closed: { type: 'final' } },
  on: { 'monitor.close': '.closed' },
});
