/** The process event machine as a model. */
import type { AnyStateMachine } from 'xstate';
import type { Outcome } from '../../events/outcome.ts';
import {
  type ProcessEventInput,
  type ProcessEventMachineEvent,
  processEventMachine,
} from '../../machines/index.ts';
import {
  type ChildExamples,
  createModel,
  type EventData,
  type Model,
  type ModelOptions,
} from '../../model/index.ts';
import { standInDomain } from './domain-actor.ts';

const events: Readonly<Record<string, readonly EventData[]>> = {
  'domainJob.granted': [{ incarnation: 'run-1' }, { incarnation: 'run-2' }],
};

const outcomes: readonly Outcome[] = [
  { status: 'done' },
  { status: 'ignored', why: 'there is no such device' },
  { status: 'failed', why: 'QEMU refused' },
];

const children: Readonly<Record<string, ChildExamples>> = { handler: { done: outcomes } };

/** What may come in between anything, for `races`: the domain is another run by now. */
export const processEventInterrupts: readonly ProcessEventMachineEvent[] = [
  { type: 'domainJob.granted', incarnation: 'run-2' },
];

/**
 * The process event machine as a model.
 *
 * @param machine - one of your own that was made of {@link processEventMachine}
 * @param options - of `createModel`; examples of an event, or of a child, stand in for ours. By `input` it is said which
 *   domain job it needs. @defaultValue one of a device that was deleted, which needs the job `modify`
 */
export function processEventModel(
  machine: AnyStateMachine = processEventMachine,
  options: ModelOptions = {},
): Model {
  return createModel(machine, {
    ...options,
    input: { ...processEventInput(), ...(options.input as object | undefined) },
    events: { ...events, ...options.events },
    children: { ...children, ...options.children },
  });
}

const processEventInput = (): ProcessEventInput => ({
  id: 'processEvent#1',
  type: 'deviceDeleted',
  data: { alias: 'net0' },
  incarnation: 'run-1',
  job: 'modify',
  timeoutMs: 45_000,
  domain: standInDomain(),
});
