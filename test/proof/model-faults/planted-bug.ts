/** A bug in a machine of the library, as one that a developer could make. */
import type { OwnMachine } from '../../../src/testing/models/index.ts';
import type { Breakage } from '../mutants/mutant.ts';

export interface PlantedBug extends Breakage {
  /** The rule that does not hold any more, with its source. */
  readonly breaks: string;
}

/** The machine whose walks may find it. */
export function machineOf({ file }: PlantedBug): OwnMachine {
  const [, neighbour] = /(monitor|process-event|qemu-job)-machine\.ts$/.exec(file) ?? [];
  return (neighbour as OwnMachine | undefined) ?? 'domain';
}
