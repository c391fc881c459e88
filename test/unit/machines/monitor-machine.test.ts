import { describe, expect, test } from 'vitest';
import { createActor, createEmptyActor, fromCallback, SimulatedClock } from 'xstate';
import { type Contact, type MonitorMachineEvent, monitorMachine } from '../../../src/machines/index.ts';

const contact: Contact = { incarnation: 'run-1', id: 1, runState: 'running', name: null, uuid: null };
const closed = (attempt: 'refused' | 'missing' | 'failed', protocolError = false): MonitorMachineEvent => ({
  type: 'link.closed',
  attempt,
  protocolError,
});

function life() {
  const said: object[] = [];
  const domain = createEmptyActor();
  Object.assign(domain, { _send: (event: object) => said.push(event) });
  const clock = new SimulatedClock();
  let links = 0;
  let open = 0;
  const logic = monitorMachine.provide({
    actors: {
      link: fromCallback(() => {
        links += 1;
        open += 1;
        return () => {
          open -= 1;
        };
      }),
    },
    delays: { reconnectDelay: ({ context }) => context.attempts * 100 },
  });
  const actor = createActor(logic, { input: { key: 'k', domain }, clock });
  actor.start();
  const send = (...events: MonitorMachineEvent[]): void => {
    for (const event of events) actor.send(event);
  };
  const ready = (): void =>
    send({ type: 'link.connected' }, { type: 'link.greeted' }, { type: 'link.ready', contact });
  return { actor, said, clock, send, ready, links: () => links, open: () => open };
}

describe('the life of a monitor', () => {
  test('connecting → greeting → negotiating → ready, and the domain is told once (qemu_monitor.c:qemuMonitorOpen)', () => {
    const { actor, said, send } = life();
    const states = [actor.getSnapshot().value];
    for (const event of [
      { type: 'link.connected' },
      { type: 'link.greeted' },
      { type: 'link.ready', contact },
    ] as const) {
      send(event);
      states.push(actor.getSnapshot().value);
    }
    expect(states).toEqual(['connecting', 'greeting', 'negotiating', 'ready'].map((linked) => ({ linked })));
    expect(said).toEqual([{ type: 'monitor.ready', contact }]);
  });

  test.each(['connecting', 'greeting', 'negotiating'])(
    'the end of a connection while %s is an attempt that failed, and not a loss',
    (state) => {
      const { said, send } = life();
      if (state !== 'connecting') send({ type: 'link.connected' });
      if (state === 'negotiating') send({ type: 'link.greeted' });
      send(closed('failed'));
      expect(said).toEqual([{ type: 'monitor.attemptFailed', attempt: 'failed' }]);
    },
  );

  test('the end of one that was ready is a loss, and the next attempt is made at once (design §3a)', () => {
    const { said, send, ready, clock, links, open } = life();
    ready();
    send(closed('failed'));
    expect(said.at(-1)).toEqual({ type: 'monitor.lost', protocolError: false });
    expect(open()).toBe(0);
    clock.increment(0);
    expect(links()).toBe(2);
  });

  test('attempts go on with a growing delay until one succeeds; then the count begins anew', () => {
    const { actor, send, ready, clock, links } = life();
    send(closed('refused'));
    clock.increment(99);
    expect(links()).toBe(1);
    clock.increment(1);
    expect(links()).toBe(2);
    send(closed('missing'));
    clock.increment(199);
    expect(links()).toBe(2);
    clock.increment(1);
    ready();
    expect(actor.getSnapshot().context.attempts).toBe(0);
  });

  test('a protocol error is told with the loss (design §8)', () => {
    const { said, send, ready } = life();
    ready();
    send(closed('failed', true));
    expect(said.at(-1)).toEqual({ type: 'monitor.lost', protocolError: true });
  });

  test('silence makes it unresponsive, an answer ready again; the end of both is a loss', () => {
    const { actor, said, send, ready } = life();
    ready();
    send({ type: 'link.silent' });
    expect(actor.getSnapshot().value).toEqual({ linked: 'unresponsive' });
    send({ type: 'link.answered' }, { type: 'link.silent' }, closed('failed'));
    expect(said.slice(1)).toEqual([
      { type: 'monitor.unresponsive' },
      { type: 'monitor.responsive' },
      { type: 'monitor.unresponsive' },
      { type: 'monitor.lost', protocolError: false },
    ]);
  });

  test('closed in any state, it makes no attempt any more and keeps no link', () => {
    for (const prepare of [() => {}, ({ ready }: ReturnType<typeof life>) => ready()]) {
      const monitor = life();
      prepare(monitor);
      monitor.send({ type: 'monitor.close' });
      monitor.clock.increment(1_000_000);
      expect(monitor.actor.getSnapshot().status).toBe('done');
      expect(monitor.open()).toBe(0);
      expect(monitor.links()).toBe(1);
    }
  });
});
