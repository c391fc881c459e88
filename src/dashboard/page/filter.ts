/** Which entries the stream shows, and which domains the list. */
import type { DomainView, Item } from '../protocol.ts';
import { type Entry, indexOf, isItem, type Known, type Model } from './model.ts';
import { entryWords, stateOf, toJson } from './words.ts';

export type Kind = Item['line']['kind'];

export const KINDS: readonly Kind[] = [
  ...(['event', 'state', 'outcome', 'host', 'transition', 'monitor-event', 'drop'] as const),
];

/** Not changed in place: another filter is another object. */
export interface StreamFilter {
  /** Somewhere in the words or the JSON, in upper or lower case; empty: all. */
  readonly text: string;
  readonly kinds: ReadonlySet<Kind>;
  /** A domain's key; null: all domains. */
  readonly key: string | null;
}

/** Entries for what was lost are always shown. */
function matches(entry: Entry, { text, kinds, key }: StreamFilter): boolean {
  if (!isItem(entry)) return true;
  if (key !== null && entry.key !== key) return false;
  if (!kinds.has(entry.line.kind)) return false;
  if (text === '') return true;
  const wanted = text.toLowerCase();
  return entryWords(entry).toLowerCase().includes(wanted) || toJson(entry).toLowerCase().includes(wanted);
}

/** The entries that a filter lets through. Looks only at those that are new since the last time, if it can. */
export class Filtered {
  #entries: Entry[] = [];
  #filter: StreamFilter | null = null;
  #epoch = -1;
  #seq = 0;

  /** @param source - those that are kept, by number @param epoch - another one: nothing of before counts */
  of(source: readonly Entry[], filter: StreamFilter, epoch: number): readonly Entry[] {
    const last = source.at(-1)?.seq ?? 0;
    if (filter !== this.#filter || epoch !== this.#epoch || last < this.#seq) {
      this.#entries = source.filter((entry) => matches(entry, filter));
    } else if (last > this.#seq) {
      const fresh = source.slice(indexOf(source, this.#seq) + 1);
      const gone = indexOf(this.#entries, (source[0]?.seq ?? 0) - 1) + 1;
      this.#entries = [...this.#entries.slice(gone), ...fresh.filter((entry) => matches(entry, filter))];
    }
    this.#filter = filter;
    this.#epoch = epoch;
    this.#seq = last;
    return this.#entries;
  }
}

export type Column = 'name' | 'state' | 'since';

export interface ListOptions {
  /** Somewhere in the name or uuid, in upper or lower case; empty: all. */
  readonly text: string;
  /** A state, or `monitor` for those whose monitor is not ready; empty: all. */
  readonly state: string;
  readonly sortBy: Column;
  readonly descending: boolean;
}

export interface Row {
  readonly key: string;
  readonly name: string;
  readonly view: Known;
}

const byName = new Intl.Collator('en', { numeric: true });

/** Rows that are equal in the column stand by name, `web2` before `web10`, then by key: none moves without need. */
function compare(a: Row, b: Row, { sortBy, descending }: ListOptions): number {
  let order = 0;
  if (sortBy === 'name') order = byName.compare(a.name, b.name);
  if (sortBy === 'state') order = byName.compare(stateOf(a.view), stateOf(b.view));
  if (sortBy === 'since') order = (b.view?.since ?? 0) - (a.view?.since ?? 0);
  if (order !== 0) return descending ? -order : order;
  return byName.compare(a.name, b.name) || (a.key < b.key ? -1 : 1);
}

/** @param names - of those whose state is not known at the time that is shown */
export function rowsOf(
  domains: ReadonlyMap<string, Known>,
  names: Model['domains'],
  options: ListOptions,
): readonly Row[] {
  const text = options.text.toLowerCase();
  return [...domains]
    .map(([key, view]) => ({ key, view, name: view?.name ?? names.get(key)?.name ?? key }))
    .filter(({ view, name }) => {
      if (
        options.state === 'monitor' ? !hasNoMonitor(view) : options.state && stateOf(view) !== options.state
      )
        return false;
      return name.toLowerCase().includes(text) || (view?.uuid ?? '').includes(text);
    })
    .sort((a, b) => compare(a, b, options));
}

/** An active domain whose monitor does not answer. */
export const hasNoMonitor = (view: Known): view is DomainView =>
  view?.active === true && view.monitor !== 'ready';
