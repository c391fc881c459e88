/** Drops as lines: at most one a second for each domain and reason, and the rest at the end. */
import type { DropReason } from '../events/reports.ts';
import { type Line, type LineHead, toLine } from '../lines.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import { after } from '../loop/timeouts.ts';

const INTERVAL_MS = 1000;
/** Names come from QEMU: more different ones than this wait together, as `(others)`. */
const MAX_NAMES = 1000;

interface Waiting {
  head: LineHead;
  count: number;
}

/** Of one domain and reason; by event, the first to be told first. */
interface Window {
  readonly events: Map<string, Waiting>;
  /** Null: nothing was told within the last second. */
  cancel: (() => void) | null;
}

export class DropLines {
  readonly #loop: EventLoop;
  readonly #print: (line: Line) => void;
  readonly #windows = new Map<string, Window>();

  constructor(loop: EventLoop, print: (line: Line) => void) {
    this.#loop = loop;
    this.#print = print;
  }

  /** @param key - which domain, whatever its name is */
  add(key: string, head: LineHead, reason: DropReason, event: string): void {
    const windowKey = JSON.stringify([key, head.incarnation, reason]);
    let window = this.#windows.get(windowKey);
    if (window === undefined) {
      window = { events: new Map(), cancel: null };
      this.#windows.set(windowKey, window);
    }
    const { events } = window;
    const name = events.has(event) || events.size < MAX_NAMES ? event : '(others)';
    events.set(name, { head, count: (events.get(name)?.count ?? 0) + 1 });
    if (window.cancel === null) this.#tell(windowKey, window, reason);
  }

  /** Tells what waits, at the end. */
  flush(): void {
    for (const [key, { events, cancel }] of this.#windows) {
      cancel?.();
      const reason = JSON.parse(key)[2] as DropReason;
      for (const [event, waiting] of events) this.#line(reason, event, waiting);
    }
    this.#windows.clear();
  }

  #tell(key: string, window: Window, reason: DropReason): void {
    const [first] = window.events;
    if (first === undefined) {
      this.#windows.delete(key);
      return;
    }
    const [event, waiting] = first;
    window.events.delete(event);
    this.#line(reason, event, waiting);
    window.cancel = after(this.#loop, INTERVAL_MS, () => this.#tell(key, window, reason));
  }

  #line(reason: DropReason, event: string, { head, count }: Waiting): void {
    this.#print(toLine(head, { kind: 'drop', reason, event, count }));
  }
}
