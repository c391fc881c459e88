/** The part of an event loop's contract that is about timeouts. */
import { describe, expect, test } from 'vitest';
import type { Scene } from './event-loop-scene.ts';

export function timeoutContract(name: string, setUp: () => Promise<Scene>): void {
  describe(`a timeout of ${name}`, () => {
    test('of -1 is registered but disabled, until it is updated', async () => {
      const { loop, pass } = await setUp();
      const called: number[] = [];
      const timer = loop.addTimeout(-1, (timer) => called.push(timer));
      await pass(10_000);
      expect(called).toEqual([]);
      loop.updateTimeout(timer, 10);
      await pass(10);
      expect(called).toEqual([timer]);
      loop.updateTimeout(timer, -1);
      await pass(10_000);
      expect(called).toEqual([timer]);
    });

    test('of 0 is called in every turn', async () => {
      const { loop, turns, until } = await setUp();
      let calls = 0;
      const timer = loop.addTimeout(0, () => {
        calls += 1;
      });
      await until(() => calls > 10);
      loop.updateTimeout(timer, -1);
      const before = calls;
      await turns();
      expect(calls).toBe(before);
    });

    test('is periodic, from the interval on', async () => {
      const { loop, pass } = await setUp();
      let calls = 0;
      loop.addTimeout(100, () => {
        calls += 1;
      });
      const counts: number[] = [];
      for (const ms of [99, 1, 99, 1, 100]) {
        await pass(ms);
        counts.push(calls);
      }
      expect(counts).toEqual([0, 1, 1, 2, 3]);
    });

    test('starts its interval anew with an update, also when that is unchanged', async () => {
      const { loop, pass } = await setUp();
      let calls = 0;
      const timer = loop.addTimeout(100, () => {
        calls += 1;
      });
      await pass(60);
      loop.updateTimeout(timer, 100);
      await pass(60);
      expect(calls).toBe(0);
      await pass(40);
      expect(calls).toBe(1);
    });
  });
}
