/**
 * What the library needs of an event loop, as tests that any implementation can be put to.
 *
 * The rules are libvirt's: `libvirt-event.h`, and what `vireventglib.c` and its users rely on.
 */
import { describe, expect, test } from 'vitest';
import { HANGUP, READABLE, WRITABLE } from '../../src/loop/event-loop.ts';
import { handleContract } from './event-loop-handles.ts';
import { type Connect, collectUncaught, type Scene, setUpScene } from './event-loop-scene.ts';
import { timeoutContract } from './event-loop-timeouts.ts';
import type { LoopUnderTest } from './event-loops.ts';

/**
 * Declares the contract's tests for one implementation.
 *
 * @param make - a fresh loop for each test
 * @param connect - two ends of a connection that the loop can watch; real sockets if left out
 */
export function eventLoopContract(
  name: string,
  make: () => LoopUnderTest | Promise<LoopUnderTest>,
  connect?: Connect,
): void {
  const setUp = (): Promise<Scene> => setUpScene(make, connect);
  handleContract(name, setUp);
  timeoutContract(name, setUp);

  describe(`${name} keeps the contract of an event loop`, () => {
    test('callbacks are run by the loop, never from inside one of the six functions', async () => {
      const { loop, turns, pair } = await setUp();
      const { near, far } = await pair('x');
      let inside = true;
      const called: string[] = [];
      const note = (what: string) => (): void => {
        called.push(inside ? `${what} inside` : what);
      };
      const outside = async (): Promise<void> => {
        // A promise's turn is not the loop's.
        await Promise.resolve();
        inside = false;
        await turns();
        inside = true;
      };
      const watch = loop.addHandle(near, READABLE, note('handle'), note('free'));
      const timer = loop.addTimeout(0, note('timeout'), note('free'));
      await outside();
      loop.updateHandle(watch, READABLE | WRITABLE);
      loop.updateTimeout(timer, 0);
      await outside();
      near.read();
      far.end();
      near.destroy(new Error('gone'));
      await outside();
      loop.removeHandle(watch);
      loop.removeTimeout(timer);
      await outside();
      expect(new Set(called)).toEqual(new Set(['handle', 'timeout', 'free']));
    });

    test('all six may be called from inside any callback', async () => {
      const { loop, turns, until, pair } = await setUp();
      const { near } = await pair('x');
      const called: string[] = [];
      const inCallback = (what: string): void => {
        called.push(what);
        const watch = loop.addHandle(near, READABLE, () => {
          called.push(`${what}: handle`);
          loop.updateHandle(watch, 0);
          loop.removeHandle(watch);
        });
        const timer = loop.addTimeout(0, () => {
          called.push(`${what}: timeout`);
          loop.updateTimeout(timer, -1);
          loop.removeTimeout(timer);
        });
      };
      const timer = loop.addTimeout(
        0,
        () => {
          inCallback('in timeout');
          loop.removeTimeout(timer);
        },
        () => inCallback('in free'),
      );
      await until(() => called.length === 6);
      await turns();
      expect(called.sort()).toEqual([
        ...['in free', 'in free: handle', 'in free: timeout'],
        ...['in timeout', 'in timeout: handle', 'in timeout: timeout'],
      ]);
    });

    test('free runs exactly once after the removal: later, from a clean stack, never while the callback runs', async () => {
      const { loop, turns, until, pair } = await setUp();
      const { near } = await pair('x');
      const called: string[] = [];
      const remove = (what: string, remove: () => boolean) => (): void => {
        called.push(`${what} runs`);
        expect(remove()).toBe(true);
        called.push(`${what} over`);
      };
      const handle = remove('handle', () => loop.removeHandle(watch));
      const timeout = remove('timeout', () => loop.removeTimeout(timer));
      const watch = loop.addHandle(near, READABLE, handle, () => called.push('handle freed'));
      await until(() => called.includes('handle freed'));
      const timer = loop.addTimeout(0, timeout, () => called.push('timeout freed'));
      await until(() => called.includes('timeout freed'));
      expect([loop.removeHandle(watch), loop.removeTimeout(timer)]).toEqual([false, false]);
      await turns();
      expect(called).toEqual([
        ...['handle runs', 'handle over', 'handle freed'],
        ...['timeout runs', 'timeout over', 'timeout freed'],
      ]);
    });

    test('nothing is freed that was not removed', async () => {
      const { loop, turns, pass, pair } = await setUp();
      const { near, far } = await pair();
      const called: string[] = [];
      loop.addHandle(
        near,
        0,
        (_watch, _stream, events) => called.push(`handle ${events & HANGUP}`),
        () => called.push('freed'),
      );
      loop.addTimeout(
        -1,
        () => called.push('timeout'),
        () => called.push('freed'),
      );
      far.end();
      await turns();
      await pass(10_000);
      expect(called).toEqual([`handle ${HANGUP}`]);
    });

    test('a removed entry is never called again, not even when it was ready already', async () => {
      const { loop, turns, pass, pair } = await setUp();
      const [one, other] = [await pair('x'), await pair('x')];
      const called: string[] = [];
      const watches = [one, other].map(({ near }, index) =>
        loop.addHandle(near, READABLE, () => {
          called.push('handle');
          loop.removeHandle(watches[1 - index] ?? 0);
          near.read();
        }),
      );
      await turns();
      const timers = [0, 1].map((index) =>
        loop.addTimeout(100, () => {
          called.push('timeout');
          loop.removeTimeout(timers[1 - index] ?? 0);
          loop.updateTimeout(timers[index] ?? 0, -1);
        }),
      );
      await pass(100);
      const removed = [
        loop.addTimeout(0, () => called.push('removed')),
        loop.addTimeout(5, () => called.push('removed')),
      ];
      for (const timer of removed) loop.removeTimeout(timer);
      const watch = loop.addHandle((await pair('x')).near, READABLE, () => called.push('removed'));
      loop.removeHandle(watch);
      await pass(100);
      expect(called).toEqual(['handle', 'timeout']);
    });

    test('an update of what was removed, or never was, does nothing and revives nothing', async () => {
      const { loop, pass, pair } = await setUp();
      const { near } = await pair('x');
      const called: string[] = [];
      const watch = loop.addHandle(near, 0, () => called.push('handle'));
      const timer = loop.addTimeout(-1, () => called.push('timeout'));
      expect([loop.removeHandle(watch), loop.removeTimeout(timer)]).toEqual([true, true]);
      loop.updateHandle(watch, READABLE);
      loop.updateTimeout(timer, 0);
      loop.updateHandle(987_654, READABLE);
      loop.updateTimeout(987_654, 0);
      await pass(100);
      expect([loop.removeHandle(watch), loop.removeTimeout(timer)]).toEqual([false, false]);
      expect([loop.removeHandle(987_654), loop.removeTimeout(987_654)]).toEqual([false, false]);
      expect(called).toEqual([]);
    });

    test('watches and timers are positive numbers that are never used again', async () => {
      const { loop, turns, pair } = await setUp();
      const { near } = await pair();
      const watches: number[] = [];
      const timers: number[] = [];
      for (let n = 0; n < 5; n++) {
        watches.push(loop.addHandle(near, 0, () => {}));
        timers.push(loop.addTimeout(-1, () => {}));
        loop.removeHandle(watches[n] ?? 0);
        loop.removeTimeout(timers[n] ?? 0);
        await turns();
      }
      for (const ids of [watches, timers]) {
        expect(new Set(ids).size).toBe(5);
        expect(ids.every((id) => Number.isInteger(id) && id > 0)).toBe(true);
      }
    });

    test('a callback that throws keeps no other from running, and is itself called again', async () => {
      const { loop, until, pair } = await setUp();
      const { near } = await pair('x');
      const thrown = collectUncaught();
      const called = { handle: 0, timeout: 0, free: 0, other: 0 };
      const fail = (what: keyof typeof called) => (): void => {
        called[what] += 1;
        throw new Error(what);
      };
      const watch = loop.addHandle(near, READABLE, fail('handle'), fail('free'));
      const timer = loop.addTimeout(0, fail('timeout'), fail('free'));
      loop.addTimeout(0, () => {
        called.other += 1;
      });
      await until(() => called.handle >= 3 && called.timeout >= 3 && called.other >= 3);
      loop.removeHandle(watch);
      loop.removeTimeout(timer);
      const others = called.other;
      await until(() => called.free === 2 && called.other > others);
      expect(new Set(thrown.map((error) => (error as Error).message))).toEqual(
        new Set(['handle', 'timeout', 'free']),
      );
    });
  });
}
