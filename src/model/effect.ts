/** What a step does beside changing the state: in words that are the same for a model and a live actor. */
import type { AnyActorRef, EventObject } from 'xstate';
import { isActorRef, serialise } from './serialise.ts';

/** An action of XState's, or of the machine's author, as it is executed. */
export interface Action {
  readonly type: string;
  readonly params: unknown;
}

interface Sent {
  readonly to?: AnyActorRef | string;
  readonly event: EventObject;
  readonly id?: string;
  readonly delay?: number;
}

/** What an action means to the actor itself; null: nothing. */
export type OwnEffect =
  | { readonly kind: 'now'; readonly event: EventObject }
  | {
      readonly kind: 'timer';
      readonly id: string | undefined;
      readonly event: EventObject;
      readonly delayMs: number;
    }
  | { readonly kind: 'timerOfAnother' }
  | { readonly kind: 'cancel'; readonly id: string };

/** Raised events without delay are not among them: they are part of the step already. */
export function ownEffect({ type, params }: Action, self: AnyActorRef): OwnEffect | null {
  if (type === 'xstate.cancel') return { kind: 'cancel', id: (params as { sendId: string }).sendId };
  if (type !== 'xstate.raise' && type !== 'xstate.sendTo') return null;
  const { to, event, id, delay } = params as Sent;
  const isOwn = type === 'xstate.raise' || to === self;
  if (typeof delay === 'number')
    return isOwn ? { kind: 'timer', id, event, delayMs: delay } : { kind: 'timerOfAnother' };
  return isOwn && type === 'xstate.sendTo' ? { kind: 'now', event } : null;
}

/** In one line; `…` for what cannot be told by text. */
export const textOf = (value: unknown): string => {
  try {
    return serialise(value, 'it');
  } catch {
    return '…';
  }
};

const nameOf = (to: unknown): string => (isActorRef(to) ? to.id : String(to));

/** `type` first, then what else it carries. */
function eventText({ type, ...rest }: EventObject): string {
  return Object.keys(rest).length === 0 ? type : `${type} ${textOf(rest)}`;
}

/**
 * One line, as `emit lifecycle {"event":"started"}`, `send parent DONE`, `start loader as 0.page.loading`, `stop loader`,
 * `timer 1000`, `do saveOrder`. Null: nothing that anybody outside would see.
 */
export function describeEffect({ type, params }: Action): string | null {
  switch (type) {
    case 'xstate.emit':
      return `emit ${eventText((params as Sent).event)}`;
    case 'xstate.raise': {
      const { delay, event } = params as Sent;
      if (typeof delay !== 'number') return null;
      return event.type.startsWith('xstate.after.') ? `timer ${delay}` : `timer ${delay} ${eventText(event)}`;
    }
    case 'xstate.sendTo': {
      const { to, delay, event } = params as Sent;
      return `send ${nameOf(to)} ${eventText(event)}${typeof delay === 'number' ? ` after ${delay} ms` : ''}`;
    }
    case 'xstate.spawnChild': {
      const { src, input, actorRef, id } = params as Record<string, unknown>;
      const name = typeof src === 'string' ? src.replace(/^standIn\./, '') : 'logic';
      const as = isActorRef(actorRef) ? actorRef.id : String(id);
      return `start ${name}${as === name ? '' : ` as ${as}`}${input === undefined ? '' : ` ${textOf(input)}`}`;
    }
    case 'xstate.stopChild':
      return params === undefined ? null : `stop ${nameOf(params)}`;
    case 'xstate.cancel':
    case 'xstate.log':
    case 'xstate.assign':
    case 'xstate.enqueueActions':
      return null;
    default:
      return `do ${type}${params === undefined ? '' : ` ${textOf(params)}`}`;
  }
}
