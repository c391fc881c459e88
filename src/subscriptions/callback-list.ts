/**
 * Who is registered, filed by type and key, so that an event finds its callbacks without asking the others.
 *
 * libvirt 9.0.0 `src/conf/object_event.c:virObjectEventCallbackList`, which is one list that is searched.
 */

/** By which call a registration was made: libvirt's two, or one of our own doors. */
export type Door = 'any' | 'legacy' | 'own';

/** What libvirt tells registrations apart by. */
export interface Place {
  readonly type: string;
  /** Only events that have this among their keys; null: every event of the type. */
  readonly key: unknown;
  readonly door: Door;
  /** The function that was given: a second registration of it is refused. Null: there may be several. */
  readonly identity: object | null;
}

export interface Registration<Event> extends Place {
  readonly callback: (event: Event) => unknown;
  /** A further filter, asked when the event is delivered. Must not throw. */
  readonly matches?: (event: Event) => boolean;
  /** Runs once when the registration is gone, after its last callback returned. */
  readonly free?: () => unknown;
}

/** A registration in the list. A class, as objects of one shape are what makes a long list fast to walk. */
export class Entry<Event> implements Place {
  /** Grows: the order of ids is the order of registration. */
  readonly id: number;
  readonly type: string;
  readonly key: unknown;
  readonly door: Door;
  readonly identity: object | null;
  readonly callback: (event: Event) => unknown;
  readonly matches: ((event: Event) => boolean) | null;
  readonly free: (() => unknown) | null;
  /** Not called any more; leaves the list when the batch that is dispatched is through. */
  deleted = false;

  constructor(id: number, registration: Registration<Event>) {
    this.id = id;
    this.type = registration.type;
    this.key = registration.key;
    this.door = registration.door;
    this.identity = registration.identity;
    this.callback = registration.callback;
    this.matches = registration.matches ?? null;
    this.free = registration.free ?? null;
  }
}

interface Cursor<Event> {
  readonly entries: readonly Entry<Event>[];
  /** What is added while the event is dispatched is not for this event. */
  readonly end: number;
  next: number;
}

export class CallbackList<Event> {
  readonly #byId = new Map<number, Entry<Event>>();
  readonly #byType = new Map<string, Map<unknown, Entry<Event>[]>>();

  get size(): number {
    return this.#byId.size;
  }

  get ids(): readonly number[] {
    return [...this.#byId.keys()];
  }

  add(entry: Entry<Event>): void {
    this.#byId.set(entry.id, entry);
    let byKey = this.#byType.get(entry.type);
    if (byKey === undefined) {
      byKey = new Map();
      this.#byType.set(entry.type, byKey);
    }
    const filed = byKey.get(entry.key);
    if (filed === undefined) byKey.set(entry.key, [entry]);
    else filed.push(entry);
  }

  /** Never while an event is visited. */
  remove(entry: Entry<Event>): void {
    const { id, type, key } = entry;
    this.#byId.delete(id);
    const byKey = this.#byType.get(type);
    const filed = byKey?.get(key);
    if (filed === undefined) return;
    filed.splice(filed.indexOf(entry), 1);
    if (filed.length === 0) byKey?.delete(key);
  }

  get(id: number): Entry<Event> | undefined {
    return this.#byId.get(id);
  }

  /** The one of this identity that is not deleted. libvirt `virObjectEventCallbackLookup` */
  find({ type, key, door, identity }: Place): Entry<Event> | undefined {
    return this.#byType
      .get(type)
      ?.get(key)
      ?.find((other) => !other.deleted && other.door === door && other.identity === identity);
  }

  /** Visits those that are filed under the type and one of the keys, or under no key, in order of registration. */
  visit(type: string, keys: readonly unknown[], visit: (entry: Entry<Event>) => void): void {
    const byKey = this.#byType.get(type);
    if (byKey === undefined) return;
    const cursors: Cursor<Event>[] = [];
    for (const key of [null, ...keys]) {
      const entries = byKey.get(key);
      if (entries !== undefined) cursors.push({ entries, end: entries.length, next: 0 });
    }
    for (let entry = nextOf(cursors); entry !== undefined; entry = nextOf(cursors)) visit(entry);
  }
}

/** Takes the oldest entry of all cursors. */
function nextOf<Event>(cursors: readonly Cursor<Event>[]): Entry<Event> | undefined {
  let oldest: Entry<Event> | undefined;
  let from: Cursor<Event> | undefined;
  for (const cursor of cursors) {
    const entry = cursor.next < cursor.end ? cursor.entries[cursor.next] : undefined;
    if (entry === undefined || (oldest !== undefined && oldest.id < entry.id)) continue;
    oldest = entry;
    from = cursor;
  }
  if (from !== undefined) from.next += 1;
  return oldest;
}
