/** The whole library in a simulated world, by a seed: random lives, and what must hold in all of them. */
import { badArgument } from '../../errors.ts';
import { createRecorder, type Recorder } from '../../recording/writer.ts';
import { actions, type FaultKind, faultKinds } from './actions.ts';
import { type RunOptions, run } from './run.ts';
import { type FailingRun, shrink } from './shrink.ts';
import type { SimulatedDomain } from './simulated-domain.ts';

export interface SimulateOptions {
  /** An integer of 32 bits. @defaultValue 0 */
  readonly seed?: number;
  /** How many QEMUs, each with its domain. @defaultValue 20 */
  readonly domains?: number;
  /** Decisions: one thing is delivered, happens, or time passes. @defaultValue 2000 */
  readonly steps?: number;
  /** Which kinds of fault happen. @defaultValue all */
  readonly faults?: readonly FaultKind[];
  readonly signal?: AbortSignal;
  /** Whether a failed run is made small, which takes some hundred further runs. @defaultValue true */
  readonly shrink?: boolean;
  /** Gets the trace's lines, in blocks of whole lines. */
  readonly writeTrace?: (text: string) => void;
  /** How far it is, every 500 steps. */
  readonly onProgress?: (done: { readonly steps: number; readonly checks: number }) => void;
  /** Further invariants, asked after each step for each domain; one that throws is a violation of `promise 7`. */
  readonly invariants?: readonly ((domain: SimulatedDomain) => void)[];
}

export interface SimulationResult {
  readonly seed: number;
  readonly domains: number;
  readonly steps: number;
  /** Further steps, after all faults were healed, until everything was settled. */
  readonly healingSteps: number;
  /** One is one invariant of one domain, evaluated where it could have changed. */
  readonly checks: number;
  /** How often each kind of fault happened. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly virtualMs: number;
  /** SHA-256 of the trace's lines. */
  readonly trace: string;
  /** Null: everything held. */
  readonly failure: SimulationFailure | null;
}

export interface SimulationFailure extends FailingRun {
  /** What passed on the monitor of the domain that it happened to: a recording for `replay`; null without a domain. */
  readonly recording: string | null;
}

/**
 * Hundreds of domains live a random life: what guests do, calls of the API, QEMUs that die or hang, lines that are cut,
 * replies that come late, a host that fails, subscribers that throw, drivers that close. After every step the promises of
 * the library are checked, and the invariants of a domain. Then all faults heal, and each domain must come to a settled
 * state. The same options give the same trace, byte by byte, on any machine.
 *
 * @throws TypeError for an option that is not right; the signal's reason
 * @public
 */
export async function simulate(options: SimulateOptions = {}): Promise<SimulationResult> {
  const { seed = 0, domains = 20, steps = 2000, faults = faultKinds } = options;
  requireInteger('seed', seed, -(2 ** 31), 2 ** 32 - 1);
  requireInteger('domains', domains, 1, 100_000);
  requireInteger('steps', steps, 0, Number.MAX_SAFE_INTEGER);
  for (const kind of faults)
    if (!faultKinds.includes(kind)) throw badArgument('faults', faultKinds.join(', '), kind);
  const indexes = Array.from({ length: domains }, (_, index) => index);
  const { signal, invariants, writeTrace, onProgress } = options;
  const shared = { signal, invariants };
  const result = await run({
    ...shared,
    seed,
    domains: indexes,
    plan: steps,
    faults: new Set(faults),
    writeTrace,
    onProgress,
  });
  const { violation, plan } = result;
  const failing = violation === null ? null : { seed, domains: indexes, plan, violation };
  const smallest = failing === null || options.shrink === false ? failing : await shrink(failing, shared);
  return {
    seed,
    domains,
    steps: result.steps,
    healingSteps: result.healingSteps,
    checks: result.checks,
    faults: byKind(result.faults),
    virtualMs: result.virtualMs,
    trace: result.trace,
    failure: smallest === null ? null : { ...smallest, recording: await record(smallest, shared) },
  };
}

/**
 * Makes a failed run again.
 *
 * @returns what it breaks now; null: nothing
 */
export async function replayFailure(
  failing: Pick<FailingRun, 'seed' | 'domains' | 'plan'>,
  options: Pick<SimulateOptions, 'signal' | 'invariants' | 'writeTrace'> = {},
): Promise<FailingRun['violation'] | null> {
  const { signal, invariants, writeTrace } = options;
  const { violation } = await run({ ...failing, faults: new Set(), signal, invariants, writeTrace });
  return violation;
}

async function record(
  { violation: { domain }, ...failing }: FailingRun,
  conditions: Pick<RunOptions, 'signal' | 'invariants'>,
): Promise<string | null> {
  if (domain === null) return null;
  const lines: string[] = [];
  let recorder: Recorder | null = null;
  await run({
    ...failing,
    ...conditions,
    faults: new Set(),
    hooks: {
      onDriver(driver, runtime) {
        recorder ??= createRecorder({ runtime, config: { name: domain }, write: (line) => lines.push(line) });
        recorder.listen(driver);
      },
      onMessage(of, direction, message) {
        if (of === domain) recorder?.trace(direction, message);
      },
    },
  });
  (recorder as Recorder | null)?.close();
  return lines.map((line) => `${line}\n`).join('');
}

function byKind(rows: ReadonlyMap<string, number>): Record<FaultKind, number> {
  const counts = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  for (const [name, count] of rows) {
    const kind = actions[name]?.fault;
    if (kind !== undefined && kind !== null) counts[kind] += count;
  }
  return counts;
}

function requireInteger(name: string, value: unknown, from: number, to: number): void {
  if (!(Number.isInteger(value) && (value as number) >= from && (value as number) <= to))
    throw badArgument(name, `an integer from ${from} to ${to}`, value);
}
