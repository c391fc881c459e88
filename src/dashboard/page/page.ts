/**
 * What the person at the page chose to see, over the model of what there is.
 *
 * Changes ask for a frame; a frame renders everything once, however many changes there were since the last one.
 */
import type { DomainView } from '../protocol.ts';
import { Filtered, KINDS, type ListOptions, type Row, rowsOf, type StreamFilter } from './filter.ts';
import { type Entry, indexOf, isItem, type Known, Model } from './model.ts';

export type Link =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected' }
  | { readonly state: 'reconnecting'; readonly since: number };

export class Page {
  readonly model = new Model();
  link: Link = { state: 'connecting' };
  /** When the server was seen to be another one than before, last. */
  restartedAt: number | null = null;
  /** Messages of the server that could not be read. */
  unreadable = 0;
  /** Key of the chosen domain. */
  chosen: string | null = null;
  /** The number of the entry after which everything is shown; null: now. */
  position: number | null = null;
  list: ListOptions = { text: '', state: '', sortBy: 'name', descending: false };
  filter: StreamFilter = { text: '', kinds: new Set(KINDS), key: null };
  /** What the stream shows while it is paused. */
  paused: Pick<Model, 'entries' | 'epoch' | 'server'> | null = null;
  /** The number of the line that is selected in the stream. */
  selected: number | null = null;
  /** What the last copying came to; empty: nothing to say. */
  notice = '';
  /** What the last operation on a domain came to; empty: nothing to say. */
  message = '';
  readonly #render: (page: Page) => void;
  readonly #filtered = new Filtered();
  #frame = 0;
  #domains: { readonly of: string; readonly all: ReadonlyMap<string, Known> } | null = null;

  constructor(render: (page: Page) => void) {
    this.#render = render;
  }

  /** Something is to be shown that was not before. */
  changed(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render(this);
    });
  }

  /** For who needs what was rendered, as the focus does. */
  renderNow(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#render(this);
  }

  get isReplay(): boolean {
    return this.model.replay !== null;
  }

  /** Where the entry that is shown stands in `model.entries`; -1: there is none. One that is kept no more: the oldest. */
  get index(): number {
    const { entries } = this.model;
    if (this.position === null || entries.length === 0) return entries.length - 1;
    return Math.max(0, indexOf(entries, this.position));
  }

  /** The entry that is shown; undefined: now. */
  get entry(): Entry | undefined {
    return this.position === null ? undefined : this.model.entries[this.index];
  }

  /** The time that is shown: of the entry, or now. In a replay the last entry is now. */
  get now(): number {
    const { entries } = this.model;
    if (this.position === null && !this.isReplay) return Date.now();
    return entries[this.index]?.at ?? 0;
  }

  /** All domains at the time that is shown, by key. */
  get domains(): ReadonlyMap<string, Known> {
    const { entry } = this;
    if (entry === undefined) return this.model.domains;
    const of = `${this.model.version} ${entry.seq}`;
    if (this.#domains?.of !== of) this.#domains = { of, all: this.model.domainsAfter(entry.seq) };
    return this.#domains.all;
  }

  /** The rows of the list, in order. */
  get rows(): readonly Row[] {
    return rowsOf(this.domains, this.model.domains, this.list);
  }

  /** The name of an entry's domain; of one that is gone, if the entry does not say it, its key; empty: it has none. */
  nameOf(entry: Entry): string {
    if (!isItem(entry)) return '';
    const { key, line } = entry;
    return 'domain' in line ? line.domain : (this.model.domains.get(key)?.name ?? key);
  }

  /** The chosen domain at the time that is shown; null: none is chosen, or how it was is not known. */
  get domain(): DomainView | null {
    return this.chosen === null ? null : (this.domains.get(this.chosen) ?? null);
  }

  /** What the stream shows. */
  get lines(): readonly Entry[] {
    const { entries, epoch } = this.paused ?? this.model;
    return this.#filtered.of(entries, this.filter, epoch);
  }

  /** Entries that came since the stream was paused, and are kept. */
  get waiting(): number {
    if (this.paused === null) return 0;
    const { entries, server } = this.model;
    const seen = server === this.paused.server ? (this.paused.entries.at(-1)?.seq ?? 0) : 0;
    return entries.length - 1 - indexOf(entries, seen);
  }

  choose(key: string | null): void {
    if (this.filter.key !== null && key !== null) this.filter = { ...this.filter, key };
    this.chosen = key;
    this.message = '';
    this.changed();
  }

  /** @param seq - number of an entry; null: now */
  travelTo(seq: number | null): void {
    this.position = seq;
    this.message = '';
    this.changed();
  }

  /** One entry back or forth. Forth from the last one is now. */
  step(by: -1 | 1): void {
    const { entries } = this.model;
    this.travelTo(entries[Math.max(0, this.index + by)]?.seq ?? null);
  }

  setPaused(paused: boolean): void {
    const { entries, epoch, server } = this.model;
    this.paused = paused ? { entries, epoch, server } : null;
    this.changed();
  }

  say(message: string): void {
    this.message = message;
    this.changed();
  }

  /** Another server: the numbers of the one before mean nothing any more. What is paused stays to be read. */
  restarted(): void {
    this.restartedAt = Date.now();
    this.position = null;
    if (this.paused === null) this.selected = null;
  }
}
