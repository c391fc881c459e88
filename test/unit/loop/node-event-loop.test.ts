/** What Node's event loop does beyond the contract. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ERROR, HANGUP, READABLE, WRITABLE } from '../../../src/loop/event-loop.ts';
import { NodeEventLoop } from '../../../src/loop/node-event-loop.ts';
import { LineReader } from '../../../src/qmp/line-reader.ts';
import { openFifo } from '../../support/fifo.ts';
import { socketPair } from '../../support/socket-pair.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(holds: () => boolean): Promise<void> {
  for (let wait = 0; !holds(); wait++) {
    if (wait === 1_000_000) throw new Error(`never: ${holds}`);
    await turn();
  }
}

describe('a handle', () => {
  test('is called once a turn, so that one that reads little does not starve another', async () => {
    const loop = new NodeEventLoop();
    using one = await socketPair();
    using other = await socketPair();
    for (const { far } of [one, other]) far.write('x'.repeat(1000));
    await until(() => one.near.readableLength === 1000 && other.near.readableLength === 1000);
    let order = '';
    const watches = [one, other].map(({ near }, index) =>
      loop.addHandle(near, READABLE, () => {
        near.read(1);
        order += index;
      }),
    );
    await until(() => order.length >= 20);
    for (const watch of watches) loop.removeHandle(watch);
    expect(order.slice(0, 20)).toBe('01'.repeat(10));
  });

  test('leaves nothing on its stream when it is removed', async () => {
    const loop = new NodeEventLoop();
    using pair = await socketPair();
    const listeners = (): number =>
      ['readable', 'drain', 'end', 'close', 'error'].reduce(
        (sum, name) => sum + pair.near.listenerCount(name),
        0,
      );
    const before = listeners();
    const watch = loop.addHandle(pair.near, READABLE, () => {});
    expect(listeners()).toBe(before + 5);
    loop.removeHandle(watch);
    expect(listeners()).toBe(before);
  });

  test("is not called after its removal from inside a listener of the stream's own", async () => {
    const loop = new NodeEventLoop();
    const stream = new Duplex({ read() {}, write() {} });
    let calls = 0;
    stream.on('readable', () => loop.removeHandle(watch));
    const watch = loop.addHandle(stream, READABLE, () => {
      calls += 1;
    });
    await turn();
    stream.push('x');
    await turn();
    await turn();
    expect(calls).toBe(0);
  });

  test('hears HANGUP after the last byte also when its stream was destroyed before that', async () => {
    const loop = new NodeEventLoop();
    using pair = await socketPair();
    pair.far.write('abc');
    await until(() => pair.near.readableLength === 3);
    const heard: unknown[] = [];
    loop.addHandle(pair.near, READABLE, (_watch, stream, events) => {
      heard.push(events, stream.read(1)?.toString() ?? null);
    });
    pair.near.destroy(new Error('broken'));
    await until(() => heard.includes(READABLE | HANGUP));
    expect(heard).toEqual([
      ...[READABLE | ERROR, 'a', READABLE, 'b', READABLE, 'c'],
      ...[READABLE | HANGUP, null],
    ]);
  });

  test('still hears WRITABLE when only the other end has ended', async () => {
    const loop = new NodeEventLoop();
    let ends = (): void => {};
    const stream = new Duplex({ read: () => ends(), write: (_chunk, _encoding, done) => done() });
    ends = () => stream.push(null);
    const heard: number[] = [];
    const watch = loop.addHandle(stream, WRITABLE, (_watch, _stream, events) => heard.push(events));
    await until(() => heard.length > 5);
    loop.removeHandle(watch);
    expect(heard.filter((events) => events !== WRITABLE)).toEqual([WRITABLE | HANGUP]);
  });
});

describe('bytes', () => {
  test('100 MB of small lines with a budget of 4 KiB a turn arrive complete', async () => {
    const LINES_PER_CHUNK = 1000;
    const CHUNKS = 1000;
    const line = (n: number): string => `${n}`.padStart(99, '.');
    const loop = new NodeEventLoop();
    using pair = await socketPair();
    const reader = new LineReader();
    const seen = { lines: 0, bytes: 0, wrong: null as string | null, ended: false };
    loop.addHandle(pair.near, READABLE, (watch, stream, events) => {
      const chunk: Buffer | null = stream.read(Math.min(4096, stream.readableLength));
      if (chunk !== null) {
        seen.bytes += chunk.length;
        reader.push(chunk);
        for (let next = reader.next(); next !== null; next = reader.next()) {
          if (Number(next.subarray(next.lastIndexOf(0x2e) + 1)) !== seen.lines) seen.wrong ??= String(next);
          seen.lines += 1;
        }
      }
      if ((events & HANGUP) === 0) return;
      seen.ended = true;
      loop.removeHandle(watch);
    });
    for (let chunk = 0; chunk < CHUNKS; chunk++) {
      const lines = Array.from(
        { length: LINES_PER_CHUNK },
        (_, n) => `${line(chunk * LINES_PER_CHUNK + n)}\n`,
      );
      if (!pair.far.write(lines.join(''))) await new Promise((resolve) => pair.far.once('drain', resolve));
    }
    pair.far.end();
    await until(() => seen.ended);
    expect(seen).toEqual({ lines: 1_000_000, bytes: 100_000_000, wrong: null, ended: true });
  });

  test('without READABLE the peer blocks, and less than 2 MiB are buffered', async () => {
    const loop = new NodeEventLoop();
    using pair = await socketPair();
    let calls = 0;
    const watch = loop.addHandle(pair.near, 0, () => {
      calls += 1;
    });
    const chunk = Buffer.alloc(1024 * 1024);
    pair.far.write(chunk);
    await until(() => pair.near.readableLength >= pair.near.readableHighWaterMark);
    // What was written is neither in this process nor in the kernel: it has not left the peer.
    const taken = (): number => pair.near.bytesRead;
    const before = taken();
    expect(pair.far.writableLength).toBeGreaterThan(0);
    for (let n = 0; n < 99; n++) pair.far.write(chunk);
    for (let n = 0; n < 1000; n++) await turn();
    expect({ calls, taken: taken(), buffered: pair.near.readableLength }).toEqual({
      calls: 0,
      taken: before,
      buffered: before,
    });
    expect(before).toBeLessThan(2 * 1024 * 1024);
    expect(pair.far.writableLength).toBeGreaterThan(98 * 1024 * 1024);

    let read = 0;
    loop.removeHandle(watch);
    loop.addHandle(pair.near, READABLE, (_watch, stream) => {
      read += stream.read()?.length ?? 0;
    });
    await until(() => read === 100 * chunk.length);
  });
});

/** Takes all that are free below it, for the rest of the test. */
function leastFreeDescriptor(descriptor: number): void {
  const taken: number[] = [];
  onTestFinished(() => {
    for (const each of taken) closeSync(each);
  });
  let next = openSync('/dev/null', 'r');
  for (; next < descriptor; next = openSync('/dev/null', 'r')) taken.push(next);
  closeSync(next);
}

