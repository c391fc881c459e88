/** What a feed keeps, and what a reader that lags behind gets of it. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Told } from '../../../src/actors/environment.ts';
import { Feed } from '../../../src/dashboard/feed.ts';
import type { Base, Update } from '../../../src/dashboard/protocol.ts';
import { DropCounters } from '../../../src/diagnostics.ts';
import { parseRecording } from '../../../src/recording/reader.ts';
import { ReplayDomain } from '../../../src/recording/replay-domain.ts';
import { ReplayLoop } from '../../../src/recording/replay-loop.ts';
import { observer, text } from '../recording/helpers.ts';

const MANY = 1_000_000;

let loop: ReplayLoop;
let counters: DropCounters;
let feed: Feed;
beforeEach(() => {
  loop = new ReplayLoop();
  counters = new DropCounters();
  feed = makeFeed();
});

const makeFeed = (items = 100, itemChars = MANY): Feed =>
  new Feed({
    loop,
    now: () => loop.nowMs,
    counters,
    server: 'server',
    readOnly: true,
    replay: null,
    limits: { items, itemChars },
  });

function attach(key: string): ReplayDomain {
  const domain = new ReplayDomain(parseRecording('a', text(observer({ name: key }))), counters);
  feed.attach(key, domain);
  domain.start();
  return domain;
}

const event = (name: string): Told => ({
  type: 'monitor-event',
  args: { event: name, timestamp: null, data: null },
  incarnation: null,
});
const tell = (key: string, count: number): void => {
  for (let n = 1; n <= count; n += 1) feed.told(key, event(`E${n}`));
};

const base = (): Base => JSON.parse(feed.base());
const update = (of: Feed['position'], maxChars = MANY): Update | null => {
  const json = feed.update(of, maxChars);
  return json === null ? null : JSON.parse(json);
};
const seqs = (of: { readonly items: Update['items'] } | null): number[] =>
  (of?.items ?? []).map(({ seq }) => seq);

describe('a feed', () => {
  test('tells what is new every 40 ms, all together, and is silent while nothing is', async () => {
    attach('vm1');
    await loop.advance(100);
    let told = 0;
    feed.onUpdate(() => {
      told += 1;
    });
    await loop.advance(1000);
    expect(told).toBe(0);
    tell('vm1', 3);
    await loop.advance(1039);
    expect(told).toBe(0);
    await loop.advance(1040);
    expect(told).toBe(1);
    await loop.advance(2000);
    expect(told).toBe(1);
    expect(seqs(base())).toEqual([1, 2, 3]);
  });

  test('keeps as many items as it may, and numbers all of them', async () => {
    feed = makeFeed(5);
    attach('vm1');
    tell('vm1', 12);
    feed.flush();
    expect(base().seq).toBe(12);
    expect(seqs(base())).toEqual([8, 9, 10, 11, 12]);
  });

  test('keeps as many characters of them as it may', () => {
    feed = makeFeed(100, 1000);
    attach('vm1');
    tell('vm1', 50);
    feed.flush();
    const { items } = base();
    expect(JSON.stringify(items).length).toBeLessThan(1100);
    expect(items.length).toBeGreaterThan(2);
    expect(items.at(-1)?.seq).toBe(50);
  });

  test('calls nobody from inside a step, however much is told in one turn, and keeps the last of it', () => {
    feed = makeFeed(50);
    attach('vm1');
    let told = 0;
    feed.onUpdate(() => {
      told += 1;
    });
    tell('vm1', 25_000);
    expect(told).toBe(0);
    feed.flush();
    expect(told).toBe(1);
    expect(base().seq).toBe(25_000);
    expect(seqs(base())).toHaveLength(50);
  });

  test('has counters as they are, and in an update those that changed', () => {
    attach('vm1');
    counters.add('unknown', 'A');
    counters.add('stale', 'B');
    tell('vm1', 1);
    feed.flush();
    const { position } = feed;
    expect(base().counters).toEqual([
      { reason: 'unknown', event: 'A', count: 1 },
      { reason: 'stale', event: 'B', count: 1 },
    ]);
    counters.add('stale', 'B');
    tell('vm1', 1);
    feed.flush();
    expect(update(position)?.counters).toEqual([{ reason: 'stale', event: 'B', count: 2 }]);
  });
});

describe('an update', () => {
  test('has what came since, and only the domains that changed', () => {
    const [one] = [attach('vm1'), attach('vm2')];
    feed.flush();
    const { position } = feed;
    one.actor.send({ type: 'manager.starting', incarnation: { uuid: 'u', id: 7 } });
    tell('vm1', 2);
    tell('vm2', 1);
    feed.flush();
    const next = update(position);
    // The transition of vm1, and three events.
    expect(seqs(next)).toEqual([1, 2, 3, 4]);
    expect(next?.domains.map(({ key, id }) => [key, id])).toEqual([['vm1', 7]]);
    expect(next).toMatchObject({ gone: [], lost: 0 });
  });

  test('for a reader that lags has the newest items that fit, and how many are lost', () => {
    attach('vm1');
    feed.flush();
    const { position } = feed;
    for (let flush = 0; flush < 5; flush += 1) {
      tell('vm1', 10);
      feed.flush();
    }
    const all = update(position);
    expect(all?.lost).toBe(0);
    expect(seqs(all)).toHaveLength(50);
    const some = update(position, 1000);
    expect(some?.seq).toBe(50);
    expect(some?.items.at(-1)?.seq).toBe(50);
    expect(some?.items.length).toBeLessThan(10);
    expect((some?.items.length ?? 0) + (some?.lost ?? 0)).toBe(50);
  });

  test('for a reader that lags counts what is not kept any more as lost', () => {
    feed = makeFeed(10);
    attach('vm1');
    feed.flush();
    const { position } = feed;
    tell('vm1', 30);
    feed.flush();
    tell('vm1', 5);
    feed.flush();
    expect(update(position)).toMatchObject({ seq: 35, lost: 25 });
  });

  test('names those that were let go of, once; a reader that lags begins anew then', () => {
    attach('vm1');
    attach('vm2');
    feed.flush();
    const before = feed.position;
    feed.told('vm1', { type: 'detached', args: {}, incarnation: null });
    feed.flush();
    expect(update(before)?.gone).toEqual(['vm1']);
    const after = feed.position;
    tell('vm2', 1);
    feed.flush();
    expect(update(after)?.gone).toEqual([]);
    expect(update(before)).toBeNull();
    expect(base().domains.map(({ key }) => key)).toEqual(['vm2']);
  });

  test('is made once for all readers that are up to date', () => {
    attach('vm1');
    feed.flush();
    const { position } = feed;
    tell('vm1', 1);
    feed.flush();
    const one = feed.update({ ...position }, 1000);
    counters.add('unknown', 'not seen before the next flush');
    expect(feed.update({ ...position }, 1000)).toBe(one);
  });
});

test('of a domain that is not shown nothing is told', () => {
  tell('nobody', 1);
  feed.flush();
  expect(base().items).toEqual([]);
});

test('a closed feed watches nobody', async () => {
  const domain = attach('vm1');
  feed.flush();
  feed.close();
  domain.actor.send({ type: 'manager.starting', incarnation: { uuid: 'u', id: 7 } });
  feed.flush();
  expect(base().items).toEqual([]);
});
