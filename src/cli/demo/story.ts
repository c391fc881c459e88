/** What the demo tells: its own words, and the lines of what happens, in one order. */
import type { Domain, DomainEvent, EventId } from '../../domain.ts';
import type { Driver } from '../../driver.ts';
import { domainEvents } from '../../events/domain-events.ts';
import { bodyOf, headOf, toLine } from '../../lines.ts';
import { after, sleep } from '../../loop/timeouts.ts';
import { toTextLine } from '../lines.ts';
import type { Session } from '../run.ts';
import { timeOfDay } from '../text.ts';

/** Nothing in the demo takes long; something that does is a failure. */
const PATIENCE_MS = 15_000;
/** For somebody who reads along. */
const PAUSE_MS = 800;

const INDENT = '   ';
const WIDTH = 88;

export class Story {
  readonly #session: Session;
  readonly #seen: DomainEvent[] = [];
  readonly #waiters = new Set<() => void>();
  /** What happened up to here is not waited for any more. */
  #mark = 0;
  #chapter = 0;
  readonly #pauseMs: number;

  /** @param pauseMs - between chapters, on a terminal */
  constructor(session: Session, pauseMs = PAUSE_MS) {
    this.#session = session;
    this.#pauseMs = pauseMs;
  }

  /** Prints what the driver tells, from now on. */
  follow(driver: Driver): void {
    const ids = Object.keys(domainEvents) as EventId[];
    for (const id of [...ids, 'state', 'host', 'outcome', 'monitor-event'] as const)
      driver.on(id, (event) => this.#print(event));
  }

  title(text: string): void {
    if (this.#isJson) this.#session.output.json({ kind: 'story', chapter: 0, text });
    else this.#session.output.text(this.#session.output.paint('bold', text));
  }

  /** Begins a chapter: what it shows, and how. */
  async chapter(title: string, text: string): Promise<void> {
    const { output } = this.#session;
    this.#chapter += 1;
    this.#mark = this.#seen.length;
    if (this.#isJson) return output.json({ kind: 'story', chapter: this.#chapter, title, text });
    if (this.#chapter > 1) await this.pause();
    output.text('');
    output.text(output.paint('bold', `${this.#chapter}. ${title}`));
    this.#paragraph(text);
  }

  /** On a terminal, time to read. */
  async pause(): Promise<void> {
    const { io, signal } = this.#session;
    if (io.stdout.isTTY === true) await sleep(io.runtime.loop, this.#pauseMs, signal);
  }

  /** A remark within a chapter. */
  tell(text: string): void {
    if (this.#isJson) this.#session.output.json({ kind: 'story', chapter: this.#chapter, text });
    else this.#paragraph(text);
  }

  /** Waits for something of this domain in this chapter, and goes on after it. @throws Error if it does not come */
  until<I extends EventId>(
    domain: Domain,
    type: I,
    matches: (args: DomainEvent<I>['args']) => boolean = () => true,
  ): Promise<void> {
    const find = (): boolean => {
      const index = this.#seen.findIndex(
        (event, at) =>
          at >= this.#mark &&
          event.domain === domain &&
          event.type === type &&
          matches(event.args as DomainEvent<I>['args']),
      );
      if (index >= 0) this.#mark = index + 1;
      return index >= 0;
    };
    return this.bounded(`${domain.name}: ${type}`, (resolve) => {
      const check = (): void => {
        if (find()) resolve();
      };
      this.#waiters.add(check);
      check();
      return () => this.#waiters.delete(check);
    });
  }

  /** @throws Error after a while, or the signal's reason */
  async bounded(what: string, begin: (resolve: () => void) => () => void): Promise<void> {
    const { signal, io } = this.#session;
    signal.throwIfAborted();
    const cleanups: (() => void)[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => reject(signal.reason);
        signal.addEventListener('abort', onAbort);
        const cancel = after(io.runtime.loop, PATIENCE_MS, () =>
          reject(new Error(`the demo waited in vain for ${what}`)),
        );
        cleanups.push(() => signal.removeEventListener('abort', onAbort), cancel, begin(resolve));
      });
    } finally {
      for (const cleanup of cleanups) cleanup();
    }
  }

  get #isJson(): boolean {
    return this.#session.output.format === 'jsonl';
  }

  #print(event: DomainEvent): void {
    const { output, io } = this.#session;
    const body = bodyOf(event);
    if (body !== null) {
      const line = toLine(headOf(event), body);
      if (this.#isJson) output.json(line);
      else output.text(`${INDENT}${toTextLine(line, timeOfDay(io.runtime.now()), output.paint)}`);
    }
    this.#seen.push(event);
    for (const check of [...this.#waiters]) check();
  }

  #paragraph(text: string): void {
    let line = '';
    for (const word of text.split(' ')) {
      if (line !== '' && line.length + word.length + 1 > WIDTH) {
        this.#session.output.text(`${INDENT}${line}`);
        line = '';
      }
      line = line === '' ? word : `${line} ${word}`;
    }
    this.#session.output.text(`${INDENT}${line}`);
  }
}
