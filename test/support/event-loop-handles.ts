/** The part of an event loop's contract that is about handles. */
import type { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { ERROR, HANGUP, READABLE, WRITABLE } from '../../src/loop/event-loop.ts';
import type { Scene } from './event-loop-scene.ts';

export function handleContract(name: string, setUp: () => Promise<Scene>): void {
  describe(`a handle of ${name}`, () => {
    test('is called as long as there are unread bytes, with what it was added with', async () => {
      const { loop, turns, until, pair } = await setUp();
      const { near } = await pair('abc');
      let read = '';
      let calls = 0;
      const seen = new Set<unknown>();
      const watch = loop.addHandle(near, READABLE, (...args) => {
        for (const arg of args) seen.add(arg);
        calls += 1;
        if (calls > 5) read += near.read(1);
      });
      await until(() => read === 'abc');
      await turns();
      expect({ calls, seen: [...seen] }).toEqual({ calls: 8, seen: [watch, near, READABLE] });
    });

    test('without READABLE in its mask is not called for bytes, and with it again is', async () => {
      const { loop, turns, until, pair } = await setUp();
      const { near } = await pair('abc');
      let calls = 0;
      const watch = loop.addHandle(near, 0, () => {
        calls += 1;
        loop.updateHandle(watch, 0);
      });
      await turns();
      expect(calls).toBe(0);
      for (const expected of [1, 2]) {
        loop.updateHandle(watch, READABLE);
        await until(() => calls === expected);
        await turns();
        expect(calls).toBe(expected);
      }
    });

    test('hears of bytes that come later', async () => {
      const { loop, until, pair } = await setUp();
      const { near, far } = await pair();
      let read = '';
      loop.addHandle(near, READABLE, () => {
        read += near.read(1) ?? '';
      });
      for (const expected of ['a', 'ab', 'abc']) {
        far.write(expected.at(-1));
        await until(() => read === expected);
      }
    });

    test('with WRITABLE in its mask is called as long as a write would not have to wait', async () => {
      const { loop, turns, until, pair } = await setUp();
      const { near, far } = await pair();
      let calls = 0;
      const heard = new Set<number>();
      const watch = loop.addHandle(near, WRITABLE, (_watch, _stream, events) => {
        heard.add(events);
        calls += 1;
        if (calls > 3) while (near.write(Buffer.alloc(65_536))) {}
      });
      await until(() => near.writableNeedDrain);
      await turns();
      const blocked = calls;
      await turns();
      expect(calls).toBe(blocked);
      far.resume();
      await until(() => calls > blocked);
      loop.removeHandle(watch);
      expect([...heard]).toEqual([WRITABLE]);
    });

    test('hears HANGUP once, after the last byte, and then the end is readable too', async () => {
      const { loop, turns, until, pair } = await setUp();
      const { near, far } = await pair('abc');
      const heard: unknown[] = [];
      loop.addHandle(near, READABLE, (_watch, _stream, events) => {
        heard.push(events, near.read(Math.min(2, near.readableLength))?.toString() ?? null);
      });
      far.end('d');
      await until(() => heard.includes(READABLE | HANGUP));
      await turns();
      expect(heard.filter((item) => typeof item === 'string').join('')).toBe('abcd');
      expect(heard.indexOf(READABLE | HANGUP)).toBe(heard.length - 2);
    });

    test('hears HANGUP also with a mask of 0, and of a stream that is over already', async () => {
      const { loop, turns, until, pair } = await setUp();
      const { near, far } = await pair();
      const heard: number[] = [];
      const hear = (_watch: number, _stream: Duplex, events: number): void => {
        heard.push(events);
      };
      loop.addHandle(near, 0, hear);
      far.end();
      await until(() => heard.length === 1);
      loop.addHandle(near, 0, hear);
      await until(() => heard.length === 2);
      await turns();
      expect(heard).toEqual([HANGUP, HANGUP]);
    });

    test("hears ERROR once, with the stream's error, also with a mask of 0, and of a stream that is over already", async () => {
      const { loop, turns, until, pair } = await setUp();
      const { near } = await pair();
      const error = new Error('broken');
      const errors = new Set<unknown>();
      const hear = (heard: number[]) => (_watch: number, stream: Duplex, events: number) => {
        heard.push(events);
        errors.add(stream.errored);
      };
      const first: number[] = [];
      const second: number[] = [];
      loop.addHandle(near, 0, hear(first));
      near.destroy(error);
      await until(() => first.some((events) => (events & HANGUP) !== 0));
      loop.addHandle(near, 0, hear(second));
      await until(() => second.some((events) => (events & HANGUP) !== 0));
      await turns();
      for (const heard of [first, second])
        expect(heard.filter((events) => (events & ERROR) !== 0)).toHaveLength(1);
      expect([...errors]).toEqual([error]);
    });

    test('is one of several of the same stream, each by its own mask', async () => {
      const { loop, until, pair } = await setUp();
      const { near } = await pair('abc');
      const heard: [number, number][] = [];
      const hear = (watch: number, _stream: Duplex, events: number): void => {
        heard.push([watch, events]);
        loop.updateHandle(watch, 0);
      };
      const watches = [READABLE, 0, WRITABLE].map((events) => loop.addHandle(near, events, hear));
      await until(() => heard.length === 2);
      expect(new Set(watches).size).toBe(3);
      expect(new Map(heard)).toEqual(
        new Map([
          [watches[0], READABLE],
          [watches[2], WRITABLE],
        ]),
      );
      loop.removeHandle(watches[0] ?? 0);
      loop.updateHandle(watches[1] ?? 0, READABLE);
      await until(() => heard.length === 3);
      expect(heard[2]).toEqual([watches[1], READABLE]);
    });
  });
}
