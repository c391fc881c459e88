/** The monitor machine as a model. */
import type { AnyStateMachine } from 'xstate';
import {
  type Contact,
  type MonitorContext,
  type MonitorMachineEvent,
  monitorMachine,
} from '../../machines/index.ts';
import { createModel, type EventData, type Model, type ModelOptions } from '../../model/index.ts';
import { standInDomain } from './domain-actor.ts';

const contact: Contact = { incarnation: 'run-1', id: 1, runState: 'running', name: 'web1', uuid: null };

const events: Readonly<Record<string, readonly EventData[]>> = {
  'link.ready': [{ contact }],
  'link.closed': [
    { attempt: 'refused', protocolError: false },
    { attempt: 'failed', protocolError: true },
  ],
};

/** What may come in between anything, for `races`: its end, and a peer that breaks the protocol. */
export const monitorInterrupts: readonly MonitorMachineEvent[] = [
  { type: 'monitor.close' },
  { type: 'link.closed', attempt: 'failed', protocolError: true },
];

/**
 * The monitor machine as a model.
 *
 * @param machine - one of your own that was made of {@link monitorMachine}
 * @param options - of `createModel`; examples of an event stand in for ours
 */
export function monitorModel(machine: AnyStateMachine = monitorMachine, options: ModelOptions = {}): Model {
  return createModel(machine, {
    input: { key: 'web1', domain: standInDomain() },
    // How many attempts there were counts for nothing but the wait before the next one.
    state: ({ context }: { readonly context: MonitorContext }) => context.attempts === 0,
    ...options,
    events: { ...events, ...options.events },
  });
}
