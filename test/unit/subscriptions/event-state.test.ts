import { describe, expect, test } from 'vitest';
import { NodeEventLoop } from '../../../src/loop/node-event-loop.ts';
import { EventState } from '../../../src/subscriptions/event-state.ts';
import { EventStream, type Overflow } from '../../../src/subscriptions/event-stream.ts';

interface Item {
  readonly type: 'a' | 'b';
  readonly n: number;
}
const a = (n: number): Item => ({ type: 'a', n });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

function state() {
  const errors: unknown[] = [];
  return { errors, events: new EventState<Item>(new NodeEventLoop(), (error) => errors.push(error)) };
}

describe('the queue of events (object_event.c:virObjectEventStateQueue)', () => {
  test('never calls back from inside queue(), and delivers in order in a later turn', async () => {
    const { events } = state();
    const heard: number[] = [];
    events.subscribe('a', ({ n }) => heard.push(n));
    events.queue(a(1));
    events.queue(a(2));
    expect(heard).toEqual([]);
    await turn();
    expect(heard).toEqual([1, 2]);
  });

  test('is matched when it is delivered: a subscription closed meanwhile hears nothing (promise 5)', async () => {
    const { events } = state();
    const heard: number[] = [];
    const close = events.subscribe('a', ({ n }) => heard.push(n));
    events.subscribe('a', () => {});
    events.queue(a(1));
    close();
    await turn();
    expect(heard).toEqual([]);
  });

  test('a callback that closes a later subscription keeps it from being called, also for this item', async () => {
    const { events } = state();
    const heard: string[] = [];
    let closeSecond = (): void => {};
    events.subscribe('a', () => {
      heard.push('first');
      closeSecond();
    });
    closeSecond = events.subscribe('a', () => heard.push('second'));
    events.queue(a(1));
    await turn();
    expect(heard).toEqual(['first']);
  });

  test('what a callback queues comes in a later turn, not in the same batch', async () => {
    const { events } = state();
    const heard: number[] = [];
    events.subscribe('a', ({ n }) => {
      heard.push(n);
      if (n === 1) events.queue(a(3));
    });
    events.queue(a(1));
    events.queue(a(2));
    await turn();
    await turn();
    expect(heard).toEqual([1, 2, 3]);
  });

  test('a throwing or rejecting callback harms nobody else, and is reported (promise 5)', async () => {
    const { events, errors } = state();
    const heard: number[] = [];
    events.subscribe('a', () => {
      throw new Error('thrown');
    });
    events.subscribe('a', async () => {
      throw new Error('rejected');
    });
    events.subscribe('a', ({ n }) => heard.push(n));
    events.queue(a(1));
    await turn();
    expect(heard).toEqual([1]);
    expect(errors.map(String)).toEqual(['Error: thrown', 'Error: rejected']);
  });

  test('closed, it calls nobody any more', async () => {
    const { events } = state();
    const heard: number[] = [];
    events.subscribe('a', ({ n }) => heard.push(n));
    events.queue(a(1));
    events.close();
    events.queue(a(2));
    await turn();
    expect(heard).toEqual([]);
  });
});

describe('a stream of events', () => {
  const filled = (overflow: Overflow): EventStream<number> => {
    const stream = new EventStream<number>({ limit: 2, overflow }, () => {});
    for (const n of [1, 2, 3, 4]) stream.push(n);
    return stream;
  };
  const all = async (stream: EventStream<number>): Promise<unknown[]> => {
    stream.end();
    const items: unknown[] = [];
    for await (const item of stream) items.push(item);
    return items;
  };

  test('drop-oldest: the loss stands before what is left', async () => {
    expect(await all(filled('drop-oldest'))).toEqual([{ type: 'lost', count: 2 }, 3, 4]);
  });

  test('drop-newest: the loss stands after what was kept', async () => {
    expect(await all(filled('drop-newest'))).toEqual([1, 2, { type: 'lost', count: 2 }]);
  });

  test('fail: what was kept, then the error', async () => {
    const stream = filled('fail');
    expect([await stream.next(), await stream.next()].map(({ value }) => value)).toEqual([1, 2]);
    await expect(stream.next()).rejects.toThrow(RangeError);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('ends by its signal, also while somebody waits, and tells its owner once', async () => {
    const controller = new AbortController();
    let ends = 0;
    const stream = new EventStream<number>({}, () => {
      ends += 1;
    });
    stream.endWith(controller.signal);
    const next = stream.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    await stream.return();
    expect(ends).toBe(1);
  });
});
