/**
 * The rules of libvirt's event state, written down as plainly as they can be: one list, searched from end to end.
 * What the real one does is compared with it.
 */
export interface NaivePlace {
  readonly fn: number;
  readonly type: string;
  readonly key: string | null;
  readonly door: 'any' | 'legacy';
  /** Has a filter of its own: only events of even numbers; never a duplicate. */
  readonly filtered: boolean;
}

export interface NaiveEvent {
  readonly type: string;
  readonly key: string;
  readonly n: number;
}

export interface NaiveHooks {
  called(fn: number, id: number, n: number): void;
  freed(id: number): void;
  thrownAway(n: number): void;
}

interface NaiveEntry extends NaivePlace {
  readonly id: number;
  deleted: boolean;
}

export class NaiveState {
  readonly #hooks: NaiveHooks;
  #entries: NaiveEntry[] = [];
  #queue: NaiveEvent[] = [];
  #nextId = 0;
  #dispatching = false;
  #hasTimer = false;

  constructor(hooks: NaiveHooks) {
    this.#hooks = hooks;
  }

  /** @returns null if it is refused */
  register(place: NaivePlace): number | null {
    const isSame = (one: NaiveEntry): boolean =>
      !one.deleted &&
      !one.filtered &&
      !place.filtered &&
      (['fn', 'type', 'key', 'door'] as const).every((name) => one[name] === place[name]);
    if (this.#entries.some(isSame)) return null;
    this.#hasTimer = true;
    this.#entries.push({ ...place, id: this.#nextId, deleted: false });
    return this.#nextId++;
  }

  deregister(id: number): boolean {
    return this.#mark(this.#entries.find((one) => one.id === id && one.door === 'any' && !one.deleted));
  }

  deregisterLegacy(fn: number, type: string, key: string | null): boolean {
    return this.#mark(
      this.#entries.find(
        (one) =>
          one.door === 'legacy' &&
          one.fn === fn &&
          one.type === type &&
          one.key === key &&
          !one.filtered &&
          !one.deleted,
      ),
    );
  }

  queue(event: NaiveEvent): void {
    if (this.#hasTimer) this.#queue.push(event);
  }

  flush(): void {
    if (this.#dispatching) return;
    const batch = this.#queue;
    this.#queue = [];
    this.#dispatching = true;
    for (const event of batch) {
      const count = this.#entries.length;
      for (let index = 0; index < count; index += 1) {
        const entry = this.#entries[index];
        if (entry === undefined || entry.deleted || entry.type !== event.type) continue;
        if (entry.key !== null && entry.key !== event.key) continue;
        if (entry.filtered && event.n % 2 === 1) continue;
        this.#hooks.called(entry.fn, entry.id, event.n);
      }
    }
    this.#dispatching = false;
    this.#purge();
  }

  close(): void {
    for (const entry of [...this.#entries]) if (!entry.deleted) this.#mark(entry);
  }

  #mark(entry: NaiveEntry | undefined): boolean {
    if (entry === undefined) return false;
    entry.deleted = true;
    if (!this.#dispatching) this.#purge();
    return true;
  }

  #purge(): void {
    const gone = this.#entries.filter(({ deleted }) => deleted);
    this.#entries = this.#entries.filter(({ deleted }) => !deleted);
    if (this.#entries.length === 0) {
      this.#hasTimer = false;
      for (const { n } of this.#queue.splice(0)) this.#hooks.thrownAway(n);
    }
    for (const { id } of gone) this.#hooks.freed(id);
  }
}
