/** What a domain must come to once nothing goes wrong any more. */
import type { DomainState } from '../../events/domain-state.ts';
import type { RunState } from '../../qmp/commands.ts';
import type { SimulatedDomain } from './simulated-domain.ts';
import type { SimulatedRuntime } from './simulated-runtime.ts';

/** Where QEMU's own word is another than libvirt's. All others are `paused`. */
const STATES: Partial<Record<RunState, DomainState>> = {
  running: 'running',
  suspended: 'pmsuspended',
  shutdown: 'shutdown',
  'guest-panicked': 'crashed',
};

/** @returns what it still lacks; null if it is settled */
export function unsettled(
  { follower, qemu, calls, interfaceReplaced, interface: name }: SimulatedDomain,
  { host }: SimulatedRuntime,
): string | null {
  if (follower === null) return 'promise 6: not attached';
  // Whoever attaches waits until somebody answers.
  const call = [...calls].find(({ name: called }) => qemu.alive || called !== 'attach');
  if (call !== undefined) return `promise 7: ${call.name}() does not settle`;
  const { running, waiting, operations } = follower.context.work;
  if (running !== null || waiting.length > 0 || Object.keys(operations).length > 0)
    return `promise 1: ${running?.event.type ?? waiting[0]?.event.type ?? 'an operation'} does not end`;
  if (follower.untold > 0) return 'promise 1: what happened is not told';
  const { state, active, monitor } = follower.domain.state;
  if (!qemu.alive) return active ? `promise 4: ${state}, and its QEMU is gone` : null;
  if (monitor !== 'ready') return `promise 6: the monitor is ${monitor}`;
  if (!follower.isOfPresentRun) return 'promise 3: two processes of QEMU are one incarnation';
  const expected = STATES[qemu.status] ?? 'paused';
  // A reset leaves a guest that did not run as it was (`domain-states` T3), and QEMU in prelaunch.
  const isReset = qemu.status === 'prelaunch' && state !== 'running';
  if (state !== expected && !isReset) return `promise 6: ${state}, and its QEMU is ${qemu.status}`;
  const mac = qemu.rxFilter('net0')['main-mac'];
  if (!interfaceReplaced && host.macOf(name) !== mac)
    return `promise 1: the interface has ${host.macOf(name)}, and the guest ${mac}`;
  return null;
}
