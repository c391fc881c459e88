/** Our machines as models, by their names. */
import { jobStatuses } from '../../events/qemu-events.ts';
import type { Model } from '../../model/index.ts';
import { domainModel } from './domain.ts';
import { monitorModel } from './monitor.ts';
import { processEventModel } from './process-event.ts';
import { qemuJobModel } from './qemu-job.ts';

export type OwnMachine = 'domain' | 'monitor' | 'process-event' | 'qemu-job';

/** As they start most often; by the names that they have on the command line. */
export const ownModels: Readonly<Record<OwnMachine, () => Model>> = {
  domain: () => domainModel(),
  monitor: () => monitorModel(),
  'process-event': () => processEventModel(),
  'qemu-job': () => qemuJobModel(),
};

/** One that starts otherwise, as its input says. */
type Starts = Readonly<Record<string, () => Model>>;

/** All starts from which a machine goes different ways by itself: together their walks cover all of it. */
export const ownStarts: Readonly<Record<OwnMachine, Starts>> = {
  domain: { 'not attached': ownModels.domain },
  monitor: { 'not connected': ownModels.monitor },
  'process-event': {
    'with a job': ownModels['process-event'],
    'without a job': () => processEventModel(undefined, { input: { type: 'guestCrashloaded', job: null } }),
  },
  'qemu-job': Object.fromEntries(
    jobStatuses.map((foundAs) => [
      `found as ${foundAs}`,
      () => qemuJobModel(undefined, { input: { foundAs } }),
    ]),
  ),
};
