/** A domain with two process events and an operation of the API, while it is destroyed. */
import { domainMachine } from '../../../src/machines/index.ts';
import type { WorldOptions } from '../../../src/model/index.ts';
import {
  attemptFailed,
  deviceDeleted,
  domainInput,
  domainWorld,
  nicChanged,
  operation,
  ready,
  toDomain,
} from './domain-world.ts';

export const destroyed = (machine = domainMachine): WorldOptions =>
  domainWorld(
    {
      outside: [
        toDomain(ready('one')),
        toDomain(deviceDeleted('one')),
        toDomain(nicChanged('one')),
        operation('a', 'suspend'),
        operation('d', 'destroy'),
        toDomain(attemptFailed),
      ],
    },
    { machine, input: domainInput },
  );
