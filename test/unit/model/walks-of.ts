/** Walks that are known to be XState's own. */
import type { AnyStateMachine } from 'xstate';
import {
  createModel,
  liveSystem,
  type ModelOptions,
  runWalk,
  type Strategy,
  type Walk,
} from '../../../src/model/index.ts';

/** The walks of a strategy; XState's own actor has walked them. */
export async function walksOf(
  machine: AnyStateMachine,
  strategy: Strategy,
  options?: ModelOptions,
): Promise<readonly Walk[]> {
  const model = createModel(machine, options);
  const { walks } = model.walks(strategy);
  for (const walk of walks) await runWalk(liveSystem(model), walk);
  return walks;
}
