/** Our own machines as models: to walk them, and what is made of them. */
export { domainInterrupts, domainModel, exampleDevices } from './domain.ts';
export { exceptions } from './exceptions.ts';
export { monitorInterrupts, monitorModel } from './monitor.ts';
export { type OwnMachine, ownModels, ownStarts } from './own-models.ts';
export { type OwnPlan, ownStrategies, planOwn, summaryOf } from './own-walks.ts';
export { processEventInterrupts, processEventModel } from './process-event.ts';
export { qemuJobInterrupts, qemuJobModel } from './qemu-job.ts';
