/** An event state on a loop that turns by hand, and what it does. */
import type { Door } from '../../../src/subscriptions/callback-list.ts';
import { EventState } from '../../../src/subscriptions/event-state.ts';
import { ManualLoop } from './manual-loop.ts';

export interface Item {
  readonly type: string;
  readonly key: string;
  readonly n: number;
}

/** What `n` is, of a type and about an object. */
export const item = (n: number, type = 'lifecycle', key = 'A'): Item => ({ type, key, n });

export interface RegisterOptions {
  readonly type?: string;
  readonly key?: string | null;
  readonly door?: Door;
  readonly identity?: object | null;
  readonly matches?: (item: Item) => boolean;
  readonly free?: () => unknown;
}

export function newState() {
  const loop = new ManualLoop();
  const errors: unknown[] = [];
  const thrownAway: number[] = [];
  const events = new EventState<Item>(loop, {
    keysOf: ({ key }) => [key],
    onCallbackError: (error, event) => errors.push([String(error), event?.n ?? null]),
    onUndelivered: ({ n }) => thrownAway.push(n),
  });
  const register = (callback: (item: Item) => unknown, options: RegisterOptions = {}): number =>
    events.register({ type: 'lifecycle', key: null, door: 'any', identity: callback, callback, ...options });
  const deregister = (id: number): boolean => events.deregister(id, 'any');
  return { loop, errors, thrownAway, events, register, deregister };
}
