/**
 * What readers are told: the last items, how each domain is now, the counters.
 *
 * ```
 * told() ─→ pending ─┐ 40 ms
 * step   ─→ dirty   ─┴→ collect(): views of dirty domains, JSON ─→ ring ─→ onUpdate: each reader takes what it lacks
 * ```
 *
 * Rules of this file: `told()` and the steps of machines come from inside a machine's step, so they note, and call
 * nobody. Each collection has a number, the revision; what changed carries the one in which it did, so a reader is
 * known by the revision and the item that it has.
 */
import type { DomainRecord, Told } from '../actors/environment.ts';
import type { DropCounters } from '../diagnostics.ts';
import { bodyOf, headOf, type LineHead, toLine } from '../lines.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import { type ShownRecord, viewDomain } from './domain-view.ts';
import { itemJson } from './item-json.ts';
import { ItemRing, type RingLimits } from './item-ring.ts';
import type { Item } from './protocol.ts';
import { Transitions } from './transitions.ts';

const INTERVAL_MS = 40;
/** More than the ring keeps need not wait for it. */
const MAX_PENDING = 10_000;

/** Whose data it is, and how it is served. */
export interface FeedOptions {
  readonly loop: EventLoop;
  /** Milliseconds, as `at` of items. */
  readonly now: () => number;
  readonly counters: DropCounters;
  readonly server: string;
  readonly readOnly: boolean;
  /** The file that is played back. */
  readonly replay: string | null;
  readonly limits: RingLimits;
  /**
   * Who fills it also flushes it, so that what it holds depends on nothing else; and a domain is looked at after each
   * thing that it tells, not only when its state changed.
   */
  readonly exact?: boolean;
}

/** What a reader has. */
export interface Position {
  readonly seq: number;
  readonly revision: number;
}

interface FeedDomain {
  readonly key: string;
  readonly record: ShownRecord & Pick<DomainRecord, 'uuidOf'>;
  readonly watch: Disposable;
  state: string;
  since: number;
  /** As JSON; empty before the first look. */
  view: string;
  /** What that is a view of; null if it is none any more, since one of its actors went on. */
  seen: object | null;
  /** When the view changed last. */
  revision: number;
  /** It has no item yet. */
  isNew: boolean;
  /** The last item that waits. */
  lastPending: PendingItem | null;
}

/** Where in a recording something is from, and whether it is found by comparing. */
interface Played extends Pick<LineHead, 'file' | 'step'> {
  readonly reconstructed?: boolean;
}

interface PendingItem extends Pick<Item, 'at' | 'key' | 'line'> {
  view: string | null;
}

