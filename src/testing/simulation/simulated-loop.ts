/** An event loop of virtual time: nothing happens in it until it is chosen. */
import type { Duplex } from 'node:stream';
import { badArgument } from '../../errors.ts';
import {
  type EventLoop,
  HANGUP,
  type HandleCallback,
  READABLE,
  type TimeoutCallback,
  WRITABLE,
} from '../../loop/event-loop.ts';
import type { Agenda, Timed } from './agenda.ts';
import type { Choice } from './choices.ts';
import { SimulatedStream } from './simulated-stream.ts';

class SimulatedHandle implements Choice {
  readonly label: string;
  readonly #watch: number;
  readonly #stream: SimulatedStream;
  readonly #callback: HandleCallback;
  readonly #agenda: Agenda;
  #mask: number;
  #removed = false;
  #hungUp = false;

  constructor(
    agenda: Agenda,
    watch: number,
    stream: SimulatedStream,
    mask: number,
    callback: HandleCallback,
  ) {
    this.label = stream.name;
    this.#agenda = agenda;
    this.#watch = watch;
    this.#stream = stream;
    this.#mask = mask;
    this.#callback = callback;
    stream.watchers.add(this.#look);
    this.#look();
  }

  update(mask: number): void {
    this.#mask = mask;
    this.#look();
  }

  remove(): void {
    this.#removed = true;
    this.#stream.watchers.delete(this.#look);
    this.#look();
  }

  happen(): void {
    const ready = this.#ready();
    if ((ready & HANGUP) !== 0) this.#hungUp = true;
    this.#callback(this.#watch, this.#stream.asDuplex, ready);
    this.#look();
  }

  /** Whether it can be chosen now. */
  readonly #look = (): void => {
    if (this.#ready() !== 0 && !this.#removed && !this.#hungUp) this.#agenda.choices.add(this);
    else this.#agenda.choices.delete(this);
  };

  #ready(): number {
    const { isAtEnd, readableLength } = this.#stream;
    let ready = WRITABLE;
    if (readableLength > 0 || isAtEnd) ready |= READABLE;
    return (ready & this.#mask) | (isAtEnd ? HANGUP : 0);
  }
}

class SimulatedTimeout implements Timed {
  dueMs: number | null = null;
  readonly #timer: number;
  readonly #callback: TimeoutCallback;
  readonly #agenda: Agenda;
  #ms = -1;

  constructor(agenda: Agenda, timer: number, ms: number, callback: TimeoutCallback) {
    this.#agenda = agenda;
    this.#timer = timer;
    this.#callback = callback;
    this.update(ms);
  }

  get label(): string {
    return `timer ${this.#ms}`;
  }

  update(ms: number): void {
    this.#ms = ms;
    this.#arm();
  }

  remove(): void {
    this.#agenda.forget(this);
  }

  happen(): void {
    this.#arm();
    this.#callback(this.#timer);
  }

  #arm(): void {
    this.dueMs = this.#ms < 0 ? null : this.#agenda.nowMs + this.#ms;
    this.#agenda.schedule(this);
  }
}

interface Entry<T> {
  readonly entry: T;
  readonly free: (() => void) | undefined;
}

/** libvirt's six functions over an agenda; its handles are of simulated streams only. */
export class SimulatedLoop implements EventLoop {
  readonly #agenda: Agenda;
  readonly #handles = new Map<number, Entry<SimulatedHandle>>();
  readonly #timeouts = new Map<number, Entry<SimulatedTimeout>>();
  #lastWatch = 0;
  #lastTimer = 0;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  /** How many are registered: none are left behind by who cleans up. */
  get size(): { readonly handles: number; readonly timeouts: number } {
    return { handles: this.#handles.size, timeouts: this.#timeouts.size };
  }

  addHandle(stream: Duplex, events: number, callback: HandleCallback, free?: () => void): number {
    const simulated = SimulatedStream.of(stream);
    if (simulated === null) throw badArgument('stream', 'a stream of the simulated runtime', stream);
    const watch = ++this.#lastWatch;
    const entry = new SimulatedHandle(this.#agenda, watch, simulated, events, callback);
    this.#handles.set(watch, { entry, free });
    return watch;
  }

  updateHandle(watch: number, events: number): void {
    this.#handles.get(watch)?.entry.update(events);
  }

  removeHandle(watch: number): boolean {
    return this.#remove(this.#handles, watch);
  }

  addTimeout(ms: number, callback: TimeoutCallback, free?: () => void): number {
    const timer = ++this.#lastTimer;
    this.#timeouts.set(timer, { entry: new SimulatedTimeout(this.#agenda, timer, ms, callback), free });
    return timer;
  }

  updateTimeout(timer: number, ms: number): void {
    this.#timeouts.get(timer)?.entry.update(ms);
  }

  removeTimeout(timer: number): boolean {
    return this.#remove(this.#timeouts, timer);
  }

  #remove(entries: Map<number, Entry<{ remove(): void }>>, id: number): boolean {
    const found = entries.get(id);
    if (found === undefined) return false;
    entries.delete(id);
    found.entry.remove();
    const { free } = found;
    if (free !== undefined) void this.#agenda.operation('free', free);
    return true;
  }
}
