/** Explores a world, breadth first, until all of it was seen or a rule is broken. */
import type { WorldOptions, WorldProgress } from './options.ts';
import { keyOf, type WorldState } from './state.ts';
import { type Trace, traceDiagram, traceOf, traceRecording, traceText } from './trace.ts';
import { World } from './world.ts';

/** A rule does not hold. No shorter way leads to where one does not. */
export interface Violation {
  /** Its words. */
  readonly rule: string;
  readonly why: string;
  readonly trace: Trace;
  /** The trace in words. */
  readonly text: string;
  /** The trace as JSON Lines: the start, each step with its number, the rule. To be kept as a file. */
  readonly recording: string;
  /** The trace as a sequence diagram in Mermaid. */
  readonly diagram: string;
}

export interface WorldReport {
  /** Distinct states. */
  readonly states: number;
  /** Steps that were made from them. */
  readonly transitions: number;
  /** Steps to the state that is farthest from the start. */
  readonly depth: number;
  /** All of it was seen. */
  readonly complete: boolean;
  /** Why not all was seen; null if it was. */
  readonly why: string | null;
  readonly violation: Violation | null;
}

/** Steps between two words of progress. */
const PROGRESS_STEPS = 10_000;

const ALIVE = 'no actor of the world fails';

interface Broken {
  readonly rule: string;
  readonly why: string;
}

/** What is known of the states that were met: how to come to each. Few bytes each, as there are many. */
class Ways {
  readonly #keys = new Set<string>();
  readonly #parents: number[] = [];
  readonly #moves: number[] = [];

  get count(): number {
    return this.#parents.length;
  }

  has = (key: string): boolean => this.#keys.has(key);

  add(key: string, parent: number, move: number): void {
    this.#keys.add(key);
    this.#parents.push(parent);
    this.#moves.push(move);
  }

  /** The moves from the start to a state, each as the number among those that may happen. */
  to(number: number): number[] {
    const way: number[] = [];
    for (let at = number; at > 0; at = this.#parents[at] as number) way.push(this.#moves[at] as number);
    return way.reverse();
  }
}

/**
 * Explores every order of messages, outcomes, time-outs and outside events in a world of machines, each step by XState's
 * pure transition: nothing runs, nothing is waited for. What a machine does beside (functions as actions) is told to the
 * observers, and not done.
 *
 * All states are looked at once; states are equal if all of it is equal: every actor's value, context and time-outs,
 * what waits for it, which outside events came, what the observers remember. The same world gives the same report.
 *
 * Machines must be pure: guards, assignments and inputs depend on context and event only. One that looks into another
 * actor (`getSnapshot`, `system.get`), or keeps a counter without end, cannot be checked so.
 *
 * @param onProgress - is told how far it is, now and then
 * @throws TypeError if the world is not made of machines; ModelError `ERR_UNSERIALISABLE` for a context, an event or an
 *   input that no text can tell; whatever rules and conditions throw
 */
export function checkWorld(
  options: WorldOptions,
  onProgress: (progress: WorldProgress) => void = () => {},
): WorldReport {
  const exploration = exploreWorld(options);
  for (;;) {
    const next = exploration.next();
    if (next.done === true) return next.value;
    onProgress(next.value);
  }
}

/**
 * As {@link checkWorld}, for callers with other things to do: it goes on when it is asked to, and tells how far it is
 * every 10,000 steps. Its last value is the report.
 */
export function* exploreWorld(options: WorldOptions): Generator<WorldProgress, WorldReport, void> {
  const { states: maxStates = 1_000_000, depth: maxDepth = 1000 } = options.bound ?? {};
  const world = new World(options);
  const brokenIn = rulesOf(world, options);
  const ways = new Ways();
  let transitions = 0;
  let depth = 0;
  const report = (
    why: string | null,
    broken: (Broken & { readonly way: readonly number[] }) | null,
  ): WorldReport => ({
    states: ways.count,
    transitions,
    depth,
    complete: why === null && broken === null,
    why: broken === null ? why : 'a rule is broken',
    violation: broken === null ? null : violationOf(world, broken),
  });

  const { state: start } = world.start();
  ways.add(keyOf(start), 0, 0);
  const atOnce = brokenIn(start);
  if (atOnce !== null) return report(null, { ...atOnce, way: [] });

  let layer: { readonly number: number; readonly state: WorldState }[] = [{ number: 0, state: start }];
  for (; layer.length > 0; depth += 1) {
    const next: typeof layer = [];
    for (const { number, state } of layer) {
      for (const [at, move] of world.moves(state).entries()) {
        const made = world.make(state, move);
        transitions += 1;
        if (transitions % PROGRESS_STEPS === 0) yield { states: ways.count, transitions, depth };
        const key = keyOf(made.state);
        if (ways.has(key)) continue;
        if (depth >= maxDepth)
          return report(`no way longer than ${maxDepth} steps was looked at (bound.depth)`, null);
        if (ways.count >= maxStates)
          return report(`no more than ${maxStates} states were looked at (bound.states)`, null);
        ways.add(key, number, at);
        const broken = brokenIn(made.state);
        if (broken !== null) {
          depth += 1;
          return report(null, { ...broken, way: ways.to(ways.count - 1) });
        }
        next.push({ number: ways.count - 1, state: made.state });
      }
    }
    if (next.length === 0) break;
    layer = next;
  }
  return report(null, null);
}

/** The first rule that a state breaks; null: it breaks none. */
function rulesOf(world: World, options: WorldOptions): (state: WorldState) => Broken | null {
  const always = Object.entries(options.invariants ?? {});
  const atRest = Object.entries(options.atRest ?? {});
  return (state) => {
    for (const { local } of state.live)
      if (local.snapshot.status === 'error' && !local.address.path.includes('/'))
        return { rule: ALIVE, why: `${local.address.path}: ${String(local.snapshot.error)}` };
    const broken = world.memories.broken(state.memories);
    if (broken !== null) return broken;
    const view = world.view(state);
    for (const [rule, holds] of world.isAtRest(state) ? [...always, ...atRest] : always) {
      const why = holds(view);
      if (why !== null) return { rule, why };
    }
    return null;
  };
}

function violationOf(
  world: World,
  { way, ...broken }: Broken & { readonly way: readonly number[] },
): Violation {
  const trace = traceOf(world, way);
  return {
    ...broken,
    trace,
    text: traceText(trace),
    recording: traceRecording(trace, broken),
    diagram: traceDiagram(trace),
  };
}
