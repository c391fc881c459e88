/** A domain as its user sees it, as a model: what a walk may do, and what may come in between. */
import { createModel, type Model } from '../../../src/model/index.ts';
import { outsideMachine } from './outside-machine.ts';
import { inside } from './outside-setup.ts';
import type { OutsideContext, OutsideInput } from './outside-words.ts';

/** What decides what comes next, beside the regions: not for what reason it is as it is. */
const identity = ({ context }: { readonly context: OutsideContext }): unknown => {
  const { begun, commands, line, qemu, suspending } = context;
  return [begun, commands, suspending, line === 'unresponsive' ? qemu : null];
};

/** @param possible - what can be done, and walked on from, here; else all of it */
export function outsideModel(
  input: OutsideInput,
  possible: (stimulus: string, context: OutsideContext) => boolean = () => true,
): Model {
  return createModel(outsideMachine, {
    input,
    events: Object.fromEntries(inside.map((type) => [type, []])),
    state: identity,
    filter: ({ snapshot, stimulus }) =>
      snapshot.can(stimulus.event) && possible(stimulus.event.type, snapshot.context),
  });
}

/** What comes in between: a destroy, SIGKILL, another incarnation, the loss of the monitor, for long or not. */
export const interrupts = [
  'call.destroy',
  'host.kills',
  'host.replaces',
  'line.breaks',
  'line.blinks',
] as const;
