/** Walks that failed are made small. */
import { describe, expect, test } from 'vitest';
import {
  createModel,
  liveSystem,
  type Model,
  runWalk,
  type ShrinkOptions,
  type Shrunk,
  type SystemStep,
  type SystemUnderTest,
  shrinkWalk,
  type Walk,
  WalkError,
} from '../../../src/model/index.ts';
import { machines } from './machines.ts';
import { pageMachine, pageSystem } from './page.ts';

const model = createModel(pageMachine);
const step = (type: string, more: object = {}) => ({ event: { type, ...more } });
const timeout = { ...step('xstate.after.1000.page.busy.loading'), afterMs: 1000 };
const fails = step('xstate.error.actor.loader', { error: new Error('it failed'), actorId: 'loader' });
/** Two failures of the loader, with all kinds of things in between. */
const long = model.walk('long', [
  ...[step('PING'), step('LOAD'), step('PING'), step('CANCEL'), step('LOAD'), timeout, step('PING')],
  ...[step('RETRY'), fails, step('PING'), step('RETRY'), step('PING'), fails, step('RETRY'), step('CANCEL')],
]);

/** A page that goes wrong when the loader fails for the second time. */
function brittle(): { system: SystemUnderTest; runs: () => number } {
  let failed = 0;
  let runs = 0;
  const { reset, do: act, see } = pageSystem();
  const system: SystemUnderTest = {
    reset: () => {
      failed = 0;
      runs += 1;
      return reset();
    },
    do: {
      ...act,
      'loader fails': (made) => {
        failed += 1;
        if (failed < 2) act['loader fails']?.(made);
      },
    },
    ...(see === undefined ? {} : { see }),
  };
  return { system, runs: () => runs };
}

async function shrink(
  system: SystemUnderTest,
  walk: Walk,
  options: ShrinkOptions = {},
  of: Model = model,
): Promise<Shrunk> {
  const error: unknown = await runWalk(system, walk, options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WalkError);
  return shrinkWalk(of, system, walk, error as WalkError, options);
}

const typesOf = ({ steps }: Walk): string[] => steps.map(({ event }) => event.type);

