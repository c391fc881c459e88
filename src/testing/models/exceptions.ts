/** What of our machines no walk can cover, by the name that coverage gives it, and why. */
import type { OwnMachine } from './own-models.ts';

export const exceptions: Readonly<Record<OwnMachine, Readonly<Record<string, string>>>> = {
  domain: {
    'shutoff: monitor.ready [4]: isFoundAs is false':
      'a contact is found as one of five states, and this is asked if it is none of the other four',
  },
  monitor: {},
  'process-event': {},
  'qemu-job': {},
};
