/** What a walk asks of a system, and what it says when the system does otherwise. */
import { describe, expect, test } from 'vitest';
import {
  createModel,
  runWalk,
  type SystemUnderTest,
  type Walk,
  WalkError,
  type WalkLike,
} from '../../../src/model/index.ts';
import { pageMachine, pageSystem } from './page.ts';

const model = createModel(pageMachine);
const done = { type: 'xstate.done.actor.loader', output: 'text', actorId: 'loader' };
const walkOf = (...events: ({ type: string } | { type: string; output: unknown })[]): Walk =>
  model.walk(
    'a walk',
    events.map((event) => ({ event })),
  );
const loaded = walkOf({ type: 'LOAD' }, done);

/** The error that a walk ends with. */
async function failure(system: SystemUnderTest, walk: WalkLike, stepTimeoutMs = 5000): Promise<WalkError> {
  const error = await runWalk(system, walk, { stepTimeoutMs }).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WalkError);
  return error as WalkError;
}

const hang = (): Promise<never> => new Promise(() => {});
const fail = (): never => {
  throw new Error('no way');
};

describe('a walk', () => {
  test('resets, then sees and checks at the start and after each step, and ends; all in order', async () => {
    const calls: string[] = [];
    const note = (what: string, result?: unknown) => async () => {
      await Promise.resolve();
      calls.push(what);
      return result;
    };
    const system = {
      reset: note('reset'),
      do: { LOAD: note('LOAD'), '*': note('*') },
      see: note('see'),
      check: { '*': note('check *'), busy: note('check busy'), 'busy.loading': note('check busy.loading') },
      end: note('end'),
    } as SystemUnderTest;
    await runWalk(system, loaded);
    expect(calls).toEqual([
      ...['reset', 'see', 'check *'],
      ...['LOAD', 'see', 'check *', 'check busy', 'check busy.loading'],
      ...['*', 'see', 'check *'],
      'end',
    ]);
  });

  test('gives the step to `do`, and what is expected to `check`', async () => {
    const given: unknown[] = [];
    await runWalk(
      { reset: () => {}, do: { '*': (step) => given.push(step) }, check: { busy: (it) => given.push(it) } },
      walkOf({ type: 'LOAD' }),
    );
    const [step] = walkOf({ type: 'LOAD' }).steps;
    expect(given).toEqual([step, step?.expected]);
  });

  test('prefers what a step is called, then its event type, then `*`', async () => {
    const calls: string[] = [];
    const note = (what: string) => (): number => calls.push(what);
    const keys = ['loader is done', 'xstate.done.actor.loader', '*'];
    for (const [at] of keys.entries()) {
      const own = Object.fromEntries(keys.slice(at).map((key) => [key, note(key)]));
      await runWalk({ reset: () => {}, do: { ...own, LOAD: () => {} } }, loaded);
    }
    expect(calls).toEqual(keys);
  });

  test('takes for active and without effects what a test leaves out', async () => {
    const system = (effects: readonly string[]): SystemUnderTest => ({
      reset: () => {},
      do: {},
      see: () => ({ value: 'idle', status: 'active', effects }),
    });
    await runWalk(system([]), { start: { value: 'idle' }, steps: [] });
    const error = await failure(system(['emit it']), { start: { value: 'idle' }, steps: [] });
    expect(error.message).toBe(
      ['walk, at the start: its effects are not those expected', 'effects:', '+ emit it'].join('\n'),
    );
  });

  test('passes if what is seen is what is expected, in whatever way it is said', async () => {
    for (const value of ['busy.loading', { busy: 'loading' }]) {
      const system = pageSystem({ do: { '*': () => {} }, see: () => ({ value }) });
      await runWalk(system, { start: { value: { busy: 'loading' } }, steps: [] });
    }
    await runWalk(
      { reset: () => {}, do: {}, see: () => ({ value: { right: 'on', left: 'off' } }) },
      { start: { value: { left: 'off', right: 'on' } }, steps: [] },
    );
  });
});

