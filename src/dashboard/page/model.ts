/**
 * What the page knows of one server: its domains, its counters, and what happened last, in order.
 *
 * It is kept up to date whether the page shows it or not, and is bounded: of what happened, the last `MAX_ENTRIES`.
 */
import type { Base, Counter, DomainView, Item, Update } from '../protocol.ts';

export const MAX_ENTRIES = 10_000;

/** In the place of items that the server did not send, since this page was too slow for them. */
export interface Lost {
  /** The number of the last of them. */
  readonly seq: number;
  readonly at: number;
  readonly lost: number;
  /** Domains whose last change is among them, as they were after it. */
  readonly domains: readonly DomainView[];
}

export type Entry = Item | Lost;

export const isItem = (entry: Entry): entry is Item => 'line' in entry;

/** Null: it was there, but how it was is not known. */
export type Known = DomainView | null;

export class Model {
  /** Null until the first base has come. */
  server: string | null = null;
  readOnly = true;
  /** The file that is played back; null: live. */
  replay: string | null = null;
  /** As they are now, by key. */
  readonly domains = new Map<string, DomainView>();
  readonly counters = new Map<string, Counter>();
  /** By number, which grows without being without gaps. */
  entries: readonly Entry[] = [];
  /** Grows with each change of anything here. */
  version = 0;
  /** Grows when everything begins anew, so that nothing of before may be compared with it. */
  epoch = 0;
  /** As domains were before the first entry that is kept. */
  readonly #before = new Map<string, Known>();
  /** After which number a domain was let go of. */
  readonly #gone = new Map<string, number>();
  #seq = 0;

  /** Forgets everything and begins with `base`. @returns whether that is of another server than before */
  begin(base: Base): boolean {
    const restarted = this.server !== null && this.server !== base.server;
    this.server = base.server;
    this.readOnly = base.readOnly;
    this.replay = base.replay;
    for (const map of [this.domains, this.counters, this.#before, this.#gone]) map.clear();
    this.entries = [];
    this.epoch += 1;
    this.#seq = 0;
    // What came before the first item is not known of a domain that changed since, unless nothing came before.
    const changed = new Set(base.items.filter(({ domain }) => domain !== null).map(({ key }) => key));
    const isWhole = base.items.length === 0 ? base.seq === 0 : base.items[0]?.seq === 1;
    for (const view of base.domains) {
      this.domains.set(view.key, view);
      if (!changed.has(view.key)) this.#before.set(view.key, view);
      else if (!isWhole) this.#before.set(view.key, null);
    }
    this.#count(base.counters);
    // Those that did something and are not here were let go of.
    for (const { key, seq } of base.items) if (!this.domains.has(key)) this.#gone.set(key, seq);
    this.#append(base.items);
    this.#seq = base.seq;
    this.version += 1;
    return restarted;
  }

  /** Items that are known already are left out. */
  apply({ seq, domains, gone, counters, items, lost }: Update): void {
    const fresh = items.filter((item) => item.seq > this.#seq);
    for (const view of domains) this.domains.set(view.key, view);
    for (const key of gone) {
      this.domains.delete(key);
      this.#gone.set(key, seq);
    }
    this.#count(counters);
    if (lost > 0) {
      const told = new Set(fresh.filter(({ domain }) => domain !== null).map(({ key }) => key));
      const last = (fresh[0]?.seq ?? seq + 1) - 1;
      const at = fresh[0]?.at ?? this.entries.at(-1)?.at ?? 0;
      this.#append([{ seq: last, at, lost, domains: domains.filter(({ key }) => !told.has(key)) }]);
    }
    this.#append(fresh);
    this.#seq = Math.max(this.#seq, seq);
    this.version += 1;
  }

  /** Those that were there after the entry of this number, by key. */
  domainsAfter(seq: number): Map<string, Known> {
    const known = new Map(this.#before);
    for (const entry of this.entries) {
      if (entry.seq > seq) break;
      note(known, entry);
    }
    for (const [key, last] of this.#gone) if (last <= seq) known.delete(key);
    return known;
  }

  #count(counters: readonly Counter[]): void {
    for (const counter of counters)
      this.counters.set(JSON.stringify([counter.reason, counter.event]), counter);
  }

  #append(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    const all = [...this.entries, ...entries];
    const old = all.slice(0, Math.max(0, all.length - MAX_ENTRIES));
    for (const entry of old) note(this.#before, entry);
    this.entries = all.slice(old.length);
    const first = this.entries[0]?.seq ?? 0;
    for (const [key, last] of this.#gone) {
      if (last >= first) continue;
      this.#gone.delete(key);
      this.#before.delete(key);
    }
  }
}

function note(known: Map<string, Known>, entry: Entry): void {
  if (!isItem(entry)) for (const view of entry.domains) known.set(view.key, view);
  else if (entry.domain !== null) known.set(entry.key, entry.domain);
  // It was there, at least.
  else if (!known.has(entry.key)) known.set(entry.key, null);
}

/** Where the last entry with this number or a smaller one stands; -1: all are greater. */
export function indexOf(entries: readonly Entry[], seq: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.seq ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
