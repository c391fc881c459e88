/** What one reader is sent, and when: by a feed and a response of the test's. */
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Feed, Position } from '../../../src/dashboard/feed.ts';
import { Reader } from '../../../src/dashboard/reader.ts';
import { ReplayLoop } from '../../../src/recording/replay-loop.ts';

class FakeResponse extends EventEmitter {
  writableLength = 0;
  readonly sent: string[] = [];
  destroyed = false;

  write(text: string): void {
    this.sent.push(text);
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

class FakeFeed {
  position: Position = { seq: 7, revision: 3 };
  /** A base is what lagging readers need. */
  anew = false;
  readonly listeners = new Set<() => void>();
  readonly asked: string[] = [];

  base(): string {
    return '"base"';
  }

  update(of: Position, maxChars: number): string | null {
    this.asked.push(`${of.seq}/${of.revision} ${maxChars}`);
    return this.anew ? null : `"since ${of.seq}"`;
  }

  resume(seq: number): Position | null {
    return seq <= 7 ? { seq, revision: 0 } : null;
  }

  onUpdate(listener: () => void): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }

  news(): void {
    this.position = { seq: this.position.seq + 1, revision: this.position.revision + 1 };
    for (const listener of [...this.listeners]) listener();
  }
}

let response: FakeResponse;
let feed: FakeFeed;
let loop: ReplayLoop;
beforeEach(() => {
  response = new FakeResponse();
  feed = new FakeFeed();
  loop = new ReplayLoop();
});

function open(lastEventId?: string): Reader {
  const options = { feed: feed as unknown as Feed, loop, server: 'S', bufferBytes: 1000, lastEventId };
  const reader = new Reader(response as unknown as ServerResponse, options);
  response.sent.splice(0, 1);
  return reader;
}

const event = (type: string, seq: number, data: string): string =>
  `event: ${type}\nid: S-${seq}\ndata: ${data}\n\n`;

test('a reader that comes is told to come back soon, and gets a base', () => {
  const options = {
    feed: feed as unknown as Feed,
    loop,
    server: 'S',
    bufferBytes: 1,
    lastEventId: undefined,
  };
  new Reader(response as unknown as ServerResponse, options);
  expect(response.sent).toEqual(['retry: 1000\n\n', event('base', 7, '"base"')]);
});

test('one that comes back gets what it missed, all of it', () => {
  open('S-5');
  expect(response.sent).toEqual([event('update', 7, '"since 5"')]);
  expect(feed.asked).toEqual(['5/0 Infinity']);
});

test.each(['T-5', 'S-', 'S-8', 'S--1', 'S-5x', 'S-1e1', '5', ''])('one that says %j gets a base', (id) => {
  open(id);
  expect(response.sent).toEqual([event('base', 7, '"base"')]);
});

test('news come as updates, each from where it was', () => {
  open();
  feed.news();
  feed.news();
  expect(response.sent.slice(1)).toEqual([event('update', 8, '"since 7"'), event('update', 9, '"since 8"')]);
});

describe('a reader that does not take what it is sent', () => {
  test('is sent nothing more, until it has: then one update with all since, bounded', () => {
    open();
    response.writableLength = 1001;
    for (let n = 0; n < 50; n += 1) feed.news();
    expect(response.sent).toHaveLength(1);
    response.writableLength = 0;
    response.emit('drain');
    expect(response.sent.slice(1)).toEqual([event('update', 57, '"since 7"')]);
    expect(feed.asked).toEqual(['7/3 1000']);
    response.emit('drain');
    expect(response.sent).toHaveLength(2);
  });

  test('gets a base instead, if an update cannot tell it all', () => {
    open();
    feed.anew = true;
    feed.news();
    expect(response.sent.slice(1)).toEqual([event('base', 8, '"base"')]);
  });

  test('is cut off after a minute', async () => {
    open();
    response.writableLength = 1001;
    await loop.advance(59_000);
    expect(response.destroyed).toBe(false);
    await loop.advance(60_000);
    expect(response.destroyed).toBe(true);
    expect(feed.listeners.size).toBe(0);
  });

  test('but not if it took something meanwhile', async () => {
    open();
    response.writableLength = 1001;
    await loop.advance(59_000);
    response.writableLength = 0;
    response.emit('drain');
    response.writableLength = 1001;
    await loop.advance(104_000);
    expect(response.destroyed).toBe(false);
  });
});

test('every 15 s something is said, so that a connection that is gone shows', async () => {
  open();
  await loop.advance(45_000);
  expect(response.sent.slice(1)).toEqual([':\n\n', ':\n\n', ':\n\n']);
});

test('one that left is forgotten: no listener, no timer', async () => {
  open();
  response.emit('close');
  feed.news();
  await loop.advance(60_000);
  expect(response.sent).toHaveLength(1);
  expect(feed.listeners.size).toBe(0);
});
