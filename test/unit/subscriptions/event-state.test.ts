/** The rules of libvirt's event state, one by one. */
import { describe, expect, test } from 'vitest';
import { StateError } from '../../../src/errors.ts';
import { EventState } from '../../../src/subscriptions/event-state.ts';
import { ManualLoop } from './manual-loop.ts';
import { type Item, item, newState } from './state.ts';

const nothing = (): void => {};
const other = (): void => {};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('registering (object_event.c:virObjectEventStateRegisterID)', () => {
  test('ids start at 0, grow by 1 for each registration of any kind, and are never used again (R1)', () => {
    const { register, deregister, events } = newState();
    const legacy = { type: 'lifecycle', key: null, door: 'legacy', identity: nothing } as const;
    expect(register(nothing)).toBe(0);
    expect(events.register({ ...legacy, callback: nothing })).toBe(1);
    expect(register(nothing, { type: 'monitor-event' })).toBe(2);
    for (const id of [0, 2]) deregister(id);
    events.deregisterSame(legacy);
    expect(register(nothing)).toBe(3);
  });

  test.each([
    ['the same function, type and key', {}, true],
    ['another type (R4)', { type: 'reboot' }, false],
    ['another key (R4)', { key: 'A' }, false],
    ['the other kind of call (R4)', { door: 'legacy' }, false],
    ['another function', { identity: other }, false],
    ['a filter of its own, by which libvirt never tells them apart', { identity: null }, false],
  ] as const)('is refused for what is registered already: %s (R3)', (_, options, isRefused) => {
    const { register } = newState();
    register(nothing);
    if (isRefused) expect(() => register(nothing, options)).toThrow(StateError);
    else expect(register(nothing, options)).toBe(1);
  });

  test('one that is marked as deleted does not count: it is registered anew in the same dispatch (R4)', () => {
    const { loop, register, deregister, events } = newState();
    const ids: number[] = [];
    const callback = ({ n }: Item): void => {
      if (n !== 1) return;
      deregister(0);
      ids.push(register(callback));
    };
    register(callback);
    events.queue(item(1));
    loop.turn();
    expect(ids).toEqual([1]);
  });

  test('what is refused is not freed, and consumes no id (R5)', () => {
    const { register } = newState();
    let freed = 0;
    register(nothing);
    expect(() =>
      register(nothing, {
        free: () => {
          freed += 1;
        },
      }),
    ).toThrow(/already/);
    expect(freed).toBe(0);
    expect(register(other)).toBe(1);
  });

  test.each([
    ['refuses', () => -1],
    [
      'throws',
      () => {
        throw new Error('full');
      },
    ],
  ])('a loop that %s a timeout leaves nothing registered (R6)', (_, addTimeout) => {
    const loop = Object.assign(new ManualLoop(), { addTimeout });
    const events = new EventState<Item>(loop, {
      keysOf: () => [],
      onCallbackError: nothing,
      onUndelivered: nothing,
    });
    expect(() =>
      events.register({ type: 'a', key: null, door: 'any', identity: nothing, callback: nothing }),
    ).toThrow();
    expect(events.isWanted).toBe(false);
    expect(events.deregister(0, 'any')).toBe(false);
  });
});

