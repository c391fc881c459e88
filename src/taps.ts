/**
 * Who sees all of a driver, in the step in which it happens: a dashboard.
 *
 * Subscribers are called later, from a clean stack, and get what they asked for. A tap is called inside a machine's
 * step, so it notes what it sees and calls nobody; it must not throw. Without one it costs the test of a flag.
 */
import type { DomainRecord, Told } from './actors/environment.ts';

export type MessageDirection = Parameters<NonNullable<DomainRecord['trace']>>[0];

export interface Tap {
  /** A domain is there; its actor may not have started. */
  attached(record: DomainRecord): void;
  /** In the order in which it happened; `detached` is the last of a domain. */
  told(record: DomainRecord, told: Told): void;
  /** A QMP message as it passes. */
  passed(key: string, direction: MessageDirection, message: object): void;
  /** The driver is closed. */
  close(): Promise<void>;
}

export class Taps {
  readonly #taps = new Set<Tap>();

  get isOpen(): boolean {
    return this.#taps.size > 0;
  }

  add(tap: Tap): Disposable {
    this.#taps.add(tap);
    return { [Symbol.dispose]: () => void this.#taps.delete(tap) };
  }

  attached(record: DomainRecord): void {
    for (const tap of this.#taps) tap.attached(record);
  }

  told(record: DomainRecord, told: Told): void {
    for (const tap of this.#taps) tap.told(record, told);
  }

  passed(key: string, direction: MessageDirection, message: object): void {
    for (const tap of this.#taps) tap.passed(key, direction, message);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#taps].map((tap) => tap.close()));
  }
}
