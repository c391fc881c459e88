/** How far a command is, in one line of a terminal that is written over; nothing elsewhere. */
import { sleep } from '../loop/timeouts.ts';
import type { Session } from './run.ts';

export class Progress implements Disposable {
  readonly #session: Session;
  #isShown = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Shows it, and lets happen what waits: signals for one.
   *
   * @throws why the command is to end
   */
  async pause(text: string): Promise<void> {
    const { io, signal } = this.#session;
    if (io.stderr.isTTY === true) {
      io.stderr.write(`\r${text}\u001b[K`);
      this.#isShown = true;
    }
    await sleep(io.runtime.loop, 0, signal);
  }

  hide(): void {
    if (this.#isShown) this.#session.io.stderr.write('\r\u001b[K');
    this.#isShown = false;
  }

  [Symbol.dispose](): void {
    this.hide();
  }
}
