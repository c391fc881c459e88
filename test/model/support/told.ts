/** What a driver's users are told of a domain, in the words of the machine that says what they should be. */
import type { DomainEvent, EventId } from '../../../src/index.ts';
import { describeEffect } from '../../../src/model/effect.ts';

/** What of each event's arguments is compared; events that are not here are not. */
const rows: { readonly [I in EventId]?: (event: DomainEvent<I>) => object } = {
  lifecycle: ({ args: { event, detail }, reconstructed }) => ({
    event,
    detail,
    ...(reconstructed ? { reconstructed } : {}),
  }),
  state: ({ args: { state, reason } }) => ({ state, reason }),
  reboot: () => ({}),
  watchdog: ({ args: { action } }) => ({ action }),
  'io-error': ({ args: { action } }) => ({ action }),
  'pm-suspend': () => ({}),
  'pm-suspend-disk': () => ({}),
  'pm-wakeup': () => ({}),
  'control-error': () => ({}),
  'rtc-change': () => ({}),
  'balloon-change': () => ({}),
};

export const toldTypes = Object.keys(rows) as EventId[];

const effect = (event: { readonly type: string }): string =>
  describeEffect({ type: 'xstate.emit', params: { event } }) as string;

/** Notes what is told, in order; then how calls ended. */
export class Told {
  #events: string[] = [];
  #ends: string[] = [];
  #state = '';

  /** A state that was told already, as only the monitor changed, is left out. */
  note(event: DomainEvent): void {
    const row = rows[event.type] as ((event: DomainEvent) => object) | undefined;
    if (row === undefined) return;
    const line = effect({ type: event.type, ...row(event) });
    if (event.type === 'state') {
      if (line === this.#state && event.args.attached !== true) return;
      this.#state = line;
    }
    this.#events.push(line);
  }

  ended(name: string, end: string): void {
    this.#ends.push(effect({ type: 'call', ...{ name, end } }));
  }

  /** How much there is to take. */
  get count(): number {
    return this.#events.length + this.#ends.length;
  }

  take(): string[] {
    const all = [...this.#events, ...this.#ends];
    this.#events = [];
    this.#ends = [];
    return all;
  }
}

/** By its code, or what the caller aborted it with. */
export const endOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
