/** A fake QEMU for tests: real sockets, scripted events, faults; a simulation; models of our machines. */

export type { FakeHandler } from './fake-dispatcher.ts';
export type { CommandHook } from './fake-faults.ts';
export { FakeFaults } from './fake-faults.ts';
export type { ReceivedCommand } from './fake-protocol.ts';
export { FakeQemu } from './fake-qemu.ts';
export type { FakeActions } from './fake-qemu-commands.ts';
export { FakeCommandError } from './fake-qemu-commands.ts';
export type { FakeQemuOptions } from './fake-setup.ts';
export {
  domainInterrupts,
  domainModel,
  exampleDevices,
  monitorInterrupts,
  monitorModel,
  type OwnMachine,
  ownModels,
  ownStarts,
  processEventInterrupts,
  processEventModel,
  qemuJobInterrupts,
  qemuJobModel,
} from './models/index.ts';
export type { FaultKind } from './simulation/actions.ts';
export { faultKinds } from './simulation/actions.ts';
export type { Choice, Choices } from './simulation/choices.ts';
export type { Decision } from './simulation/plan.ts';
export type { FailingRun } from './simulation/shrink.ts';
export type { SimulateOptions, SimulationFailure, SimulationResult } from './simulation/simulate.ts';
export { replayFailure, simulate } from './simulation/simulate.ts';
export type { SimulatedDomain } from './simulation/simulated-domain.ts';
export { SimulatedRuntime } from './simulation/simulated-runtime.ts';
export type { Violation } from './simulation/violation.ts';
