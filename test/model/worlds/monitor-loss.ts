/** The monitor is lost and comes back during a handler: with the real monitor machine, whose link is played. */
import { domainMachine, monitorMachine } from '../../../src/machines/index.ts';
import type { OutsideEvent, WorldOptions, WorldView } from '../../../src/model/index.ts';
import {
  domainInput,
  domainWorld,
  mayAnswer,
  nicChanged,
  operation,
  ready,
  toDomain,
} from './domain-world.ts';

const MONITOR = 'domain/monitor';

/** Where its monitor is in the life of a connection. */
const linkIs =
  (...states: readonly string[]) =>
  (world: WorldView): boolean => {
    const { linked } = (world.snapshot(MONITOR)?.value ?? {}) as { readonly linked?: string };
    // The link sees its own connection: what it said before is handled, or on its way.
    return linked !== undefined && states.includes(linked) && world.mailbox(MONITOR).length === 0;
  };

const toMonitor = (event: OutsideEvent['event'], more: Partial<OutsideEvent>): OutsideEvent => ({
  to: MONITOR,
  event,
  times: 2,
  ...more,
});

const isAnswered = linkIs('negotiating');
const isReady = linkIs('ready', 'unresponsive');

export const monitorLoss = (machine: typeof domainMachine = domainMachine): WorldOptions =>
  domainWorld(
    {
      mailboxes: 'none',
      timeouts: ({ actor }) => actor === MONITOR,
      outside: [
        toMonitor({ type: 'link.connected' }, { times: 3, when: linkIs('connecting') }),
        toMonitor({ type: 'link.greeted' }, { times: 3, when: linkIs('greeting') }),
        ...(['one', 'two'] as const).map((run) =>
          toMonitor({ type: 'link.ready', contact: ready(run).contact } as never, {
            name: `${run} answers`,
            when: (world) => isAnswered(world) && mayAnswer(run)(world),
          }),
        ),
        toMonitor({ type: 'link.closed', attempt: 'failed', protocolError: false } as never, {
          name: 'EOF',
          when: isReady,
        }),
        toMonitor({ type: 'link.closed', attempt: 'refused', protocolError: false } as never, {
          name: 'refused',
          when: linkIs('connecting'),
        }),
        toMonitor({ type: 'link.silent' }, { times: 1, when: linkIs('ready') }),
        toMonitor({ type: 'link.answered' }, { times: 1, when: linkIs('unresponsive') }),
        toDomain(nicChanged('one'), { when: isReady }),
        operation('a', 'suspend'),
        operation('d', 'destroy'),
      ],
    },
    {
      machine: machine.provide({ actors: { monitor: monitorMachine } }),
      input: { ...domainInput, monitored: true },
    },
  );
