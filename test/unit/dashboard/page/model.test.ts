import { describe, expect, test } from 'vitest';
import { isItem, MAX_ENTRIES, Model } from '../../../../src/dashboard/page/model.ts';
import type { Base, Update } from '../../../../src/dashboard/protocol.ts';
import { counter, domain, item, paused, stateItem } from '../../../browser/support/samples.ts';

const base = (changes: Partial<Base> = {}): Base => ({
  seq: 0,
  server: 'first',
  readOnly: true,
  replay: null,
  domains: [],
  counters: [],
  items: [],
  ...changes,
});

const update = (changes: Partial<Update>): Update => ({
  seq: changes.items?.at(-1)?.seq ?? 0,
  domains: [],
  gone: [],
  counters: [],
  items: [],
  lost: 0,
  ...changes,
});

function begun(changes: Partial<Base> = {}): Model {
  const model = new Model();
  model.begin(base(changes));
  return model;
}

/** Each domain's state after an entry; `?` where it is not known. */
const statesAfter = (model: Model, seq: number): Record<string, string> =>
  Object.fromEntries([...model.domainsAfter(seq)].map(([key, view]) => [key, view?.state ?? '?']));

describe('the model of the page', () => {
  test('knows how each domain was after each entry', () => {
    const model = begun({
      seq: 3,
      domains: [paused('a'), domain('b')],
      items: [stateItem(1, domain('a')), item(2, 'b'), stateItem(3, paused('a'))],
    });
    expect(statesAfter(model, 0)).toEqual({ b: 'running' });
    expect(statesAfter(model, 2)).toEqual({ a: 'running', b: 'running' });
    expect(statesAfter(model, 3)).toEqual({ a: 'paused', b: 'running' });
  });

  test('does not know how a domain was before its first change, if what came before is not kept', () => {
    const model = begun({ seq: 9, domains: [paused('a')], items: [item(8, 'a'), stateItem(9, paused('a'))] });
    expect(statesAfter(model, 8)).toEqual({ a: '?' });
    expect(statesAfter(model, 9)).toEqual({ a: 'paused' });
  });

  test('knows of a domain that did something that it was there, until it went', () => {
    const items = [item(1, 'gone'), item(2, 'a'), stateItem(3, paused('a')), item(4, 'gone')];
    const model = begun({ seq: 4, domains: [paused('a')], items });
    expect([0, 1, 2, 3, 4].map((seq) => statesAfter(model, seq))).toEqual([
      {},
      { gone: '?' },
      { gone: '?', a: '?' },
      { gone: '?', a: 'paused' },
      { a: 'paused' },
    ]);
  });

  test('goes on knowing how domains were before the oldest entry that it keeps', () => {
    const model = begun({ seq: 1, domains: [paused('a')], items: [stateItem(1, paused('a'))] });
    model.apply(update({ items: Array.from({ length: MAX_ENTRIES }, (_, n) => item(n + 2, 'a')) }));
    expect(model.entries.length).toBe(MAX_ENTRIES);
    expect(model.entries[0]?.seq).toBe(2);
    expect(statesAfter(model, 2)).toEqual({ a: 'paused' });
  });

  test('lists no domain before it came, and none after it went', () => {
    const model = begun({ seq: 1, domains: [domain('a')], items: [item(1, 'a')] });
    model.apply(update({ items: [stateItem(2, paused('b'))], domains: [paused('b')] }));
    model.apply(update({ items: [item(3, 'b')], gone: ['a'] }));
    expect([1, 2, 3].map((seq) => statesAfter(model, seq))).toEqual([
      { a: 'running' },
      { a: 'running', b: 'paused' },
      { b: 'paused' },
    ]);
    expect([...model.domains.keys()]).toEqual(['b']);
  });

  test('forgets a domain that went when what it did is not kept any more', () => {
    const model = begun({ domains: [domain('a')] });
    model.apply(update({ seq: 1, items: [item(1, 'a')], gone: ['a'] }));
    expect(statesAfter(model, 0)).toEqual({ a: 'running' });
    model.apply(update({ items: Array.from({ length: MAX_ENTRIES }, (_, n) => item(n + 2, 'b')) }));
    expect(statesAfter(model, 0)).toEqual({});
  });

  test('has an entry in the place of lost items, after which a domain that changed unseen is as it is told', () => {
    const model = begun({ seq: 1, domains: [domain('a'), domain('b')], items: [item(1, 'a')] });
    model.apply(update({ lost: 7, items: [stateItem(9, paused('b'))], domains: [paused('a'), paused('b')] }));
    expect(model.entries.map((entry) => (isItem(entry) ? entry.seq : [entry.seq, entry.lost]))).toEqual([
      1,
      [8, 7],
      9,
    ]);
    expect(statesAfter(model, 7)).toEqual({ a: 'running', b: 'running' });
    expect(statesAfter(model, 8)).toEqual({ a: 'paused', b: 'running' });
    expect(statesAfter(model, 9)).toEqual({ a: 'paused', b: 'paused' });
  });

  test('has an entry for lost items also if nothing came after them', () => {
    const model = begun({ seq: 1, items: [item(1, 'a')] });
    model.apply(update({ seq: 5, lost: 4 }));
    expect(model.entries.at(-1)).toEqual({ seq: 5, at: item(1, 'a').at, lost: 4, domains: [] });
  });

  test('takes each item once', () => {
    const model = begun({ seq: 2, items: [item(1, 'a'), item(2, 'a')] });
    model.apply(update({ items: [item(2, 'a'), item(3, 'a')] }));
    model.apply(update({ items: [item(3, 'a')] }));
    expect(model.entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  test('takes the newest value of a counter, by reason and event', () => {
    const model = begun({ counters: [counter('stale', 'STOP', 1), counter('stale', 'RESUME', 1)] });
    model.apply(update({ counters: [counter('stale', 'STOP', 2), counter('unknown', 'STOP', 1)] }));
    expect([...model.counters.values()].map(({ count }) => count)).toEqual([2, 1, 1]);
  });

  test('begins anew with each base, and says whether it is of another server', () => {
    const model = begun({ seq: 2, domains: [domain('a')], items: [item(1, 'a'), item(2, 'a')] });
    expect(model.begin(base({ seq: 5, items: [item(5, 'a')] }))).toBe(false);
    expect(
      model.begin(base({ server: 'second', seq: 1, domains: [domain('b')], items: [item(1, 'b')] })),
    ).toBe(true);
    expect(model.entries.map(({ seq }) => seq)).toEqual([1]);
    expect(statesAfter(model, 1)).toEqual({ b: 'running' });
  });
});
