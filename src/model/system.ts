/** What walks are run against: the adapter that its author writes. */
import type { EventObject } from 'xstate';
import { badArgument } from '../errors.ts';
import type { Expectation, WalkStep } from './walk.ts';

/** A step as an adapter gets it. */
export interface SystemStep extends WalkStep {
  readonly event: EventObject & { readonly [data: string]: unknown };
}

/** What an adapter saw. What it leaves out is not compared. */
export interface Seen {
  /** A state value as XState's, or in words: `active.running`. */
  readonly value?: unknown;
  readonly status?: string;
  /** Since it was asked last, in order, in the words of `Expectation.effects`. */
  readonly effects?: readonly string[];
}

/**
 * A system that should do what a machine says. Every function may be asynchronous; each is waited for, for a bounded
 * time, before the next is called. What one throws, or rejects with, ends the walk as failed.
 *
 * @example
 * const system: SystemUnderTest = {
 *   reset: () => { shop = new Shop(); },
 *   do: {
 *     PAY: ({ event }) => shop.pay(Number(event.amount)),
 *     'after 1000 ms': () => shop.clock.advance(1000),
 *   },
 *   check: { paid: () => assert.equal(shop.open, 0) },
 * };
 */
export interface SystemUnderTest {
  /** Begins anew. The first that a walk calls. */
  reset(): unknown;
  /**
   * Makes a step happen. By what happens, as `describeStimulus` says it (`PAY`, `after 1000 ms`, `loader is done`); else
   * by the event's type; else `*`.
   */
  readonly do: Readonly<Record<string, (step: SystemStep) => unknown>>;
  /**
   * Looks at the start and after each step whether the state is the one expected: `*` in every state, then by the path
   * of each state that is active, parents first (`active`, `active.running`). Throws, or gives `false`, if it is not.
   */
  readonly check?: Readonly<Record<string, (expected: Expectation) => unknown>>;
  /** What can be seen, at the start and after each step, before it is checked. It is compared with what is expected. */
  see?(): Seen | undefined | Promise<Seen | undefined>;
  /** The walk is over, however it ended. */
  end?(): unknown;
}

/** @throws TypeError that says what is missing */
export function checkSystem(system: SystemUnderTest): void {
  if (typeof system !== 'object' || system === null) throw badArgument('system', 'an adapter', system);
  if (typeof system.reset !== 'function') throw badArgument('system.reset', 'a function', system.reset);
  if (typeof system.do !== 'object' || system.do === null)
    throw badArgument('system.do', 'functions by event type', system.do);
  for (const part of ['see', 'end'] as const)
    if (system[part] !== undefined && typeof system[part] !== 'function')
      throw badArgument(`system.${part}`, 'a function', system[part]);
  for (const part of ['do', 'check'] as const)
    for (const [name, member] of Object.entries(system[part] ?? {}))
      if (typeof member !== 'function') throw badArgument(`system.${part}['${name}']`, 'a function', member);
}
