import { describe, expect, test } from 'vitest';
import { streamEvents, waitFor, watchState } from '../../../src/doors/streams.ts';
import type { EventStreamOptions } from '../../../src/index.ts';
import { newDoors, paused, pretendDomain, resumed, stopped } from './doors.ts';

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );

async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const each of stream) items.push(each);
  return items;
}

type Doors = ReturnType<typeof newDoors>;

describe('events()', () => {
  test('a stream gives the events of its domain and its types, in order, from the call on, until `detached`', async () => {
    const { loop, events, vm, queue } = newDoors();
    const stream = streamEvents(events, vm, ['lifecycle', 'reboot', 'lifecycle', 'detached'], {});
    queue('lifecycle', paused);
    queue('lifecycle', stopped, pretendDomain('other'));
    queue('balloon-change', { actualKiB: 1 });
    queue('reboot', {});
    queue('lifecycle', resumed);
    queue('detached', {});
    queue('reboot', {});
    loop.turn();
    const types = (await allOf(stream)).map(({ type }) => type);
    expect(types).toEqual(['lifecycle', 'reboot', 'lifecycle', 'detached']);
    expect(events.isWanted).toBe(false);
  });

  test('without `detached` in its list ends at it all the same', async () => {
    const { loop, events, vm, queue } = newDoors();
    const stream = streamEvents(events, vm, ['reboot'], {});
    queue('reboot', {});
    queue('detached', {});
    loop.turn();
    expect((await allOf(stream)).map(({ type }) => type)).toEqual(['reboot']);
  });

  test('a stream coalesces by type and, where the row names one, by the device', async () => {
    const { loop, events, vm, queue } = newDoors();
    const options: EventStreamOptions = { limit: 2, overflow: 'coalesce' };
    const trays = streamEvents(events, vm, ['tray-change'], options);
    const balloons = streamEvents(events, vm, ['balloon-change', 'reboot'], options);
    queue('tray-change', { alias: 'cd0', reason: 'open' });
    queue('tray-change', { alias: 'cd1', reason: 'open' });
    queue('tray-change', { alias: 'cd0', reason: 'close' });
    queue('balloon-change', { actualKiB: 1 });
    queue('reboot', {});
    queue('balloon-change', { actualKiB: 2 });
    queue('detached', {});
    loop.turn();
    const argsOf = (each: { type: string; args?: unknown }): unknown => each.args ?? each;
    expect((await allOf(trays)).map(argsOf)).toEqual([
      { alias: 'cd1', reason: 'open' },
      { alias: 'cd0', reason: 'close' },
    ]);
    expect((await allOf(balloons)).map(argsOf)).toEqual([{}, { actualKiB: 2 }]);
  });

  test('a stream coalesces reports by what they are about: outcomes by type, raw events by name', async () => {
    const { loop, events, vm, queue } = newDoors();
    const stream = streamEvents(events, vm, ['outcome', 'monitor-event'], { limit: 2, overflow: 'coalesce' });
    queue('monitor-event', { event: 'STOP', timestamp: null, data: null });
    queue('monitor-event', { event: 'RESUME', timestamp: null, data: null });
    queue('monitor-event', { event: 'STOP', timestamp: null, data: {} });
    queue('detached', {});
    loop.turn();
    expect((await allOf(stream)).map((each) => 'args' in each && each.args)).toEqual([
      { event: 'RESUME', timestamp: null, data: null },
      { event: 'STOP', timestamp: null, data: {} },
    ]);
  });

  test('a slow consumer holds up nobody: the others hear everything, in order, and its loss is told', async () => {
    const { loop, events, vm, queue } = newDoors();
    const slow = streamEvents(events, vm, ['balloon-change'], { limit: 10 });
    const fast = streamEvents(events, vm, ['balloon-change'], { limit: 10_000 });
    const numbers = Array.from({ length: 10_000 }, (_, n) => n);
    for (const n of numbers) {
      queue('balloon-change', { actualKiB: n });
      loop.turn();
    }
    events.close();
    const kept = (each: { type: string; args?: unknown }): unknown => each.args ?? each;
    expect((await allOf(fast)).map(kept)).toEqual(numbers.map((actualKiB) => ({ actualKiB })));
    expect((await allOf(slow)).map(kept)).toEqual([
      { type: 'lost', count: 9990 },
      ...numbers.slice(-10).map((actualKiB) => ({ actualKiB })),
    ]);
  });

  test.each([
    ['a list', 'lifecycle'],
    ['nonsense', ['nonsense']],
    ['a report', [5]],
  ])('needs types: %s is a TypeError, and leaves nothing registered', (_, types) => {
    const { events, vm } = newDoors();
    expect(() => streamEvents(events, vm, types as ['lifecycle'], {})).toThrow(TypeError);
    expect(() => streamEvents(events, vm, ['lifecycle'], { limit: 0 })).toThrow(TypeError);
    expect(events.isWanted).toBe(false);
  });
});

