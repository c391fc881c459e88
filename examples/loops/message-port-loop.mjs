// An event loop whose turns are messages: whoever has the other end of the port says when it is one's turn, and what
// time it is then. This end asks by { inMs }, the other end answers by { nowMs }.
import { StreamPoll } from 'qemu-actors';

export class MessagePortLoop {
  #port;
  #handles = new Map();
  #timeouts = new Map();
  #freed = [];
  #lastId = 0;
  /** A turn was asked for, and is on its way. */
  #asked = false;

  constructor(port) {
    this.#port = port;
    port.on('message', ({ nowMs }) => this.#turn(nowMs));
  }

  addHandle(stream, events, callback, free) {
    const id = ++this.#lastId;
    const wake = () => {
      handle.awake = true;
      this.#ask();
    };
    const handle = { stream, events, callback, free, wake, poll: new StreamPoll(stream, wake) };
    this.#handles.set(id, handle);
    wake();
    return id;
  }

  updateHandle(id, events) {
    const handle = this.#handles.get(id);
    if (handle === undefined) return;
    handle.events = events;
    handle.wake();
  }

  removeHandle(id) {
    this.#handles.get(id)?.poll[Symbol.dispose]();
    return this.#remove(this.#handles, id);
  }

  addTimeout(ms, callback, free) {
    const id = ++this.#lastId;
    this.#timeouts.set(id, { ms, callback, free });
    this.#ask();
    return id;
  }

  updateTimeout(id, ms) {
    const timeout = this.#timeouts.get(id);
    if (timeout === undefined) return;
    // Only the next turn knows what time it is: from then on it counts.
    Object.assign(timeout, { ms, dueMs: undefined });
    this.#ask();
  }

  removeTimeout(id) {
    return this.#remove(this.#timeouts, id);
  }

  #remove(entries, id) {
    const { free } = entries.get(id) ?? {};
    if (!entries.delete(id)) return false;
    if (free !== undefined) this.#freed.push(free);
    this.#ask();
    return true;
  }

  #ask() {
    if (!this.#asked) this.#port.postMessage({ inMs: 0 });
    this.#asked = true;
  }

  /** One turn; then it asks for the next: at once if something may be ready, else for when a timeout is due. */
  #turn(nowMs) {
    this.#asked = false;
    for (const free of this.#freed.splice(0)) this.#call(free);
    for (const [id, handle] of [...this.#handles]) {
      const ready = handle.awake && this.#handles.has(id) ? handle.poll.ready(handle.events) : 0;
      if (ready !== 0) this.#call(() => handle.callback(id, handle.stream, ready));
      else handle.awake = false;
    }
    for (const [id, timeout] of [...this.#timeouts]) {
      timeout.dueMs ??= timeout.ms < 0 ? Infinity : nowMs + timeout.ms;
      if (timeout.dueMs > nowMs || !this.#timeouts.has(id)) continue;
      timeout.dueMs = nowMs + timeout.ms;
      this.#call(() => timeout.callback(id));
    }
    const dueMs = Math.min(...[...this.#timeouts.values()].map((timeout) => timeout.dueMs ?? nowMs));
    if ([...this.#handles.values()].some((handle) => handle.awake)) this.#ask();
    else if (dueMs < Infinity && !this.#asked) this.#port.postMessage({ inMs: dueMs - nowMs });
  }

  /** What one callback throws is nobody else's affair. */
  #call(callback) {
    try {
      callback();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** The other end: gives each turn when it was asked for. A later question takes the place of an earlier one. */
export function giveTurns(port) {
  let next;
  port.on('message', ({ inMs }) => {
    clearTimeout(next);
    const give = () => port.postMessage({ nowMs: performance.now() });
    if (inMs > 0) next = setTimeout(give, inMs);
    else give();
  });
}
