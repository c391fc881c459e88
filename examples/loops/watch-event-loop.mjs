// The six functions on a main loop that takes watches and timeouts: add, toggle, remove.

export class WatchEventLoop {
  #main;
  #watches = new Map();
  #timeouts = new Map();
  #lastId = 0;

  /** @param main - an object with the six functions that libdbus asks for, as MainContext */
  constructor(main) {
    this.#main = main;
  }

  addHandle(stream, events, callback, free) {
    const id = ++this.#lastId;
    const watch = { stream, flags: events, enabled: true, handle: (flags) => callback(id, stream, flags) };
    this.#watches.set(id, { watch, free });
    this.#main.addWatch(watch);
    return id;
  }

  updateHandle(id, events) {
    const { watch } = this.#watches.get(id) ?? {};
    if (watch === undefined) return;
    // Also with no flag it stays enabled: HANGUP and ERROR are to be heard.
    watch.flags = events;
    this.#main.toggleWatch(watch);
  }

  removeHandle(id) {
    const { watch, free } = this.#watches.get(id) ?? {};
    if (!this.#watches.delete(id)) return false;
    this.#main.removeWatch(watch);
    this.#later(free);
    return true;
  }

  addTimeout(ms, callback, free) {
    const id = ++this.#lastId;
    const timeout = { interval: ms, enabled: ms >= 0, handle: () => callback(id) };
    this.#timeouts.set(id, { timeout, free });
    this.#main.addTimeout(timeout);
    return id;
  }

  updateTimeout(id, ms) {
    const { timeout } = this.#timeouts.get(id) ?? {};
    if (timeout === undefined) return;
    Object.assign(timeout, { interval: ms, enabled: ms >= 0 });
    this.#main.toggleTimeout(timeout);
  }

  removeTimeout(id) {
    const { timeout, free } = this.#timeouts.get(id) ?? {};
    if (!this.#timeouts.delete(id)) return false;
    this.#main.removeTimeout(timeout);
    this.#later(free);
    return true;
  }

  /** A timeout of 0 ms that is run once: what GLib calls an idle source. */
  #later(free) {
    if (free === undefined) return;
    const idle = {
      interval: 0,
      enabled: true,
      handle: () => {
        this.#main.removeTimeout(idle);
        free();
      },
    };
    this.#main.addTimeout(idle);
  }
}
