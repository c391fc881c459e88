/** The QEMU job machine as a model. */
import type { AnyStateMachine } from 'xstate';
import { jobStatuses } from '../../events/qemu-events.ts';
import { type QemuJobInput, type QemuJobMachineEvent, qemuJobMachine } from '../../machines/index.ts';
import { createModel, type EventData, type Model, type ModelOptions } from '../../model/index.ts';
import { standInDomain } from './domain-actor.ts';

/** QEMU told it, or it was found after a gap. */
const told: readonly EventData[] = [{ reconstructed: false }, { reconstructed: true }];

const events = Object.fromEntries(jobStatuses.map((status) => [`status.${status}`, told]));

/** What may come in between anything, for `races`: QEMU has no such job any more. */
export const qemuJobInterrupts: readonly QemuJobMachineEvent[] = [
  { type: 'status.null', reconstructed: false },
  { type: 'status.null', reconstructed: true },
];

/**
 * The QEMU job machine as a model.
 *
 * @param machine - one of your own that was made of {@link qemuJobMachine}
 * @param options - of `createModel`; examples of an event stand in for ours. By `input` it is said what the job was found
 *   as. @defaultValue `undefined`: it begins with the first status that comes
 */
export function qemuJobModel(machine: AnyStateMachine = qemuJobMachine, options: ModelOptions = {}): Model {
  return createModel(machine, {
    ...options,
    input: { ...qemuJobInput(), ...(options.input as object | undefined) },
    events: { ...events, ...options.events },
  });
}

const qemuJobInput = (): QemuJobInput => ({
  actor: 'qemuJob#1',
  id: 'job0',
  foundAs: 'undefined',
  domain: standInDomain(),
});
