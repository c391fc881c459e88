// Somebody else's main loop, in the manner of GLib's: it knows watches and timeouts, and an application tells it of
// them by the functions that libdbus asks for (dbus_connection_set_watch_functions, …_set_timeout_functions).
import { StreamPoll } from 'qemu-actors';

export class MainContext {
  /** From each watch `{ stream, flags, enabled, handle(flags) }` to what polls its stream. */
  #watches = new Map();
  /** From each timeout `{ interval, enabled, handle() }` to when it is due. */
  #timeouts = new Map();
  #asleep;
  #iteration;

  addWatch(watch) {
    this.#watches.set(watch, new StreamPoll(watch.stream, this.#wakeUp));
    this.#wakeUp();
  }

  /** To be called when its flags, or whether it is enabled, have changed. */
  toggleWatch(_watch) {
    this.#wakeUp();
  }

  removeWatch(watch) {
    this.#watches.get(watch)?.[Symbol.dispose]();
    this.#watches.delete(watch);
  }

  addTimeout(timeout) {
    this.toggleTimeout(timeout);
  }

  /** To be called when its interval, or whether it is enabled, have changed. */
  toggleTimeout(timeout) {
    this.#timeouts.set(timeout, timeout.enabled ? performance.now() + timeout.interval : Infinity);
    this.#wakeUp();
  }

  removeTimeout(timeout) {
    this.#timeouts.delete(timeout);
  }

  #wakeUp = () => {
    clearTimeout(this.#asleep);
    this.#iteration ??= setImmediate(this.#iterate);
  };

  /** Looks at each source once, and calls those that are ready and still there. */
  #iterate = () => {
    this.#iteration = undefined;
    for (const [watch, poll] of [...this.#watches]) {
      const flags = watch.enabled && this.#watches.has(watch) ? poll.ready(watch.flags) : 0;
      if (flags !== 0) this.#dispatch(() => watch.handle(flags));
    }
    const now = performance.now();
    for (const [timeout, due] of [...this.#timeouts]) {
      if (due > now || this.#timeouts.get(timeout) !== due) continue;
      this.#timeouts.set(timeout, now + timeout.interval);
      this.#dispatch(() => timeout.handle());
    }
    const next = Math.min(...this.#timeouts.values());
    if (next <= now) this.#wakeUp();
    else if (next < Infinity) this.#asleep = setTimeout(this.#wakeUp, next - now).unref();
  };

  /** What was ready may still be; and what a source throws is nobody else's affair. */
  #dispatch(call) {
    this.#wakeUp();
    try {
      call();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
