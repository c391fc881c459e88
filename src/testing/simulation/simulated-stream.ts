/** A connection without a system between its ends: what was written is on its way until it is chosen. */
import type { Duplex } from 'node:stream';
import type { FakeSocket } from '../fake-network.ts';
import type { Agenda } from './agenda.ts';
import type { Choice } from './choices.ts';

/** The driver's end: of a Duplex what the library uses. As a choice: what is on its way arrives. */
export class SimulatedStream implements Choice {
  readonly name: string;
  readonly label: string;
  /** Who looks whether it can be read. */
  readonly watchers = new Set<() => void>();
  readonly errored = null;
  /** The end at the QEMU. */
  readonly peer: SimulatedSocket;
  readonly #agenda: Agenda;
  /** Written by the peer, each piece as it was written. */
  readonly #pending: Buffer[] = [];
  #arrived: Buffer[] = [];
  #readableLength = 0;
  #ended = false;
  #destroyed = false;

  /** @param name - of the handle that it will have */
  constructor(agenda: Agenda, name: string) {
    this.name = name;
    this.label = `to ${name}`;
    this.#agenda = agenda;
    this.peer = new SimulatedSocket(agenda, this);
  }

  /** The stream that `asDuplex` is. */
  static of(stream: Duplex): SimulatedStream | null {
    const candidate: unknown = stream;
    return candidate instanceof SimulatedStream ? candidate : null;
  }

  /** The library uses nothing else of a Duplex. */
  get asDuplex(): Duplex {
    return this as unknown as Duplex;
  }

  get readableLength(): number {
    return this.#readableLength;
  }

  /** The other end closed, and all that it wrote was read. */
  get isAtEnd(): boolean {
    return this.#ended && this.#pending.length === 0 && this.#readableLength === 0;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** The first piece, or all that there is. */
  happen(pick: number): void {
    const pieces = pick % 4 === 0 ? this.#pending.splice(0, 1) : this.#pending.splice(0);
    for (const piece of pieces) {
      this.#arrived.push(piece);
      this.#readableLength += piece.length;
    }
    if (this.#pending.length === 0) this.#agenda.choices.delete(this);
    for (const look of this.watchers) look();
  }

  read(bytes: number): Buffer | null {
    if (this.#readableLength === 0) return null;
    const [only] = this.#arrived;
    const all = only !== undefined && this.#arrived.length === 1 ? only : Buffer.concat(this.#arrived);
    const read = all.subarray(0, bytes);
    this.#arrived = read.length === all.length ? [] : [all.subarray(bytes)];
    this.#readableLength = all.length - read.length;
    return read;
  }

  write(bytes: Buffer): boolean {
    if (!this.#destroyed) this.peer.receive(Buffer.from(bytes));
    return true;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#agenda.choices.delete(this);
    this.peer.receive(null);
  }

  /** It has no errors, and the loop looks by itself. */
  on(): this {
    return this;
  }

  /** @param bytes - null: the peer's end */
  receive(bytes: Buffer | null): void {
    if (this.#ended || this.#destroyed) return;
    if (bytes !== null) {
      this.#pending.push(bytes);
      this.#agenda.choices.add(this);
      return;
    }
    this.#ended = true;
    for (const look of this.watchers) look();
  }
}

/** The fake QEMU's end. */
export class SimulatedSocket implements FakeSocket, Choice {
  readonly label: string;
  readonly writableLength = 0;
  readonly #agenda: Agenda;
  readonly #stream: SimulatedStream;
  readonly #listeners: { data?: (chunk: Buffer) => void; end?: () => void; close?: () => void } = {};
  #arrived: Buffer[] = [];
  #ended = false;
  #endTold = false;
  #paused = true;
  #closed = false;

  constructor(agenda: Agenda, stream: SimulatedStream) {
    this.label = `${stream.name} at QEMU`;
    this.#agenda = agenda;
    this.#stream = stream;
  }

  on(event: 'data', listener: (chunk: Buffer) => void): this;
  on(event: 'end' | 'close' | 'error', listener: () => void): this;
  on(event: 'data' | 'end' | 'close' | 'error', listener: (chunk: Buffer) => void): this {
    // It has no errors.
    if (event !== 'error') this.#listeners[event] = listener as () => void;
    return this;
  }

  pause(): void {
    this.#paused = true;
    this.#look();
  }

  resume(): void {
    this.#paused = false;
    this.#look();
  }

  write(bytes: Buffer): void {
    if (!this.#closed) this.#stream.receive(bytes);
  }

  destroySoon(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#look();
    this.#stream.receive(null);
    this.#listeners.close?.();
  }

  /** @param bytes - null: the driver's end closed */
  receive(bytes: Buffer | null): void {
    if (bytes === null) this.#ended = true;
    else this.#arrived.push(bytes);
    this.#look();
  }

  happen(): void {
    const chunk = Buffer.concat(this.#arrived);
    this.#arrived = [];
    if (chunk.length > 0) this.#listeners.data?.(chunk);
    else {
      this.#endTold = true;
      this.#listeners.end?.();
    }
    this.#look();
  }

  #look(): void {
    const isReady = this.#arrived.length > 0 || (this.#ended && !this.#endTold);
    if (isReady && !this.#paused && !this.#closed) this.#agenda.choices.add(this);
    else this.#agenda.choices.delete(this);
  }
}