export class Feed {
  readonly #options: FeedOptions;
  readonly #ring: ItemRing;
  readonly #transitions = new Transitions();
  readonly #domains = new Map<string, FeedDomain>();
  readonly #counters = new Map<string, { readonly json: string; readonly count: number; revision: number }>();
  readonly #timer: number;
  readonly #listeners = new Set<() => void>();
  #dirty = new Set<FeedDomain>();
  #pending: PendingItem[] = [];
  #revision = 0;
  /** Let go of since the last collection, and in it. */
  #leaving: string[] = [];
  #gone: readonly string[] = [];
  #goneAt: Position = { seq: 0, revision: 0 };
  #base: { readonly revision: number; readonly json: string } | null = null;
  /** The one that was made last: readers that are up to date get the same. */
  #update: { readonly of: Position; readonly maxChars: number; readonly json: string } | null = null;
  #awake = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#ring = new ItemRing(options.limits);
    this.#timer = options.loop.addTimeout(-1, () => this.flush());
  }

  /** Shows a domain; it may have been there for long. */
  attach(key: string, record: FeedDomain['record']): void {
    const watch = this.#transitions.watch(record.actor, (line) => {
      domain.seen = null;
      this.#note({ at: this.#options.now(), key, line, view: null }, domain);
    });
    const since = this.#options.now();
    const domain: FeedDomain = {
      key,
      record,
      watch,
      since,
      state: '',
      view: '',
      seen: null,
      revision: 0,
      isNew: true,
      lastPending: null,
    };
    this.#domains.set(key, domain);
    this.#see(domain);
    this.#touch(domain);
  }

  /** @param told - as the driver tells it; of a domain that is not shown it is nobody's */
  told(key: string, told: Told, { reconstructed = false, ...of }: Played = {}): void {
    const domain = this.#domains.get(key);
    if (domain === undefined) return;
    if (told.type === 'detached') return this.#detach(domain);
    this.#touch(domain);
    const { type, args, incarnation } = told;
    const { record } = domain;
    const full = {
      type,
      args,
      domain: record,
      uuid: record.uuidOf(incarnation),
      id: incarnation?.id ?? null,
      incarnation: incarnation?.uuid ?? null,
      reconstructed: reconstructed || 'reconstructed' in told,
    };
    const body = bodyOf(full);
    if (body === null) return;
    const at = this.#options.now();
    const item: PendingItem = { at, key, line: toLine({ ...of, ...headOf(full) }, body), view: null };
    if (body.kind === 'state') {
      const state = `${body.state} ${body.reason}`;
      if (state !== domain.state) Object.assign(domain, { state, since: at, seen: null });
    }
    if (body.kind === 'state' || this.#options.exact === true) item.view = this.#see(domain);
    this.#note(item, domain);
  }

  /** Calls back each time there is something new for readers. */
  onUpdate(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** What is new is new now. */
  flush(): void {
    this.#options.loop.updateTimeout(this.#timer, -1);
    this.#awake = false;
    this.#collect();
    for (const listener of [...this.#listeners]) listener();
  }

  /** Watches nobody any more. */
  close(): void {
    this.#options.loop.removeTimeout(this.#timer);
    for (const { watch } of this.#domains.values()) watch[Symbol.dispose]();
    this.#listeners.clear();
  }

  get position(): Position {
    return { seq: this.#ring.last, revision: this.#revision };
  }

  /** @returns what a reader has that knows of this item; null if a base is what it needs */
  resume(seq: number): Position | null {
    const isKept = seq >= this.#ring.first - 1 && seq <= this.#ring.last;
    // What was let go of before that, it has heard of.
    return isKept && seq > this.#goneAt.seq ? { seq, revision: this.#goneAt.revision } : null;
  }

  /** A `Base`, as JSON. */
  base(): string {
    if (this.#base?.revision === this.#revision) return this.#base.json;
    const { server, readOnly, replay } = this.#options;
    const { seq } = this.position;
    const head = JSON.stringify({ seq, server, readOnly, replay }).slice(0, -1);
    const json = `${head},${this.#changedSince(-1)},"items":[${this.#ring.after(this.#ring.first - 1).items.join()}]}`;
    this.#base = { revision: this.#revision, json };
    return json;
  }

  /**
   * An `Update`, as JSON, up to now; null if a base is what the reader needs.
   *
   * @param maxChars - of its items: the older ones are lost
   */
  update(of: Position, maxChars: number): string | null {
    const isNext = of.revision === this.#revision - 1;
    if (!isNext && this.#goneAt.revision > of.revision) return null;
    const { seq } = this.position;
    const made = this.#update;
    if (made?.of.seq === of.seq && made.of.revision === of.revision && made.maxChars === maxChars)
      return made.json;
    const { items, lost } = this.#ring.after(of.seq, maxChars);
    const gone = this.#goneAt.revision > of.revision ? this.#gone : [];
    const head = `{"seq":${seq},"gone":${JSON.stringify(gone)},"lost":${lost}`;
    const json = `${head},${this.#changedSince(of.revision)},"items":[${items.join()}]}`;
    this.#update = { of, maxChars, json };
    return json;
  }

  #changedSince(revision: number): string {
    const isNew = (one: { readonly revision: number }): boolean => one.revision > revision;
    const views = [...this.#domains.values()].filter(isNew).map(({ view }) => view);
    const counters = [...this.#counters.values()].filter(isNew).map(({ json }) => json);
    return `"domains":[${views.join()}],"counters":[${counters.join()}]`;
  }

  #detach(domain: FeedDomain): void {
    domain.watch[Symbol.dispose]();
    this.#domains.delete(domain.key);
    this.#dirty.delete(domain);
    this.#leaving.push(domain.key);
    this.#wake();
  }

  #note(item: PendingItem, domain: FeedDomain): void {
    // Who looks back to its first item sees how it was met.
    if (domain.isNew) item.view ??= domain.view;
    domain.isNew = false;
    domain.lastPending = item;
    this.#touch(domain);
    if (this.#pending.push(item) >= MAX_PENDING) this.#collect();
  }

  #touch(domain: FeedDomain): void {
    this.#dirty.add(domain);
    this.#wake();
  }

  #wake(): void {
    if (this.#awake || this.#options.exact === true) return;
    this.#awake = true;
    this.#options.loop.updateTimeout(this.#timer, INTERVAL_MS);
  }

  /** @returns its view as JSON, if it is another one than before */
  #see(domain: FeedDomain): string | null {
    const { key, record, since } = domain;
    const snapshot = record.actor.getSnapshot();
    // Once it has ended it stays as it was.
    const hasEnded = snapshot.status !== 'active' && domain.view !== '';
    if (hasEnded || snapshot === domain.seen) return null;
    domain.seen = snapshot;
    const view = viewDomain(key, record, since, (actor) => this.#transitions.lastOf(actor));
    if (domain.state === '') domain.state = `${view.state} ${view.reason}`;
    const json = JSON.stringify(view);
    if (json === domain.view) return null;
    domain.view = json;
    // Of the collection that is to come.
    domain.revision = this.#revision + 1;
    return json;
  }

  #collect(): void {
    for (const domain of this.#dirty) {
      const view = this.#see(domain);
      if (domain.lastPending !== null && view !== null) domain.lastPending.view = view;
      domain.lastPending = null;
    }
    this.#dirty = new Set();
    const pending = this.#pending;
    this.#pending = [];
    for (const { view, ...item } of pending)
      this.#ring.push(itemJson({ seq: this.#ring.last + 1, ...item }, view));
    this.#revision += 1;
    this.#update = null;
    this.#count();
    if (this.#leaving.length === 0) return;
    this.#gone = this.#leaving;
    this.#leaving = [];
    this.#goneAt = this.position;
  }

  #count(): void {
    for (const [reason, events] of Object.entries(this.#options.counters.toJSON()))
      for (const [event, count] of Object.entries(events)) {
        const key = `${reason} ${event}`;
        if (this.#counters.get(key)?.count === count) continue;
        const json = JSON.stringify({ reason, event, count });
        this.#counters.set(key, { json, count, revision: this.#revision });
      }
  }
}
