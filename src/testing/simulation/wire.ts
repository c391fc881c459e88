/** What passes on one domain's monitor: commands and their replies, and which events tell more than the state that was read. */
import assert from 'node:assert/strict';
import { isInRunState } from '../../events/qemu-events.ts';

/** QEMU stops reading at 8 that wait; `quit` is sent nevertheless. */
const MAX_UNANSWERED = 7;
/** The reply to the negotiation, and the run state. */
const REPLIES_TO_STATE = 2;

export class Wire {
  /** Ids of commands of this connection. */
  #unanswered = new Set<unknown>();
  #replies = 0;
  #isOver = false;
  /** Events since the run state was read that may change it, and have not reached the machine. */
  #stateEvents = 0;

  /** @returns the command that is sent; null for all else. @throws AssertionError */
  passed(direction: 'send' | 'reply' | 'event' | 'eof', message: object): string | null {
    const { id, event } = message as { id?: unknown; event?: unknown };
    const command = direction === 'send' ? String(Object.values(message)[0]) : null;
    if (command === 'qmp_capabilities') this.#begin();
    assert(!this.#isOver || direction === 'eof', 'promise 7: it goes on after a reply to nobody');
    if (command !== null) {
      this.#unanswered.add(id);
      const count = this.#unanswered.size;
      assert(
        command === 'quit' || count <= MAX_UNANSWERED,
        `promise 7: ${count} commands of which none was answered`,
      );
    } else if (direction === 'reply') {
      this.#replies += 1;
      this.#isOver = !this.#unanswered.delete(id);
    } else if (direction === 'event' && this.#replies >= REPLIES_TO_STATE && isInRunState(String(event)))
      this.#stateEvents += 1;
    return command;
  }

  /** The event reaches the machine. @throws AssertionError */
  reached(event: string): void {
    if (!isInRunState(event)) return;
    this.#stateEvents -= 1;
    assert(this.#stateEvents >= 0, `promise 6: ${event} counts, and is in the state that was read`);
  }

  #begin(): void {
    this.#unanswered = new Set();
    this.#replies = 0;
    this.#isOver = false;
    this.#stateEvents = 0;
  }
}
