/** What a world is made of, what may happen in it, and what is to hold. */
import type { AnyActorRef, AnyStateMachine, EventObject } from 'xstate';

/** An actor that is there from the beginning. */
export interface WorldActor {
  readonly machine: AnyStateMachine;
  /** A function is given the actors of the world, by their names: to be kept, and sent to. */
  readonly input?: unknown | ((actors: Readonly<Record<string, AnyActorRef>>) => unknown);
}

/** Something that comes from outside. */
export interface OutsideEvent {
  /** Path of the actor that it comes to, as `domain` or `domain/monitor`. It cannot come while there is no such actor. */
  readonly to: string;
  readonly event: EventObject;
  /** It comes at most so often. @defaultValue 1 */
  readonly times?: number;
  /** It can come where this holds. @defaultValue at any moment */
  readonly when?: (world: WorldView) => boolean;
  /** How a trace calls it. @defaultValue the event's type */
  readonly name?: string;
}

/** How an actor that is no machine may end. */
export type WorldOutcome = { readonly output: unknown } | { readonly error: unknown };

/** An actor that is no machine: a promise, a callback. */
export interface WorldChild {
  /** As `domain/processEvent#1/handler`. */
  readonly path: string;
  /** The name under which its parent has it. */
  readonly src: string;
  readonly input: unknown;
}

/** One thing that a step did, in order. Whoever reads them may keep nothing of them but plain values. */
export type Happening =
  /** The actor handles the event. Once in a step, unless there are no mailboxes. `from`: a path, or `outside`. */
  | { readonly what: 'came'; readonly actor: string; readonly from: string; readonly event: EventObject }
  /** By `emit`. */
  | { readonly what: 'emitted'; readonly actor: string; readonly event: EventObject }
  /** An action that is a function of the machine's author. It is told, and not called. */
  | { readonly what: 'did'; readonly actor: string; readonly action: string; readonly params: unknown }
  | { readonly what: 'sent'; readonly actor: string; readonly to: string; readonly event: EventObject }
  /** What was sent came to nobody: the actor is not there, or has ended. */
  | { readonly what: 'lost'; readonly actor: string; readonly event: EventObject }
  | { readonly what: 'started'; readonly actor: string; readonly src: string; readonly input: unknown }
  | { readonly what: 'stopped'; readonly actor: string };

/**
 * Remembers something of what happened, and says when it must not have. What it remembers is part of the world's state:
 * the smaller, the fewer states there are. It must be plain data, and is never changed, only replaced.
 */
export interface Observer<Memory = unknown> {
  readonly start: Memory;
  /** What is remembered after a step. Pure: it is called once for the same memory and step. */
  see(memory: Memory, step: readonly Happening[]): Memory;
  /** Null: all is well; else what is wrong. Without it, the observer only remembers, for the invariants. */
  broken?(memory: Memory): string | null;
}

/** A state of the world. */
export interface WorldView {
  /** Paths of the actors that are there, also of those that ended and were not stopped. */
  readonly actors: readonly string[];
  /** Of a machine its snapshot, but for `children`: ask for theirs by their paths. Undefined: it is not there. */
  snapshot(path: string): WorldSnapshot | undefined;
  /** What waits for an actor, in order. */
  mailbox(path: string): readonly EventObject[];
  /** What an observer remembers. */
  memory<Memory>(observer: string): Memory;
}

/** What can be known of an actor. */
export interface WorldSnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  /** Of a machine. */
  readonly value?: unknown;
  /** Of a machine, and of transition logic. */
  readonly context?: unknown;
  /** Of any other actor. */
  readonly input?: unknown;
  readonly output?: unknown;
  readonly error?: unknown;
}

/** Null: it holds; else what is wrong. */
export type Rule = (world: WorldView) => string | null;

export interface WorldOptions {
  /** By their names, which are their paths. */
  readonly actors: Readonly<Record<string, WorldActor | AnyStateMachine>>;
  /** What may come from outside, each at any moment and in any order. */
  readonly outside?: readonly OutsideEvent[];
  /**
   * How actors that are no machines may end, by their `src`; each may do so at any moment, or never. One that is not
   * here never ends.
   */
  readonly outcomes?: Readonly<
    Record<string, readonly WorldOutcome[] | ((child: WorldChild) => readonly WorldOutcome[])>
  >;
  /** Which time-outs may pass, each at any moment. @defaultValue all of them */
  readonly timeouts?:
    | boolean
    | ((timeout: {
        readonly actor: string;
        readonly event: EventObject;
        readonly delayMs: number;
      }) => boolean);
  /**
   * In which order messages are handled.
   *
   * - `receiver`: each actor has one mailbox, and gets what was sent to it in the order in which it was sent, whoever
   *   sent it; which actor goes on next is open. More orders than one process has: a proof for them is one for it.
   * - `pair`: only the order between a sender and a receiver is kept, as between processes; and what comes from outside,
   *   and time-outs, overtake all that waits.
   * - `none`: as XState does it in one process: what is sent is handled before anything else happens. What is open is
   *   when outside events, outcomes and time-outs come.
   *
   * @defaultValue `receiver`
   */
  readonly mailboxes?: 'receiver' | 'pair' | 'none';
  /** Hold in every state. By their words. */
  readonly invariants?: Readonly<Record<string, Rule>>;
  /**
   * Hold in every state in which nothing can happen, unless something comes from outside: no message is on its way, no
   * actor may end, no time-out pass. A deadlock is such a state.
   */
  readonly atRest?: Readonly<Record<string, Rule>>;
  readonly observers?: Readonly<Record<string, Observer>>;
  readonly bound?: {
    /** @defaultValue 1,000,000 */
    readonly states?: number;
    /** Longest way from the start, in steps. @defaultValue 1000 */
    readonly depth?: number;
  };
}

/** How far it is. */
export interface WorldProgress {
  /** Distinct. */
  readonly states: number;
  readonly transitions: number;
  /** Steps from the start to where it is looking. */
  readonly depth: number;
}
