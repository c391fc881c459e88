/** One run of a simulated world: a plan that is made by a seed or given, then everything heals. */
import { messageOf } from '../../errors.ts';
import { actions, type FaultKind } from './actions.ts';
import { type Decision, Planner } from './plan.ts';
import { unsettled } from './settled.ts';
import type { SimulatedDomain } from './simulated-domain.ts';
import { Trace } from './trace.ts';
import type { Violation } from './violation.ts';
import { World, type WorldHooks } from './world.ts';

/** So long after the last fault everything must be settled: the longest time-out, and the waits before it. */
const HEALING_MS = 200_000;
/** How often it is looked whether everything is settled, in steps. */
const LOOK_EVERY = 100;
/** How often somebody hears how far it is, in steps. */
const PROGRESS_EVERY = 500;

export interface RunOptions {
  readonly seed: number;
  /** Their indexes. */
  readonly domains: readonly number[];
  readonly faults: ReadonlySet<FaultKind>;
  /** How many steps are decided by the seed, or which these are. */
  readonly plan: number | readonly Decision[];
  readonly signal?: AbortSignal | undefined;
  readonly writeTrace?: ((text: string) => void) | undefined;
  readonly hooks?: WorldHooks | undefined;
  readonly onProgress?: ((done: { steps: number; checks: number }) => void) | undefined;
  /** Further invariants of a domain; each throws where it is broken. */
  readonly invariants?: readonly ((domain: SimulatedDomain) => void)[] | undefined;
}

export interface RunResult {
  readonly steps: number;
  /** Further steps, after everything healed. */
  readonly healingSteps: number;
  readonly checks: number;
  /** Faults that happened, by their row. */
  readonly faults: ReadonlyMap<string, number>;
  readonly virtualMs: number;
  readonly trace: string;
  readonly violation: Violation | null;
  /** What was decided until then, without the healing. */
  readonly plan: readonly Decision[];
}

/** @throws the signal's reason */
export async function run(options: RunOptions): Promise<RunResult> {
  const trace = new Trace(options.writeTrace ?? null);
  const world = await World.create(options.seed, options.domains, trace, options.hooks ?? {});
  const onRejection = (reason: unknown): void =>
    world.violate(null, `promise 7: nobody handles ${reason instanceof Error ? reason.stack : reason}`);
  process.on('unhandledRejection', onRejection);
  // Errors are made by the thousand, of connections for one, and their stacks would cost a sixth of the time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await new Run(world, options).toEnd(trace);
  } finally {
    process.off('unhandledRejection', onRejection);
    Error.stackTraceLimit = stackTraceLimit;
    world.close();
  }
}

class Run {
  readonly #world: World;
  readonly #options: RunOptions;
  readonly #plan: Decision[] = [];

  constructor(world: World, options: RunOptions) {
    this.#world = world;
    this.#options = options;
  }

  async toEnd(trace: Trace): Promise<RunResult> {
    const world = this.#world;
    for (const domain of world.domains) await world.attach(domain);
    await this.#live();
    const { step } = world;
    if (world.violation === null) await this.#healed();
    if (world.violation === null) await this.#closed();
    return {
      steps: step,
      healingSteps: world.step - step,
      checks: world.checks,
      faults: world.faults,
      virtualMs: Math.round(world.runtime.elapsedMs),
      trace: trace.digest(),
      violation: world.violation,
      plan: this.#plan,
    };
  }

  async #live(): Promise<void> {
    const { seed, plan, faults } = this.#options;
    if (typeof plan !== 'number') {
      for (const decision of plan) {
        if (this.#world.violation !== null) return;
        // In a plan that was made smaller, what it would choose may not be there.
        if ('choose' in decision && this.#world.runtime.choices.find(decision.choose) === undefined) continue;
        await this.#take(decision);
      }
      return;
    }
    const planner = new Planner(seed, faults);
    for (let n = 0; n < plan && this.#world.violation === null; n += 1)
      await this.#take(planner.next(this.#world));
  }

  async #take(decision: Decision): Promise<void> {
    this.#plan.push(decision);
    await this.#step(decision);
  }

  /** Everything heals: first all but the QEMUs that hang, which nobody else waits for, then these too. */
  async #healed(): Promise<void> {
    const world = this.#world;
    const planner = new Planner(~this.#options.seed, new Set());
    await world.heal();
    await this.#settle(
      planner,
      world.domains.filter(({ hung }) => !hung),
    );
    for (const domain of world.domains) domain.hang(false);
    await this.#settle(planner, world.domains);
    for (const { follower, label } of world.domains)
      world.guard(label, () => {
        world.checks += follower?.checkSettled() ?? 0;
      });
  }

  /** In the end nothing is left of the drivers; what they still wait for is bounded. */
  async #closed(): Promise<void> {
    const world = this.#world;
    const { runtime } = world;
    const planner = new Planner(this.#options.seed, new Set());
    const deadlineMs = runtime.elapsedMs + HEALING_MS;
    world.close();
    for (let left = world.left; left !== null && world.violation === null; left = world.left) {
      if (runtime.elapsedMs > deadlineMs) return world.violate(null, `promise 7: ${left}`);
      await this.#step(planner.nextOfThoseThatWait(runtime));
    }
  }

  async #settle(planner: Planner, domains: readonly SimulatedDomain[]): Promise<void> {
    const world = this.#world;
    const { runtime } = world;
    const deadlineMs = runtime.elapsedMs + HEALING_MS;
    let late = domains;
    while (late.length > 0 && world.violation === null) {
      if (runtime.elapsedMs > deadlineMs) {
        const [domain] = late as [SimulatedDomain];
        return world.violate(domain.label, unsettled(domain, runtime) ?? 'promise 6: not settled in time');
      }
      for (let n = 0; n < LOOK_EVERY && world.violation === null; n += 1)
        await this.#step(planner.nextOfThoseThatWait(runtime));
      // A driver that was about to close has done so.
      for (const domain of late) await world.attach(domain);
      late = domains.filter((domain) => unsettled(domain, runtime) !== null);
    }
  }

  /** One step, and everything that holds after it. */
  async #step(decision: Decision): Promise<void> {
    const world = this.#world;
    const { signal, onProgress, invariants = [] } = this.#options;
    signal?.throwIfAborted();
    world.step += 1;
    await this.#perform(decision);
    world.check();
    for (const check of invariants)
      for (const domain of world.domains) world.guard(domain.label, () => check(domain));
    if (world.step % PROGRESS_EVERY === 0) onProgress?.({ steps: world.step, checks: world.checks });
  }

  async #perform(decision: Decision): Promise<void> {
    const world = this.#world;
    const { runtime } = world;
    world.trace({ ms: runtime.elapsedMs, ...decision });
    if ('pass' in decision) return runtime.pass(decision.pass);
    if ('choose' in decision) {
      const choice = runtime.choices.find(decision.choose);
      if (choice !== undefined) await runtime.happen(choice, decision.pick);
      return;
    }
    const action = actions[decision.do];
    const domain = world.domains.find(({ index }) => index === decision.domain);
    if (action === undefined || domain === undefined) return;
    if (action.fault !== null) world.faults.set(decision.do, (world.faults.get(decision.do) ?? 0) + 1);
    try {
      await action.run(domain, world, decision.pick);
      await runtime.settle();
    } catch (error) {
      world.violate(domain.label, `promise 7: ${decision.do}: ${messageOf(error)}`);
    }
  }
}
