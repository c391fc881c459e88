// An event loop whose time passes by command. Its handles are Node's.
import { NodeEventLoop } from 'qemu-actors';

export class VirtualTimeLoop extends NodeEventLoop {
  nowMs = 0;
  /** From each timer to `{ ms, dueMs }`; Node's loop knows it too, as disabled unless it is due. */
  #timeouts = new Map();

  addTimeout(ms, callback, free) {
    const timer = super.addTimeout(
      ms === 0 ? 0 : -1,
      (timer) => {
        if (this.#timeouts.get(timer).ms !== 0) super.updateTimeout(timer, -1);
        callback(timer);
      },
      free,
    );
    this.#timeouts.set(timer, { ms, dueMs: ms < 0 ? Infinity : this.nowMs + ms });
    return timer;
  }

  updateTimeout(timer, ms) {
    if (!this.#timeouts.has(timer)) return;
    this.#timeouts.set(timer, { ms, dueMs: ms < 0 ? Infinity : this.nowMs + ms });
    super.updateTimeout(timer, ms === 0 ? 0 : -1);
  }

  removeTimeout(timer) {
    this.#timeouts.delete(timer);
    return super.removeTimeout(timer);
  }

  /** Lets time pass. What is due then runs in the next turn, once. */
  advance(ms) {
    this.nowMs += ms;
    for (const [timer, timeout] of this.#timeouts) {
      if (timeout.ms <= 0 || timeout.dueMs > this.nowMs) continue;
      timeout.dueMs = this.nowMs + timeout.ms;
      super.updateTimeout(timer, 0);
    }
  }
}
