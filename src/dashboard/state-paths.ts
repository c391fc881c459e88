/** States of a machine as paths: `active`, `active.running`; the outer one first. */
import type { AnyActorRef, AnyMachineSnapshot, StateValue } from 'xstate';
import type { MachineName } from './protocol.ts';

/** Those that have a chart, by the machine's id. */
const machineNames: Readonly<Record<string, MachineName>> = {
  domain: 'domain',
  monitor: 'monitor',
  processEvent: 'process-event',
  qemuJob: 'qemu-job',
};

export interface MachineState {
  readonly machine: MachineName;
  readonly value: StateValue;
  readonly context: unknown;
  readonly children: Readonly<Record<string, AnyActorRef | undefined>>;
}

/** @returns null if it is none of ours: a link, a handler */
export function machineStateOf(snapshot: object | undefined): MachineState | null {
  if (snapshot === undefined || !('machine' in snapshot)) return null;
  // Only a machine's snapshot has one.
  const { machine, value, context, children } = snapshot as AnyMachineSnapshot;
  const name = machineNames[machine.id];
  return name === undefined ? null : { machine: name, value, context, children };
}

/** @example `{ active: 'running' }` → `['active', 'active.running']` */
export function pathsOf(value: StateValue, outer = ''): string[] {
  if (typeof value === 'string') return [outer + value];
  return Object.entries(value).flatMap(([name, inner]) =>
    inner === undefined ? [] : [outer + name, ...pathsOf(inner, `${outer}${name}.`)],
  );
}

export function isSameState(one: StateValue, other: StateValue): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => {
    const [inner, otherInner] = [one[name], other[name]];
    return inner !== undefined && otherInner !== undefined && isSameState(inner, otherInner);
  });
}
