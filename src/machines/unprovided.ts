/** Stand-ins, so that a machine can be drawn, walked and tested with nothing attached. */
import {
  type CallbackActorLogic,
  type EventObject,
  fromCallback,
  fromPromise,
  type PromiseActorLogic,
} from 'xstate';

/** A handler that never ends: its end is an event of whoever walks the machine. */
export const unprovidedPromise = <Output, Input>(): PromiseActorLogic<Output, Input> =>
  fromPromise<Output, Input>(() => new Promise<never>(() => {}));

/** A source of events that sends none. */
export const unprovidedCallback = <Sent extends EventObject, Input>(): CallbackActorLogic<Sent, Input> =>
  fromCallback<Sent, Input>(() => {});
