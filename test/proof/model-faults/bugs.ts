/** All bugs that are planted. They were written down before it was known which of them are found. */
import { factBugs } from './bugs-facts.ts';
import { monitorBugs, processEventBugs, qemuJobBugs } from './bugs-neighbours.ts';
import { runBugs } from './bugs-runs.ts';
import { stateBugs } from './bugs-states.ts';
import { stoppingBugs } from './bugs-stopping.ts';
import { workBugs } from './bugs-work.ts';
import type { PlantedBug } from './planted-bug.ts';

export const plantedBugs: readonly PlantedBug[] = [
  ...stateBugs,
  ...runBugs,
  ...stoppingBugs,
  ...workBugs,
  ...monitorBugs,
  ...processEventBugs,
  ...qemuJobBugs,
  ...factBugs,
];
