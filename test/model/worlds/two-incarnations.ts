/** The same across two incarnations under one name: what is of the first may come at any moment of the second. */
import { domainMachine } from '../../../src/machines/index.ts';
import type { WorldOptions } from '../../../src/model/index.ts';
import {
  attemptFailed,
  canceled,
  deviceDeleted,
  domainInput,
  domainWorld,
  isMet,
  mayAnswer,
  nicChanged,
  operation,
  qemu,
  ready,
  toDomain,
} from './domain-world.ts';

export const twoIncarnations = (machine = domainMachine): WorldOptions =>
  domainWorld(
    {
      mailboxes: 'none',
      outside: [
        toDomain(ready('one')),
        toDomain(ready('two'), { when: mayAnswer('two') }),
        toDomain(qemu('one', 'STOP')),
        toDomain(deviceDeleted('one')),
        toDomain(deviceDeleted('two'), { when: isMet('two') }),
        operation('a', 'suspend'),
        operation('d', 'destroy'),
        canceled('a'),
        toDomain(nicChanged('two'), { when: isMet('two') }),
        toDomain(qemu('two', 'STOP'), { when: isMet('two') }),
        toDomain(attemptFailed),
      ],
    },
    { machine, input: domainInput },
  );
