/** What was decided at each step, so that a run can be made again without some of it. */
import { actions, type FaultKind } from './actions.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

/** `choose`: something that waited happens. `pass`: milliseconds go by. `do`: a row of the actions. */
export type Decision =
  | { readonly choose: string; readonly pick: number }
  | { readonly pass: number }
  | { readonly do: string; readonly domain: number; readonly pick: number };

/** Of so many waiting things a life action adds no more. */
const MANY_CHOICES_A_DOMAIN = 0.5;
/** Of each domain as much happens before time passes, on average. */
const STEPS_OF_A_DOMAIN = 4;
const MAX_PICK = 2 ** 20;
const MAX_PASS_MS = 8000;

/** Decides by a seed. */
export class Planner {
  readonly #random: Random;
  readonly #rows: readonly string[];

  /** @param faults - kinds that happen */
  constructor(seed: number, faults: ReadonlySet<FaultKind>) {
    this.#random = new Random(seed);
    this.#rows = Object.entries(actions).flatMap(([name, { weight, fault }]) =>
      fault === null || faults.has(fault) ? Array.from({ length: weight }, () => name) : [],
    );
  }

  next({ runtime, domains }: World): Decision {
    const random = this.#random;
    const waiting = runtime.choices.size;
    if (random.below(STEPS_OF_A_DOMAIN * domains.length) === 0)
      return { pass: 1 + random.below(MAX_PASS_MS) };
    const isQuiet = waiting < domains.length * MANY_CHOICES_A_DOMAIN + 1;
    if (random.below(64) < (isQuiet ? 16 : 2))
      return {
        do: random.of(this.#rows),
        domain: random.of(domains).index,
        pick: random.below(MAX_PICK),
      };
    return this.nextOfThoseThatWait(runtime);
  }

  /** Something that waits; time, if nothing does but for its moment. */
  nextOfThoseThatWait(runtime: World['runtime']): Decision {
    const { choices } = runtime;
    const choice = choices.size === 0 ? undefined : choices.at(this.#random.below(choices.size));
    if (choice === undefined) return { pass: (runtime.nextDueMs ?? runtime.now() + 1) - runtime.now() };
    return { choose: choice.label, pick: this.#random.below(MAX_PICK) };
  }
}

/** @example `d3: guest resets` */
export function describeDecision(decision: Decision): string {
  if ('pass' in decision) return `${decision.pass} ms pass`;
  if ('choose' in decision) return `${decision.choose} goes on`;
  return `d${decision.domain}: ${decision.do}`;
}