describe('a descriptor', () => {
  test('of a pipe gets a stream, one for all its watches, which owns it and closes it at its end', async () => {
    const loop = new NodeEventLoop();
    const { reader, writer } = openFifo();
    const streams = new Set<Duplex>();
    let read = '';
    let hangups = 0;
    loop.addHandle(reader, 0, (_watch, stream, events) => {
      streams.add(stream);
      if ((events & HANGUP) !== 0) hangups += 1;
    });
    loop.addHandle(reader, READABLE, (_watch, stream, events) => {
      streams.add(stream);
      read += stream.read() ?? '';
      if ((events & HANGUP) !== 0) hangups += 1;
    });
    writeSync(writer, 'hello');
    await until(() => read === 'hello');
    closeSync(writer);
    await until(() => hangups === 2);
    const [stream, ...others] = streams;
    expect(others).toEqual([]);
    await until(() => stream?.closed === true);
    await turn();
    expect(() => closeSync(reader)).toThrow(/EBADF/);
    // The number is nobody's then, and may be another one's later.
    expect(() => loop.addHandle(reader, 0, () => {})).toThrow(TypeError);
  });

  test('whose number another pipe has after its stream was destroyed gets a stream of its own', async () => {
    const loop = new NodeEventLoop();
    const first = openFifo();
    writeSync(first.writer, 'x');
    const firsts = await new Promise<Duplex>((resolve) => {
      const watch = loop.addHandle(first.reader, READABLE, (_watch, stream) => {
        loop.removeHandle(watch);
        resolve(stream);
      });
    });
    // The number is free at once; Node tells its 'close' later.
    firsts.destroy();
    leastFreeDescriptor(first.reader);
    const second = openFifo();
    expect(second.reader).toBe(first.reader);
    const streamAfter = (text: string): Promise<Duplex> =>
      new Promise((resolve) => {
        const watch = loop.addHandle(second.reader, READABLE, (_watch, stream) => {
          if (String(stream.read()) !== text) return;
          loop.removeHandle(watch);
          resolve(stream);
        });
        writeSync(second.writer, text);
      });
    const stream = await streamAfter('hello');
    await until(() => firsts.closed);
    await turn();
    expect(await streamAfter('again')).toBe(stream);
    expect(stream).not.toBe(firsts);
    stream.destroy();
    closeSync(first.writer);
    closeSync(second.writer);
  });

  test('of a file is refused with a TypeError, as what is no stream is', () => {
    const loop = new NodeEventLoop();
    const file = openSync('/proc/self/status', 'r');
    onTestFinished(() => closeSync(file));
    const bad = [file, -1, 1.5, Number.NaN, 2 ** 31, 'stream', null, {}, undefined];
    for (const handle of bad)
      expect(() => loop.addHandle(handle as Duplex, READABLE, () => {}), String(handle)).toThrow(TypeError);
  });
});

