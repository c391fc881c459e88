/**
 * What can be watched without a subscription: counters, and channels of `node:diagnostics_channel`.
 *
 * | channel | message |
 * |---|---|
 * | `qemu-actors:qemu-event` | `{ domain, incarnation, event, data }`, each QEMU event as it comes |
 * | `qemu-actors:domain-event` | `{ domain, incarnation, type, args }`, each domain event as it is queued |
 * | `qemu-actors:drop` | `{ domain, incarnation, reason, event }` |
 * | `qemu-actors:callback-error` | `{ domain, type, error }`, a subscriber's callback threw or rejected; null: one that frees |
 * | `qemu-actors:handler-error` | `{ domain, incarnation, error }`, a `HandlerError` |
 * | `tracing:qemu-actors:command:*` | tracing channel, `{ domain, incarnation, command }` |
 * | `tracing:qemu-actors:process-event:*` | tracing channel, `{ domain, incarnation, type }` |
 *
 * Nobody subscribed: one test of a flag, and no object is made.
 */
import { channel, tracingChannel } from 'node:diagnostics_channel';

export const qemuEventChannel = channel('qemu-actors:qemu-event');
export const domainEventChannel = channel('qemu-actors:domain-event');
export const dropChannel = channel('qemu-actors:drop');
export const callbackErrorChannel = channel('qemu-actors:callback-error');
export const handlerErrorChannel = channel('qemu-actors:handler-error');
export const commandChannel = tracingChannel('qemu-actors:command');
export const processEventChannel = tracingChannel('qemu-actors:process-event');

/** Names come from QEMU: more different ones than this are counted together, as `(others)`. */
const MAX_NAMES = 1000;

/** How often each thing was dropped, and why. */
export class DropCounters {
  readonly #counts = new Map<string, Map<string, number>>();
  #names = 0;

  add(reason: string, event: string): void {
    let events = this.#counts.get(reason);
    if (events === undefined) {
      events = new Map();
      this.#counts.set(reason, events);
    }
    const count = events.get(event);
    if (count !== undefined) events.set(event, count + 1);
    else if (this.#names < MAX_NAMES) {
      this.#names += 1;
      events.set(event, 1);
    } else events.set('(others)', (events.get('(others)') ?? 0) + 1);
  }

  /** `{ 'ignored-in-state': { STOP: 2 } }` */
  toJSON(): Record<string, Record<string, number>> {
    return Object.fromEntries(
      [...this.#counts].map(([reason, events]) => [reason, Object.fromEntries(events)]),
    );
  }
}
