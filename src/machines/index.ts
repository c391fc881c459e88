/**
 * The machines alone, with nothing attached: to draw, to walk, to generate tests from.
 *
 * @packageDocumentation
 */
export type {
  DomainContext,
  DomainEmitted,
  DomainInput,
  DomainMachineEvent,
  Incarnation,
} from './domain-context.ts';
export { domainMachine } from './domain-machine.ts';
export {
  type Contact,
  type MonitorContext,
  type MonitorMachineEvent,
  monitorMachine,
} from './monitor-machine.ts';
export {
  type HandlerInput,
  type ProcessEventContext,
  type ProcessEventInput,
  type ProcessEventMachineEvent,
  processEventMachine,
} from './process-event-machine.ts';
export {
  type QemuJobContext,
  type QemuJobInput,
  type QemuJobMachineEvent,
  qemuJobMachine,
} from './qemu-job-machine.ts';
export { reportedState } from './reported-state.ts';
