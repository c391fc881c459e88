/** All guards that are broken. */
import { domainMutants } from './domain.ts';
import { hostMutants } from './host.ts';
import { loopMutants } from './loop.ts';
import { monitorMutants } from './monitor.ts';
import type { Mutant } from './mutant.ts';
import { subscriptionMutants } from './subscriptions.ts';

export const mutants: readonly Mutant[] = [
  ...domainMutants,
  ...monitorMutants,
  ...hostMutants,
  ...subscriptionMutants,
  ...loopMutants,
];