describe('a walk that fails says at which step, what was expected, and what was seen', () => {
  test('another state', async () => {
    const system = pageSystem();
    const error = await failure({ ...system, do: { ...system.do, 'loader is done': () => {} } }, loaded);
    expect(error.message).toBe(
      [
        'a walk, step 2 of 2, loader is done: expected shown, saw busy.loading',
        'state:',
        '- shown',
        '+ busy.loading',
      ].join('\n'),
    );
    expect(error).toMatchObject({
      code: 'ERR_WALK_FAILED',
      name: 'WalkError',
      walk: 'a walk',
      step: 2,
      stimulus: 'loader is done',
      phase: 'see',
      timedOut: false,
      expected: { value: 'shown' },
      seen: { value: 'busy.loading' },
    });
  });

  test('another status', async () => {
    const system = pageSystem({ see: () => ({ status: 'done' }) });
    const error = await failure(system, loaded);
    expect(error.message).toBe(
      'a walk, at the start: expected it to be active, saw that it is done\nstatus:\n- active\n+ done',
    );
    expect(error.stimulus).toBeNull();
  });

  test('other effects, of which those around are shown', async () => {
    const lines = (...names: string[]): string[] => names.map((name) => `emit ${name}`);
    const start = { value: 'idle', effects: lines('a', 'b', 'c', 'd', 'e', 'f', 'g') };
    const seen = lines('a', 'b', 'c', 'x', 'y', 'e', 'f', 'g');
    const error = await failure(pageSystem({ see: () => ({ effects: seen }) }), { start, steps: [] });
    expect(error.message.split('\n').slice(1)).toEqual([
      'effects:',
      '  …',
      ...['  emit b', '  emit c', '- emit d', '+ emit x', '+ emit y', '  emit e', '  emit f'],
      '  …',
    ]);
  });

  test('a state that cannot be said', async () => {
    const error = await failure(pageSystem({ see: () => ({ value: { a: () => {} } }) }), loaded);
    expect(error.message).toMatch(/^a walk, at the start: expected idle, saw value\.a is a function/);
  });

  test.each([
    ['reset', { reset: fail }, 'at the start: reset failed: no way'],
    ['do', { do: { LOAD: fail } }, "step 1 of 2, LOAD: do['LOAD'] failed: no way"],
    ['check', { check: { busy: fail } }, "step 1 of 2, LOAD: check['busy'] failed: no way"],
    ['see', { see: fail }, 'at the start: see failed: no way'],
    ['end', { end: fail }, 'step 2 of 2, loader is done: end failed: no way'],
  ] as const)('%s throws', async (phase, parts, message) => {
    const error = await failure(pageSystem(parts), loaded);
    expect(error.message).toBe(`a walk, ${message}`);
    expect(error.cause).toEqual(new Error('no way'));
    expect(error.phase).toBe(phase);
  });

  test.each([
    ['reset', { reset: hang }, 'at the start: reset took more than 1 ms'],
    ['do', { do: { LOAD: hang } }, "step 1 of 2, LOAD: do['LOAD'] took more than 1 ms"],
    ['check', { check: { '*': hang } }, "at the start: check['*'] took more than 1 ms"],
    ['see', { see: hang }, 'at the start: see took more than 1 ms'],
    ['end', { end: hang }, 'step 2 of 2, loader is done: end took more than 1 ms'],
  ] as const)('%s hangs', async (phase, parts, message) => {
    const error = await failure(pageSystem(parts), loaded, 1);
    expect(error.message.split('\n')[0]).toBe(`a walk, ${message}`);
    expect(error).toMatchObject({ phase, timedOut: true });
  });

  test('a check is false', async () => {
    const error = await failure(pageSystem({ check: { shown: async () => false } }), loaded);
    expect(error.message).toBe("a walk, step 2 of 2, loader is done: check['shown'] is false");
    expect(error.seen).toEqual({ value: 'shown' });
  });

  test('see gives no object', async () => {
    const see = (): never => 'idle' as never;
    const error = await failure(pageSystem({ see }), loaded);
    expect(error.message).toBe("a walk, at the start: see: expected an object, received 'idle'");
    const nothing = (): never => null as never;
    await runWalk(pageSystem({ see: nothing }), loaded);
  });

  test('there is no `do` for a step; what all objects have is none', async () => {
    const error = await failure({ reset: () => {}, do: { LOAD: () => {} } }, loaded);
    expect(error.message).toBe(
      "a walk, step 2 of 2, loader is done: the system has no `do` for it ('loader is done', 'xstate.done.actor.loader', '*')",
    );
    const steps = [{ event: { type: 'toString' }, expected: { value: 'idle' } }];
    const other = await failure({ reset: () => {}, do: {} }, { start: { value: 'idle' }, steps });
    expect(other.message).toContain("the system has no `do` for it ('toString', '*')");
  });

  test('and ends the system all the same; what went wrong first is told', async () => {
    let ended = 0;
    const end = (): never => {
      ended += 1;
      throw new Error('not that');
    };
    const error = await failure(pageSystem({ reset: fail, end }), loaded);
    expect(error.message).toContain('no way');
    expect(ended).toBe(1);
  });

  test('what a system rejects with after its time is not heard', async () => {
    let rejectLate: (error: Error) => void = () => {};
    const system = pageSystem({ reset: () => new Promise((_, reject) => (rejectLate = reject)) });
    await failure(system, loaded, 1);
    rejectLate(new Error('too late'));
  });
});

describe('a walk that is aborted', () => {
  test('ends with the reason of the signal, and ends the system', async () => {
    const controller = new AbortController();
    let ended = false;
    const system = pageSystem({
      do: {
        '*': () => {
          controller.abort(new Error('enough'));
          return hang();
        },
      },
      end: async () => {
        ended = true;
      },
    });
    const { signal } = controller;
    await expect(runWalk(system, loaded, { signal })).rejects.toThrow('enough');
    expect(ended).toBe(true);
  });

  test('before it begins asks nothing of the system', async () => {
    const system = pageSystem();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(runWalk(system, loaded, { signal })).rejects.toThrow('enough');
    expect(system.calls).toEqual([]);
  });
});

describe('a TypeError says what of an adapter cannot be used', () => {
  test.each([
    [null, 'system: expected an adapter, received null'],
    [{ do: {} }, 'system.reset: expected a function, received undefined'],
    [{ reset: () => {} }, 'system.do: expected functions by event type, received undefined'],
    [{ reset: () => {}, do: { PAY: 1 } }, "system.do['PAY']: expected a function, received 1"],
    [
      { reset: () => {}, do: {}, check: { paid: '' } },
      "system.check['paid']: expected a function, received ''",
    ],
    [{ reset: () => {}, do: {}, see: 1 }, 'system.see: expected a function, received 1'],
    [{ reset: () => {}, do: {}, end: 1 }, 'system.end: expected a function, received 1'],
  ])('%j', async (system, message) => {
    await expect(runWalk(system as unknown as SystemUnderTest, loaded)).rejects.toThrow(
      new TypeError(message),
    );
  });

  test('or that a time is none', async () => {
    await expect(runWalk(pageSystem(), loaded, { stepTimeoutMs: 0 })).rejects.toThrow(
      new TypeError('stepTimeoutMs: expected a number above 0, received 0'),
    );
  });
});
