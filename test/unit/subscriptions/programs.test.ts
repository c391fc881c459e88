/** Random programs, some of them run inside of callbacks, against a naive model of the rules. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventState } from '../../../src/subscriptions/event-state.ts';
import { ManualLoop } from './manual-loop.ts';
import { type NaiveEvent, type NaiveHooks, type NaivePlace, NaiveState } from './naive-state.ts';

type Step =
  | ({ readonly do: 'register' } & NaivePlace)
  | { readonly do: 'deregister'; readonly id: number }
  | {
      readonly do: 'deregisterLegacy';
      readonly fn: number;
      readonly type: string;
      readonly key: string | null;
    }
  | { readonly do: 'queue'; readonly type: string; readonly key: string }
  | { readonly do: 'flush' | 'close' };

interface Program {
  readonly steps: readonly Step[];
  /** What the first callback or `free` that runs does, the second, … */
  readonly inside: readonly (readonly Step[])[];
}

/** What both have. */
type State = Pick<NaiveState, 'register' | 'deregister' | 'deregisterLegacy' | 'queue' | 'flush' | 'close'>;

const fn = fc.integer({ min: 0, max: 2 });
const type = fc.constantFrom('lifecycle', 'reboot');
const key = fc.constantFrom('A', 'B');
const keyOrAll = fc.constantFrom(null, 'A', 'B');
const door = fc.constantFrom('any' as const, 'legacy' as const);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('register' as const),
      fn,
      type,
      key: keyOrAll,
      door,
      filtered: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('deregister' as const), id: fc.integer({ min: 0, max: 9 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('deregisterLegacy' as const), fn, type, key: keyOrAll }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('queue' as const), type, key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const) }) },
);
const anyProgram: fc.Arbitrary<Program> = fc.record({
  steps: fc.array(anyStep, { maxLength: 40 }),
  inside: fc.array(fc.array(anyStep, { maxLength: 4 }), { maxLength: 15 }),
});

/** Runs a program, and writes down all that becomes visible. */
function run({ steps, inside }: Program, make: (hooks: NaiveHooks) => State): string[] {
  const log: string[] = [];
  const waiting = [...inside];
  let events = 0;
  const perform = (step: Step): void => {
    if (step.do === 'register') log.push(`register ${state.register(step)}`);
    else if (step.do === 'deregister') log.push(`deregister ${state.deregister(step.id)}`);
    else if (step.do === 'deregisterLegacy')
      log.push(`legacy ${state.deregisterLegacy(step.fn, step.type, step.key)}`);
    else if (step.do === 'queue') state.queue({ type: step.type, key: step.key, n: ++events });
    else if (step.do === 'flush') state.flush();
    else if (step.do === 'close') state.close();
  };
  const performInside = (): void => {
    for (const step of waiting.shift() ?? []) perform(step);
  };
  const state = make({
    called(callback, id, n) {
      log.push(`call ${callback} of ${id} with ${n}`);
      performInside();
    },
    freed(id) {
      log.push(`free ${id}`);
      performInside();
    },
    thrownAway: (n) => log.push(`lost ${n}`),
  });
  for (const step of steps) perform(step);
  // Whoever registers while all is closed is the driver's affair: it refuses.
  waiting.length = 0;
  state.flush();
  state.close();
  return log;
}

function real({ called, freed, thrownAway }: NaiveHooks): State {
  const loop = new ManualLoop();
  const identities = [{}, {}, {}];
  const events = new EventState<NaiveEvent>(loop, {
    keysOf: (event) => [event.key],
    onCallbackError: () => {},
    onUndelivered: ({ n }) => thrownAway(n),
  });
  return {
    register({ fn: callback, type, key, door, filtered }) {
      const identity = filtered ? null : (identities[callback] ?? null);
      try {
        const id = events.register({
          ...{ type, key, door, identity },
          callback: ({ n }) => {
            called(callback, id, n);
            throw new Error('each callback fails');
          },
          free: () => {
            freed(id);
            throw new Error('each free fails');
          },
          ...(filtered ? { matches: ({ n }: NaiveEvent) => n % 2 === 0 } : {}),
        });
        return id;
      } catch {
        return null;
      }
    },
    deregister: (id) => events.deregister(id, 'any'),
    deregisterLegacy: (callback, type, key) =>
      events.deregisterSame({ type, key, door: 'legacy', identity: identities[callback] ?? null }),
    queue: (event) => events.queue(event),
    flush: () => loop.turn(),
    close: () => events.close(),
  };
}

test('register, deregister, queue, flush and close, also inside of callbacks, do what the rules say (R1–R9, Q1–Q8, D1–D9, free)', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(anyProgram, (program) => {
      const log = run(program, real);
      expect(log).toEqual(run(program, (hooks) => new NaiveState(hooks)));
      for (const line of log) {
        const [what = ''] = line.split(' ', 1);
        seen.set(what, (seen.get(what) ?? 0) + 1);
      }
    }),
    { numRuns: 3000, seed: 5 },
  );
  // The programs reach what they are about.
  for (const what of ['register', 'deregister', 'legacy', 'call', 'free', 'lost'])
    expect(seen.get(what), what).toBeGreaterThan(200);
});

test('each registration is freed exactly once, and not called after it', () => {
  fc.assert(
    fc.property(anyProgram, (program) => {
      const log = run(program, real);
      const ids = log.flatMap((line) => /^register (\d+)$/.exec(line)?.[1] ?? []);
      for (const id of ids) {
        const freed = log.flatMap((line, index) => (line === `free ${id}` ? [index] : []));
        expect(freed).toHaveLength(1);
        const calls = log.findLastIndex((line) => line.includes(` of ${id} with `));
        expect(calls).toBeLessThan(freed[0] ?? 0);
      }
    }),
    { numRuns: 1000, seed: 6 },
  );
});
