/** Walks, made of the machines as they are, and kept in files. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { announcedNames } from '../../../src/machines/domain-announcements.ts';
import { submittedNames } from '../../../src/machines/domain-submissions.ts';
import { type Strategy, strategies, type Walk, type WalkOptions } from '../../../src/model/index.ts';
import {
  domainInterrupts,
  monitorInterrupts,
  type OwnMachine,
  ownStarts,
  processEventInterrupts,
  qemuJobInterrupts,
} from '../../../src/testing/models/index.ts';

const interrupts: Readonly<Record<OwnMachine, NonNullable<WalkOptions['interrupts']>>> = {
  domain: domainInterrupts,
  monitor: monitorInterrupts,
  'process-event': processEventInterrupts,
  'qemu-job': qemuJobInterrupts,
};

export const ownMachines = Object.keys(interrupts) as readonly OwnMachine[];

/** Seldom: what changes nothing else, and what ends a run, so that much happens in one. */
const weights = {
  ...Object.fromEntries(announcedNames.map((name) => [`qemu.${name}`, 0.05])),
  ...Object.fromEntries(submittedNames.map((name) => [`qemu.${name}`, 0.2])),
  'qemu.BLOCK_IO_ERROR': 0.2,
  'qemu.BLOCK_JOB_CANCELLED': 0.2,
  'qemu.BLOCK_JOB_COMPLETED': 0.2,
  'qemu.BLOCK_JOB_READY': 0.2,
  'qemu.DEVICE_DELETED': 1,
  'qemu.DEVICE_UNPLUG_GUEST_ERROR': 1,
  'qemu.GUEST_PANICKED': 0.1,
  'qemu.MIGRATION': 0.3,
  'qemu.RESUME': 2,
  'qemu.SHUTDOWN': 0.2,
  'qemu.STOP': 2,
  'qemu.WATCHDOG': 0.2,
  'qemu.anything': 0.05,
  'command.settled': 0.3,
  'command.stop': 2,
  'domainJob.requested': 5,
  'manager.announced': 0.05,
  'manager.channels': 0.05,
  'manager.defined': 0.05,
  'manager.deviceChanged': 0.05,
  'manager.startFailed': 0.05,
  'manager.stopping': 0.05,
  'manager.thresholdSet': 0.05,
  'manager.undefined': 0.05,
  'monitor.lost': 0.2,
  'monitor.ready': 0.5,
  'operation.canceled': 0.3,
  'processEvent.ended': 5,
  'takeover.begun': 3,
};

/** The walks from one start of a machine, by strategy. */
export interface Plan {
  /** As it is called in `ownStarts`. */
  readonly start: string;
  readonly walks: Readonly<Record<Strategy, readonly Walk[]>>;
}

/** How many walks are made where there is no end of them. */
export interface PlanCounts {
  /** From each start of each machine. */
  readonly paths: number;
  /** Of the domain machine; of the others, as many as there are by default. */
  readonly random: number;
}

/** @param left - strategies that make no walks */
export function makePlans(
  machine: OwnMachine,
  { paths, random }: PlanCounts,
  left: readonly Strategy[] = [],
): Plan[] {
  const options: { readonly [S in Strategy]?: WalkOptions } = {
    paths: { maxWalks: paths, maxLength: 12 },
    random: machine === 'domain' ? { maxWalks: random, maxLength: 60, weights } : {},
    races: { interrupts: interrupts[machine] },
  };
  return Object.entries(ownStarts[machine]).map(([start, create]) => {
    const model = create();
    const walks = strategies.map((strategy) => [
      strategy,
      left.includes(strategy) ? [] : model.walks(strategy, options[strategy]).walks,
    ]);
    return { start, walks: Object.fromEntries(walks) as Plan['walks'] };
  });
}

const fileOf = (directory: string, machine: OwnMachine): string => join(directory, `${machine}.walks`);

/** As structured clones: JSON has no errors, and a child may fail with one. */
export const savePlans = (directory: string, machine: OwnMachine, plans: readonly Plan[]): Promise<void> =>
  writeFile(fileOf(directory, machine), serialize(plans));

export const loadPlans = async (directory: string, machine: OwnMachine): Promise<Plan[]> =>
  deserialize(await readFile(fileOf(directory, machine))) as Plan[];