describe('deregistering (object_event.c:virObjectEventStateDeregisterID)', () => {
  test('by function finds only what was registered by the same kind of call (R7)', () => {
    const { register, events } = newState();
    register(nothing);
    const legacy = { type: 'lifecycle', key: null, door: 'legacy', identity: nothing } as const;
    expect(events.deregisterSame(legacy)).toBe(false);
    events.register({ ...legacy, callback: nothing });
    expect(events.deregisterSame(legacy)).toBe(true);
    expect(events.deregisterSame(legacy)).toBe(false);
    expect(events.isWanted).toBe(true);
  });

  test('by id finds neither an unknown one, nor one of another kind of call (R8)', () => {
    const { register, deregister } = newState();
    register(nothing, { door: 'legacy' });
    register(nothing, { door: 'own' });
    expect([deregister(0), deregister(1), deregister(2), deregister(-1)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  test('deregistering a second time finds nothing, also in the same dispatch (R9; T2: libvirt succeeds there)', () => {
    const { loop, register, deregister, events } = newState();
    const results: boolean[] = [];
    const id = register(() => {
      results.push(deregister(id), deregister(id));
    });
    events.queue(item(1));
    loop.turn();
    expect([...results, deregister(id)]).toEqual([true, false, false]);
  });

  test('a key is of the moment of registration, and matches whatever object has it later (R10)', () => {
    const { loop, register, events } = newState();
    const heard: number[] = [];
    register(({ n }) => heard.push(n), { key: 'A' });
    for (const [n, key] of [
      [1, 'A'],
      [2, 'B'],
      [3, 'A'],
    ] as const)
      events.queue(item(n, 'lifecycle', key));
    loop.turn();
    expect(heard).toEqual([1, 3]);
  });
});

describe('queueing (object_event.c:virObjectEventStateQueue)', () => {
  test('nothing is queued while nobody is registered for anything (Q2)', () => {
    const { loop, register, events, thrownAway } = newState();
    const heard: number[] = [];
    events.queue(item(1));
    register(({ n }) => heard.push(n));
    loop.turn();
    expect([heard, thrownAway]).toEqual([[], []]);
  });

  test('the loop is asked for one timeout at the first registration, and it goes with the last (§3.6)', () => {
    const { loop, register, deregister, events } = newState();
    expect(loop.calls).toEqual([]);
    register(nothing);
    register(other);
    expect(loop.calls.splice(0)).toEqual(['add -1']);
    events.queue(item(1));
    events.queue(item(2));
    expect(loop.calls.splice(0)).toEqual(['update 0']);
    loop.turn();
    expect(loop.calls.splice(0)).toEqual(['update -1']);
    deregister(0);
    expect(loop.calls).toEqual([]);
    deregister(1);
    expect(loop.calls).toEqual(['remove']);
  });

  test('no callback runs inside of what causes an event: the loop calls in a later turn (Q3)', () => {
    const { loop, register, events } = newState();
    const heard: number[] = [];
    register(({ n }) => heard.push(n));
    events.queue(item(1));
    expect(heard).toEqual([]);
    loop.turn();
    expect(heard).toEqual([1]);
    loop.turn();
    expect(heard).toEqual([1]);
  });

  test('who is registered after an event was queued hears it, if anything was registered then (Q4, Q5; T5)', () => {
    const { loop, register, events } = newState();
    const heard: number[] = [];
    register(nothing, { type: 'reboot', key: 'B' });
    events.queue(item(1));
    register(({ n }) => heard.push(n));
    loop.turn();
    expect(heard).toEqual([1]);
  });

  test('who is deregistered before the flush does not hear what was queued (Q5)', () => {
    const { loop, register, deregister, events } = newState();
    const heard: number[] = [];
    const id = register(({ n }) => heard.push(n));
    register(nothing);
    events.queue(item(1));
    deregister(id);
    loop.turn();
    expect(heard).toEqual([]);
  });

  test('the last deregistration throws away what is queued, also if one follows at once, and it is counted (Q6; T4)', () => {
    const { loop, register, deregister, events, thrownAway } = newState();
    const heard: number[] = [];
    const id = register(nothing);
    events.queue(item(1));
    events.queue(item(2));
    deregister(id);
    register(({ n }) => heard.push(n));
    loop.turn();
    expect([heard, thrownAway]).toEqual([[], [1, 2]]);
    events.queue(item(3));
    loop.turn();
    expect([heard, thrownAway]).toEqual([[3], [1, 2]]);
  });

  test('there is one order for all types and domains; of one event, callbacks run in the order of registration (Q7)', () => {
    const { loop, register, events } = newState();
    const heard: string[] = [];
    const add = (name: string, key: string | null, type = 'lifecycle'): number =>
      register(({ n }) => heard.push(`${name}${n}`), { key, type });
    add('one', 'A');
    add('two', null);
    add('three', 'B');
    add('four', 'A');
    add('five', null, 'reboot');
    add('six', null);
    events.queue(item(1, 'lifecycle', 'A'));
    events.queue(item(2, 'reboot', 'A'));
    events.queue(item(3, 'lifecycle', 'B'));
    loop.turn();
    expect(heard).toEqual(['one1', 'two1', 'four1', 'six1', 'five2', 'two3', 'three3', 'six3']);
  });

  test('nothing is coalesced or limited in the queue (Q8)', () => {
    const { loop, register, events } = newState();
    const heard: number[] = [];
    register(({ n }) => heard.push(n));
    const all = Array.from({ length: 10_000 }, () => 7);
    for (const n of all) events.queue(item(n));
    loop.turn();
    expect(heard).toEqual(all);
  });

  test('a flush of an empty queue does nothing: a late tick of the loop is harmless (§3.6)', () => {
    const { register, deregister, events } = newState();
    const id = register(nothing);
    events.flush();
    deregister(id);
    expect(() => events.flush()).not.toThrow();
  });
});

describe('dispatch (object_event.c:virObjectEventStateFlush)', () => {
  test('a filter of its own is asked when the event is delivered, and not of one that is deleted (D1)', () => {
    const { loop, register, deregister, events } = newState();
    const heard: number[] = [];
    const asked: number[] = [];
    let wanted = 1;
    register(({ n }) => (n === 3 ? deregister(1) : null));
    register(({ n }) => heard.push(n), {
      matches: ({ n }) => {
        asked.push(n);
        return n === wanted;
      },
    });
    events.queue(item(1));
    events.queue(item(2));
    wanted = 2;
    events.queue(item(3));
    loop.turn();
    expect([heard, asked]).toEqual([[2], [1, 2]]);
  });

  test('a callback may register, deregister, queue and flush: nothing is locked (D2)', () => {
    const { loop, register, deregister, events, errors } = newState();
    const heard: string[] = [];
    register(({ n }) => {
      heard.push(`first ${n}`);
      if (n > 1) return;
      const id = register(nothing, { type: 'reboot' });
      deregister(id);
      events.queue(item(2));
      events.flush();
    });
    events.queue(item(1));
    loop.turn();
    loop.turn();
    expect([heard, errors]).toEqual([['first 1', 'first 2'], []]);
  });

  test('who is registered by a callback hears the next event of the batch, but not this one (D3)', () => {
    const { loop, register, events } = newState();
    const heard: number[] = [];
    for (const key of [null, 'A'])
      register(({ n }) => (n === 1 ? register((next) => heard.push(next.n), { key, identity: {} }) : null), {
        key,
      });
    events.queue(item(1));
    events.queue(item(2));
    loop.turn();
    expect(heard).toEqual([2, 2]);
  });

  test('one that a callback deregisters is not called any more, not even for this event (D4, D5)', () => {
    const { loop, register, deregister, events } = newState();
    const heard: string[] = [];
    register(({ n }) => {
      heard.push(`first ${n}`);
      deregister(1);
    });
    register(({ n }) => heard.push(`second ${n}`));
    register(({ n }) => heard.push(`third ${n}`));
    events.queue(item(1));
    events.queue(item(2));
    loop.turn();
    expect(heard).toEqual(['first 1', 'third 1', 'first 2', 'third 2']);
  });

  test('one that deregisters itself is not called for the rest of the batch (D5)', () => {
    const { loop, register, deregister, events } = newState();
    const heard: number[] = [];
    const id = register(({ n }) => {
      heard.push(n);
      deregister(id);
    });
    register(nothing);
    events.queue(item(1));
    events.queue(item(2));
    loop.turn();
    expect(heard).toEqual([1]);
  });

  test('what a callback queues is delivered in the next turn, not in the same batch (D6)', () => {
    const { loop, register, events } = newState();
    const heard: number[] = [];
    register(({ n }) => {
      heard.push(n);
      if (n === 1) events.queue(item(3));
    });
    events.queue(item(1));
    events.queue(item(2));
    loop.turn();
    expect(heard).toEqual([1, 2]);
    loop.turn();
    expect(heard).toEqual([1, 2, 3]);
  });

  test.each([
    ['and nobody came: what callbacks queued is thrown away, and counted', false, [], [2]],
    ['but somebody came: what callbacks queued is delivered', true, [2], []],
  ])('all were deregistered in the batch, %s (D7; T4)', (_, comes, delivered, counted) => {
    const { loop, register, deregister, events, thrownAway } = newState();
    const heard: number[] = [];
    const id = register(() => {
      deregister(id);
      events.queue(item(2));
      if (comes) register(({ n }) => heard.push(n));
    });
    events.queue(item(1));
    loop.turn();
    loop.turn();
    expect([heard, thrownAway]).toEqual([delivered, counted]);
    expect(loop.timeouts).toBe(comes ? 1 : 0);
  });

  test('a loop that is run inside a callback calls nobody; the rest comes in its order (D8; T16)', () => {
    const { loop, register, deregister, events } = newState();
    const heard: string[] = [];
    register(({ n }) => {
      heard.push(`first ${n}`);
      if (n !== 1) return;
      deregister(1);
      events.queue(item(3));
      loop.turn();
      events.flush();
    });
    register(({ n }) => heard.push(`gone ${n}`), { free: () => heard.push('free') });
    register(({ n }) => heard.push(`last ${n}`));
    events.queue(item(1));
    events.queue(item(2));
    loop.turn();
    expect(heard).toEqual(['first 1', 'last 1', 'first 2', 'last 2', 'free']);
    loop.turn();
    expect(heard.slice(5)).toEqual(['first 3', 'last 3']);
  });

  test('a callback that throws or rejects harms nobody else, and is reported with its event (D9)', async () => {
    const { loop, register, deregister, events, errors } = newState();
    const heard: string[] = [];
    register(() => {
      throw new Error('thrown');
    });
    register(async () => {
      throw new Error('rejected');
    });
    register(
      ({ n }) => {
        heard.push(`third ${n}`);
        deregister(2);
      },
      { free: () => heard.push('free') },
    );
    events.queue(item(1));
    loop.turn();
    await turn();
    expect(heard).toEqual(['third 1', 'free']);
    expect(errors).toEqual([
      ['Error: thrown', 1],
      ['Error: rejected', 1],
    ]);
  });

  test('what a callback returns is ignored (D11)', () => {
    const { loop, register, events } = newState();
    const heard: number[] = [];
    register(() => false);
    register(({ n }) => heard.push(n));
    events.queue(item(1));
    loop.turn();
    expect(heard).toEqual([1]);
  });
});

describe('free (object_event.c:virObjectEventCallbackListPurgeMarked)', () => {
  test('outside of a dispatch free runs inside of the call that deregisters, once', () => {
    const { register, deregister } = newState();
    const log: string[] = [];
    const id = register(nothing, { free: () => log.push('free') });
    deregister(id);
    log.push('after');
    deregister(id);
    expect(log).toEqual(['free', 'after']);
  });

  test('inside of a dispatch free runs when all that was queued is through, once', () => {
    const { loop, register, deregister, events } = newState();
    const log: string[] = [];
    register(
      ({ n }) => {
        log.push(`one ${n}`);
        if (n === 1) log.push(`deregistered ${deregister(0)}`);
      },
      { free: () => log.push('free one') },
    );
    register(({ n }) => log.push(`two ${n}`));
    events.queue(item(1));
    events.queue(item(2));
    loop.turn();
    loop.turn();
    events.close();
    expect(log).toEqual(['one 1', 'deregistered true', 'two 1', 'two 2', 'free one']);
  });

  test('several that go in one dispatch are freed in the order of registration', () => {
    const { loop, register, deregister, events } = newState();
    const log: string[] = [];
    register(() => [2, 0, 1].map(deregister), { free: () => log.push('one') });
    register(nothing, { free: () => log.push('two') });
    register(other, { free: () => log.push('three') });
    events.queue(item(1));
    loop.turn();
    expect(log).toEqual(['one', 'two', 'three']);
  });

  test('free may register, deregister and queue, where libvirt would lock itself up (T3)', () => {
    const { loop, register, deregister, events } = newState();
    const log: string[] = [];
    register(nothing, {
      free: () => {
        log.push('first');
        deregister(1);
        register(({ n }) => log.push(`new ${n}`));
        events.queue(item(1));
      },
    });
    register(other, { free: () => log.push('second') });
    deregister(0);
    loop.turn();
    expect(log).toEqual(['first', 'second', 'new 1']);
  });

  test('a free that throws or rejects is reported, and the others are freed', async () => {
    const { register, events, errors } = newState();
    const log: string[] = [];
    register(nothing, {
      free: () => {
        throw new Error('thrown');
      },
    });
    register(other, { free: async () => Promise.reject(new Error('rejected')) });
    register(nothing, { type: 'reboot', free: () => log.push('freed') });
    events.close();
    await turn();
    expect(log).toEqual(['freed']);
    expect(errors).toEqual([
      ['Error: thrown', null],
      ['Error: rejected', null],
    ]);
  });
});

describe('close (object_event.c:virObjectEventStateDispose)', () => {
  test('frees each registration once, throws away what is queued, and removes the timeout', () => {
    const { loop, register, events, thrownAway } = newState();
    const log: string[] = [];
    register(() => log.push('called'), { free: () => log.push('free one') });
    register(nothing, { free: () => log.push('free two') });
    events.queue(item(1));
    events.close();
    events.queue(item(2));
    loop.turn();
    events.close();
    expect(log).toEqual(['free one', 'free two']);
    expect(thrownAway).toEqual([1]);
    expect(loop.timeouts).toBe(0);
  });

  test('inside of a callback nobody is called after it, and all is freed when the batch is through', () => {
    const { loop, register, events } = newState();
    const log: string[] = [];
    register(
      ({ n }) => {
        log.push(`first ${n}`);
        events.close();
      },
      { free: () => log.push('free one') },
    );
    register(() => log.push('second'), { free: () => log.push('free two') });
    events.queue(item(1));
    events.queue(item(2));
    loop.turn();
    loop.turn();
    expect(log).toEqual(['first 1', 'free one', 'free two']);
  });

  test('one whose free deregisters the next: each is freed once', () => {
    const { register, deregister, events } = newState();
    const log: string[] = [];
    register(nothing, {
      free: () => {
        log.push('one');
        deregister(1);
      },
    });
    register(other, { free: () => log.push('two') });
    events.close();
    expect(log).toEqual(['one', 'two']);
  });
});
