import { describe, expect, test } from 'vitest';
import { EventStream, type Overflow } from '../../../src/subscriptions/event-stream.ts';

const parity = (n: number): string => (n % 2 === 0 ? 'even' : 'odd');
const streamOf = (overflow: Overflow, limit: number, items: readonly number[]): EventStream<number> => {
  const stream = new EventStream<number>({ limit, overflow }, () => {}, parity);
  for (const n of items) stream.push(n);
  return stream;
};
const all = async (stream: EventStream<number>): Promise<unknown[]> => {
  stream.end();
  const items: unknown[] = [];
  for await (const item of stream) items.push(item);
  return items;
};

describe('at its limit', () => {
  test('drop-oldest: the loss stands before what is left', async () => {
    expect(await all(streamOf('drop-oldest', 2, [1, 2, 3, 4]))).toEqual([{ type: 'lost', count: 2 }, 3, 4]);
  });

  test('drop-newest: the loss stands after what was kept', async () => {
    expect(await all(streamOf('drop-newest', 2, [1, 2, 3, 4]))).toEqual([1, 2, { type: 'lost', count: 2 }]);
  });

  test('drop-newest: nothing is let in between what was kept and its loss', async () => {
    const stream = streamOf('drop-newest', 2, [1, 2, 3]);
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    stream.push(4);
    expect(await all(stream)).toEqual([2, { type: 'lost', count: 2 }]);
  });

  test('fail: what was kept, then the error', async () => {
    const stream = streamOf('fail', 2, [1, 2, 3, 4]);
    expect([await stream.next(), await stream.next()].map(({ value }) => value)).toEqual([1, 2]);
    await expect(stream.next()).rejects.toThrow(RangeError);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('coalesce: of each key only the latest stays, in the order of the latest, and that is no loss', async () => {
    expect(await all(streamOf('coalesce', 3, [1, 3, 2, 5]))).toEqual([2, 5]);
    expect(await all(streamOf('coalesce', 3, [1, 2, 3]))).toEqual([1, 2, 3]);
  });

  test('coalesce: where every key is another the oldest gives way, and that is a loss', async () => {
    const stream = new EventStream<number>({ limit: 2, overflow: 'coalesce' }, () => {}, String);
    for (const n of [1, 2, 3]) stream.push(n);
    expect(await all(stream)).toEqual([{ type: 'lost', count: 1 }, 2, 3]);
  });

  test.each(['drop-oldest', 'drop-newest', 'fail', 'coalesce'] as const)(
    '%s: never more than the limit wait',
    async (overflow) => {
      const stream = streamOf(
        overflow,
        10,
        Array.from({ length: 10_000 }, (_, n) => n),
      );
      stream.end();
      let items = 0;
      for (let error = false; !error; ) {
        const { done, value } = await stream.next().catch(() => ({ done: true, value: undefined }));
        error = done === true;
        if (typeof value === 'number') items += 1;
      }
      expect(items).toBeLessThanOrEqual(10);
      expect(items).toBeGreaterThan(0);
    },
  );
});

describe('its end', () => {
  test('by its signal, also while somebody waits; its owner is told once', async () => {
    const controller = new AbortController();
    let ends = 0;
    const stream = new EventStream<number>(
      {},
      () => {
        ends += 1;
      },
      String,
    );
    stream.endWith(controller.signal);
    const next = stream.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    await stream.return();
    expect(ends).toBe(1);
  });

  test('what waited is given out before it, and what comes later is not', async () => {
    const stream = streamOf('drop-oldest', 5, [1, 2]);
    stream.end();
    stream.push(3);
    expect([await stream.next(), await stream.next(), await stream.next()].map(({ value }) => value)).toEqual(
      [1, 2, undefined],
    );
  });

  test('leaving the loop drops what waits', async () => {
    const stream = streamOf('drop-oldest', 2, [1, 2, 3]);
    for await (const _ of stream) break;
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('leaving the loop drops the error too', async () => {
    const stream = streamOf('fail', 1, [1, 2]);
    for await (const _ of stream) break;
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('is left with its scope, as every other thing that holds something', async () => {
    let ends = 0;
    const onEnd = (): void => {
      ends += 1;
    };
    {
      await using stream = new EventStream<number>({}, onEnd, String);
      stream.push(1);
    }
    expect(ends).toBe(1);
  });

  test.each([
    [{ limit: 0 }, /limit/],
    [{ limit: 1.5 }, /limit/],
    [{ overflow: 'x' }, /overflow/],
    [{ signal: 5 }, /signal/],
  ])('%j is a TypeError that names what is wrong', (options, message) => {
    const made = (): unknown => new EventStream(options as object, () => {}, String);
    expect(made).toThrow(TypeError);
    expect(made).toThrow(message);
  });
});
