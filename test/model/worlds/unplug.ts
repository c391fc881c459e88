/**
 * An unplug that a caller waits for, while QEMU's word that the device is gone, a reset, the caller's patience and the
 * end of the connection race. The operation's handler is a machine, as it speaks to the domain meanwhile.
 */
import { type AnyActorRef, sendTo, setup } from 'xstate';
import { removalKey } from '../../../src/events/process-events.ts';
import { domainMachine, type HandlerInput, processEventMachine } from '../../../src/machines/index.ts';
import type { OutsideEvent, WorldOptions, WorldView } from '../../../src/model/index.ts';
import {
  attemptFailed,
  canceled,
  contextOf,
  deviceDeleted,
  domainInput,
  domainWorld,
  lost,
  operation,
  qemu,
  ready,
  removed,
  toDomain,
} from './domain-world.ts';

const ALIAS = 'disk1';
const HANDLER = 'domain/operation#a/handler';

/** `actors/operations/detach-device.ts`, as far as the domain sees it. */
const detachMachine = setup({
  types: { context: {} as { readonly id: string; readonly domain: AnyActorRef }, input: {} as HandlerInput },
}).createMachine({
  id: 'detachDevice',
  context: ({ input: { id, domain } }) => ({ id, domain }),
  initial: 'asking',
  states: {
    asking: {
      entry: sendTo(
        ({ context }) => context.domain,
        ({ context: { id } }) => ({ type: 'takeover.begun', id, key: removalKey(ALIAS) }),
      ),
      on: { 'qemu.agreed': 'waiting', 'qemu.refused': 'failed' },
    },
    waiting: { on: { 'wait.came': 'removing', 'wait.refused': 'failed', 'wait.tooLong': 'failed' } },
    removing: { on: { 'qemu.agreed': 'done', 'qemu.refused': 'failed' } },
    done: { type: 'final', output: removed },
    failed: { type: 'final', output: { status: 'failed', why: 'it stays' } },
  },
  output: ({ event }) => ('output' in event ? event.output : undefined),
});

/** What the handler sees of the domain when it looks. */
const takenOver = ({ work }: ReturnType<typeof contextOf>): 'came' | 'refused' | null => {
  const came = work.takeovers[removalKey(ALIAS)]?.came ?? null;
  return came === null || came === 'refused' ? came : 'came';
};

const toHandler = (type: string, isTrue: (world: WorldView) => boolean = () => true): OutsideEvent => ({
  to: HANDLER,
  event: { type },
  times: 2,
  when: (world) => world.mailbox(HANDLER).length === 0 && isTrue(world),
});

const waits = (world: WorldView): boolean => world.snapshot(HANDLER)?.value === 'waiting';

export const unplug = (machine: typeof domainMachine = domainMachine): WorldOptions =>
  domainWorld(
    {
      mailboxes: 'none',
      timeouts: ({ actor }) => actor.startsWith('domain/operation#'),
      outside: [
        toDomain(ready('one')),
        toDomain(ready('one'), {
          name: 'the same QEMU again',
          // Whether it is the same is read from the domain as it is.
          when: (world) =>
            contextOf(world).monitor === 'lost' &&
            contextOf(world).incarnation !== null &&
            world.mailbox('domain').length === 0,
        }),
        operation('a', 'detachDevice', { alias: ALIAS }),
        canceled('a'),
        toHandler('qemu.agreed', (world) => !waits(world)),
        toHandler('qemu.refused', (world) => !waits(world)),
        toHandler('wait.came', (world) => waits(world) && takenOver(contextOf(world)) === 'came'),
        toHandler('wait.refused', (world) => waits(world) && takenOver(contextOf(world)) === 'refused'),
        toHandler('wait.tooLong', waits),
        toDomain(deviceDeleted('one')),
        toDomain(
          qemu('one', 'DEVICE_UNPLUG_GUEST_ERROR', { device: ALIAS, path: '/machine/peripheral/disk1' }),
        ),
        toDomain(qemu('one', 'RESET', { guest: true, reason: 'guest-reset' })),
        toDomain(lost),
        toDomain(attemptFailed),
      ],
    },
    {
      machine: machine.provide({
        actors: {
          // Another kind of logic, which is done by the same outcomes.
          operation: processEventMachine.provide({ actors: { handler: detachMachine as never } }),
        },
      }),
      input: domainInput,
    },
  );