describe('what cannot be used is a TypeError, and nothing is registered', () => {
  const stream = new Duplex({ read() {}, write() {} });
  const nothing = (): void => {};
  const loop = new NodeEventLoop();

  test.each([16, 2 ** 32, -1, 1.5, Number.NaN, '1', undefined])('the mask %s', (mask) => {
    const watch = loop.addHandle(stream, 0, nothing);
    expect(() => loop.addHandle(stream, mask as number, nothing)).toThrow(/^events: expected a mask/);
    expect(() => loop.updateHandle(watch, mask as number)).toThrow(TypeError);
    loop.removeHandle(watch);
    expect(stream.listenerCount('error')).toBe(0);
  });

  test.each([-2, -0.5, Number.NaN, '1', undefined, null])('the interval %s', (ms) => {
    const timer = loop.addTimeout(-1, nothing);
    expect(() => loop.addTimeout(ms as number, nothing)).toThrow(/^ms: expected -1/);
    expect(() => loop.updateTimeout(timer, ms as number)).toThrow(TypeError);
    loop.removeTimeout(timer);
  });

  test('a callback, or free, that is no function', () => {
    const bad = 'callback' as unknown as () => void;
    expect(() => loop.addHandle(stream, 0, bad)).toThrow(/^callback: expected a function/);
    expect(() => loop.addHandle(stream, 0, nothing, bad)).toThrow(/^free: expected a function/);
    expect(() => loop.addTimeout(1, bad)).toThrow(TypeError);
    expect(() => loop.addTimeout(1, nothing, bad)).toThrow(TypeError);
    expect(stream.listenerCount('error')).toBe(0);
  });
});

test('an interval beyond what Node can wait counts as 2^31 - 1 ms', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const loop = new NodeEventLoop();
  let calls = 0;
  loop.addTimeout(Number.POSITIVE_INFINITY, () => {
    calls += 1;
  });
  vi.advanceTimersByTime(2 ** 31 - 2);
  expect(calls).toBe(0);
  vi.advanceTimersByTime(1);
  expect(calls).toBe(1);
});
