/** Where a machine's messages to its domain go, while it is walked alone. */
import { type AnyActorRef, createActor, fromTransition } from 'xstate';

/** It hears everything, and does nothing. */
export const standInDomain = (): AnyActorRef =>
  createActor(
    fromTransition((state: null) => state, null),
    { id: 'domain' },
  ).start();
