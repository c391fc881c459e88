/** Each event loop that comes with this package, the examples' included, keeps the contract. */
import { eventLoopContract } from '../../support/event-loop-contract.ts';
import { eventLoops } from '../../support/event-loops.ts';

for (const [name, make] of Object.entries(eventLoops)) eventLoopContract(name, make);