describe('a walk that failed', () => {
  test('is left with the steps that it takes to fail alike', async () => {
    const { walk, error, outcome } = await shrink(brittle().system, long);
    const child = 'xstate.error.actor.loader';
    expect(typesOf(walk)).toEqual(['LOAD', child, 'RETRY', child]);
    expect(outcome).toBe('smallest');
    expect(error.message.split('\n')[0]).toBe(
      'long, step 4 of 4, loader fails: expected failed, saw busy.loading',
    );
  });

  test('is expected to do what the machine does on the shorter way', async () => {
    const { walk } = await shrink(brittle().system, long);
    expect(walk).toEqual(model.walk('long', walk.steps));
    await runWalk(liveSystem(model), walk);
  });

  test('loses with a step those that cannot happen without it', async () => {
    const counts = { LOAD: 0, done: 0, PING: 0 };
    const count = (what: keyof typeof counts) => (): void => {
      counts[what] += 1;
      if (what === 'PING' && counts.PING === 3 && counts.LOAD === counts.done) throw new Error('no');
    };
    const system: SystemUnderTest = {
      reset: () => Object.assign(counts, { LOAD: 0, done: 0, PING: 0 }),
      do: { LOAD: count('LOAD'), 'loader is done': count('done'), PING: count('PING') },
    };
    const done = step('xstate.done.actor.loader', { output: 'text', actorId: 'loader' });
    const steps = [step('PING'), step('LOAD'), step('PING'), done, step('PING')];
    const { walk } = await shrink(system, model.walk('balanced', steps));
    expect(typesOf(walk)).toEqual(['PING', 'PING', 'PING']);
  });

  test('becomes none that fails otherwise, even if that is shorter', async () => {
    const system = pageSystem();
    const fail = (): never => {
      throw new Error('it is idle');
    };
    const whileIdle = async (): Promise<void> => {
      const seen = await system.see?.();
      if (seen?.value === 'idle') fail();
    };
    const act = { ...system.do, PING: whileIdle, 'loader fails': () => {} };
    const walked = model.walk('two bugs', [step('LOAD'), step('PING'), fails]);
    const { walk, error } = await shrink({ ...system, do: act }, walked);
    expect([error.stimulus, ...typesOf(walk)]).toEqual(['loader fails', 'LOAD', 'xstate.error.actor.loader']);
  });

  test('loses the steps after the one that failed at once', async () => {
    const system = pageSystem();
    const act = { ...system.do, LOAD: () => {} };
    const { walk } = await shrink({ ...system, do: act }, long, { maxRuns: 1 });
    expect(typesOf(walk)).toEqual(['PING', 'LOAD']);
  });

  test('is run no oftener than is allowed, and said to be bounded then', async () => {
    const { system, runs } = brittle();
    const { outcome, runs: counted, walk } = await shrink(system, long, { maxRuns: 5 });
    expect([outcome, counted, runs() - 1]).toEqual(['bounded', 5, 5]);
    expect(walk.steps.length).toBeLessThan(long.steps.length);
  });

  test('is left as it is if no run is allowed', async () => {
    const { walk, outcome } = await shrink(brittle().system, long, { maxRuns: 0 });
    expect([walk, outcome]).toEqual([long, 'bounded']);
  });

  test('is run no way twice, however many lists of steps lead to it', async () => {
    const { system } = brittle();
    const ways: string[] = [];
    const noted = Object.entries(system.do).map(([key, act]) => [
      key,
      (made: SystemStep) => {
        const at = long.steps.findIndex(({ event }) => event === made.event);
        ways.push(`${ways.pop()} ${at} ${made.event.type}`);
        return act(made);
      },
    ]);
    const reset = (): unknown => {
      ways.push('');
      return system.reset();
    };
    await shrink({ ...system, reset, do: Object.fromEntries(noted) }, long);
    // Without LOAD nothing can fail, so such a way is walked to its end.
    const harmless = ways.filter((way) => !way.includes('LOAD'));
    expect(harmless.length).toBeGreaterThan(0);
    expect(harmless).toEqual([...new Set(harmless)]);
  });

  test('that hangs is run again a few times only', async () => {
    const { reset, do: act } = pageSystem();
    let hung = 0;
    const hang = (): Promise<never> => {
      hung += 1;
      return new Promise(() => {});
    };
    const { error, outcome } = await shrink({ reset, do: { ...act, 'loader fails': hang } }, long, {
      stepTimeoutMs: 1,
      maxRuns: 100,
    });
    expect([error.timedOut, outcome, hung]).toEqual([true, 'bounded', 3]);
  });

  test('that does not fail again is said to be unsteady, and left as it is', async () => {
    const { system } = brittle();
    let isFirst = true;
    const once: SystemUnderTest = {
      ...system,
      check: {
        failed: () => {
          const result = !isFirst;
          isFirst = false;
          return result;
        },
      },
    };
    const { walk, error, outcome, runs } = await shrink(
      { ...once, do: pageSystem().do, see: () => ({}) },
      long,
    );
    expect([walk, error.phase, outcome, runs]).toEqual([long, 'check', 'unsteady', 1]);
  });

  test('ends with the reason of the signal when it is aborted', async () => {
    const controller = new AbortController();
    const { system } = brittle();
    const error = (await runWalk(system, long).catch((reason: unknown) => reason)) as WalkError;
    const { signal } = controller;
    const reset = (): void => controller.abort(new Error('enough'));
    await expect(shrinkWalk(model, { ...system, reset }, long, error, { signal })).rejects.toThrow('enough');
  });

  test('of a random strategy becomes small too', async () => {
    const counting = createModel(machines['always, guards, enqueueActions'] as never);
    const system = liveSystem(counting);
    const broken: SystemUnderTest = {
      ...system,
      see: async () => {
        const seen = await system.see?.();
        return { ...seen, effects: seen?.effects?.filter((line) => line !== 'emit many') ?? [] };
      },
    };
    const [walk] = counting.walks('random', { maxWalks: 1, seed: 3 }).walks;
    const { walk: smallest } = await shrink(broken, walk as Walk, {}, counting);
    expect(typesOf(smallest)).toEqual(['ADD', 'ADD', 'ADD']);
  });
});