describe('watchState()', () => {
  test('watchState() gives first the present state, then each change, with no gap between', async () => {
    const { loop, events, vm, become, queue } = newDoors();
    const states = watchState(events, vm, {});
    become('paused', 'user');
    loop.turn();
    expect((await states.next()).value).toMatchObject({ state: 'paused', reason: 'user' });
    const next = states.next();
    become('running', 'unpaused');
    loop.turn();
    expect((await next).value).toMatchObject({ state: 'running', reason: 'unpaused' });
    queue('detached', {});
    loop.turn();
    expect(await states.next()).toEqual({ done: true, value: undefined });
  });

  test('the first is the present state at the call, without a turn of the loop', async () => {
    const { events, vm } = newDoors();
    expect((await watchState(events, vm, {}).next()).value).toMatchObject({ reason: 'booted' });
  });

  test('watchState() never gives an older state after a newer one: what is queued at the call is in the first', async () => {
    const { loop, events, vm, become } = newDoors();
    watchState(events, vm, {});
    become('paused', 'user');
    become('running', 'unpaused');
    const states = watchState(events, vm, {});
    const seen = [(await states.next()).value.reason];
    const next = states.next();
    loop.turn();
    become('paused', 'ioerror');
    loop.turn();
    seen.push((await next).value.reason);
    expect(seen).toEqual(['unpaused', 'ioerror']);
  });

  test('what changed while nobody asked watchState() comes as one, the latest', async () => {
    const { loop, events, vm, become } = newDoors();
    const states = watchState(events, vm, {});
    await states.next();
    for (const reason of ['user', 'ioerror', 'watchdog']) {
      become('paused', reason);
      loop.turn();
    }
    events.close();
    expect((await allOf(states)).map(({ reason }) => reason)).toEqual(['watchdog']);
  });
});

describe.each([null, 5, { sginal: null }, { signal: null }, { signal: 0 }])('the options %j', (options) => {
  test.each([
    ['events()', ({ events, vm }: Doors) => streamEvents(events, vm, ['reboot'], options as object)],
    ['watchState()', ({ events, vm }: Doors) => watchState(events, vm, options as object)],
  ])('are a TypeError of %s that says what was expected, and register nothing', (_, open) => {
    const doors = newDoors();
    expect(() => open(doors)).toThrow(TypeError);
    expect(() => open(doors)).toThrow(/^(options|signal): expected .*, received /);
    expect(doors.events.isWanted).toBe(false);
  });

  test('are a TypeError that waitFor() rejects with, and register nothing', async () => {
    const { loop, events, vm } = newDoors();
    const error = await failure(waitFor(events, loop, vm, 'reboot', () => true, options as object));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(/(options|signal): expected .*, received /);
    expect(events.isWanted).toBe(false);
  });
});

describe('waitFor()', () => {
  test('resolves with the first event that satisfies, and leaves nothing registered', async () => {
    const { loop, events, vm, queue } = newDoors();
    const waited = waitFor(events, loop, vm, 'lifecycle', ({ args }) => args.event === 'resumed', {
      timeoutMs: 100,
    });
    queue('lifecycle', paused);
    queue('lifecycle', resumed);
    queue('lifecycle', { event: 'resumed', detail: 'migrated' });
    loop.turn();
    expect((await waited).args).toEqual(resumed);
    expect([events.isWanted, loop.timeouts]).toEqual([false, 0]);
  });

  test('is registered in the call: what is queued next is not missed', async () => {
    const { loop, events, vm, queue } = newDoors();
    const waited = waitFor(events, loop, vm, 'reboot', () => true, {});
    queue('reboot', {});
    loop.turn();
    expect((await waited).type).toBe('reboot');
  });

  test('waits for `detached` too', async () => {
    const { loop, events, vm, queue } = newDoors();
    const waited = waitFor(events, loop, vm, 'detached', () => true, {});
    queue('detached', {});
    loop.turn();
    expect((await waited).type).toBe('detached');
  });

  test.each([
    ['after timeoutMs with ERR_EVENT_TIMEOUT', 'elapse', { code: 'ERR_EVENT_TIMEOUT', timeoutMs: 100 }],
    ['when the domain is detached with ERR_CLOSED', 'detach', { code: 'ERR_CLOSED' }],
    ['when the driver closes with ERR_CLOSED', 'close', { code: 'ERR_CLOSED' }],
    ['when its signal aborts with the reason', 'abort', { message: 'changed my mind' }],
    ['when its predicate throws with what it throws', 'throw', { message: 'not mine' }],
  ])('rejects %s, and leaves nothing registered', async (_, how, expected) => {
    const { loop, events, vm, queue, errors } = newDoors();
    const controller = new AbortController();
    const predicate = (): boolean => {
      throw new Error('not mine');
    };
    const options = { signal: controller.signal, timeoutMs: 100 };
    const waited = failure(waitFor(events, loop, vm, 'reboot', predicate, options));
    if (how === 'elapse') loop.elapse();
    if (how === 'detach') queue('detached', {});
    if (how === 'close') events.close();
    if (how === 'abort') controller.abort(new Error('changed my mind'));
    if (how === 'throw') queue('reboot', {});
    loop.turn();
    expect(await waited).toMatchObject(expected);
    expect([events.isWanted, loop.timeouts, errors]).toEqual([false, 0, []]);
  });

  test.each([
    [{ signal: 5 }, /signal/],
    [{ timeoutMs: 0 }, /timeoutMs/],
    [{ timeoutMs: Number.NaN }, /timeoutMs/],
  ])('%j is a TypeError, and leaves nothing registered', async (options, message) => {
    const { loop, events, vm } = newDoors();
    const error = await failure(waitFor(events, loop, vm, 'reboot', () => true, options as object));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(message);
    for (const wrong of [
      waitFor(events, loop, vm, 'nonsense' as 'reboot', () => true, {}),
      waitFor(events, loop, vm, 'reboot', 5 as never, {}),
    ])
      expect(await failure(wrong)).toBeInstanceOf(TypeError);
    expect(events.isWanted).toBe(false);
  });

  test('a signal that is aborted already rejects at once', async () => {
    const { loop, events, vm } = newDoors();
    const signal = AbortSignal.abort(new Error('too late'));
    expect(await failure(waitFor(events, loop, vm, 'reboot', () => true, { signal }))).toMatchObject({
      message: 'too late',
    });
    expect(events.isWanted).toBe(false);
  });
});
