/** Many walks: what failed, what was covered, and what is kept of it. */
import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import {
  type CoverageKind,
  checkCoverage,
  coverageKinds,
  createModel,
  liveSystem,
  replayWalk,
  runWalks,
  type SystemUnderTest,
  type Walk,
} from '../../../src/model/index.ts';
import { pageMachine, pageSystem } from './page.ts';

const model = createModel(pageMachine);
const { walks } = model.walks('transitions');

/** A page on which nothing can be closed. */
function unclosable(): SystemUnderTest {
  const system = pageSystem();
  return { ...system, do: { ...system.do, CLOSE: () => {} } };
}

const covered = (coverage: { summary(kind: CoverageKind): unknown }): unknown[] =>
  coverageKinds.map((kind) => coverage.summary(kind));

describe('a run of all walks of a strategy', () => {
  test('covers what the walks were to cover, if all pass', async () => {
    for (const strategy of ['transitions', 'pairs', 'guards', 'random'] as const) {
      const planned = model.walks(strategy);
      const report = await runWalks(model, planned.walks, liveSystem(model), {
        ...(strategy === 'pairs' ? { minCoverage: { pairs: 100 } } : {}),
      });
      expect(report).toMatchObject({
        walks: planned.walks.length,
        passed: planned.walks.length,
        failures: [],
      });
      expect(covered(report.coverage)).toEqual(covered(planned.coverage));
    }
  });

  test('counts of a walk that fails only the steps that were found right', async () => {
    const { failures, coverage } = await runWalks(model, walks, unclosable());
    expect(failures).toHaveLength(1);
    expect(coverage.summary('states').missing).toEqual(['closed']);
    expect(coverage.summary('transitions').missing).toEqual(['shown: CLOSE']);
  });

  test('counts nothing of a walk that did not start, and all of one that did not end', async () => {
    const fail = (): never => {
      throw new Error('no');
    };
    const notStarted = await runWalks(model, walks, pageSystem({ reset: fail }), { shrinkRuns: 0 });
    expect(notStarted.coverage.summary('states').covered).toBe(0);
    const notEnded = await runWalks(model, walks, pageSystem({ end: fail }), { shrinkRuns: 0 });
    expect(notEnded).toMatchObject({ passed: 0 });
    expect(notEnded.coverage.summary('states').missing).toEqual([]);
  });

  test('goes on after a walk that failed, unless told to bail', async () => {
    const system = (): SystemUnderTest => pageSystem({ check: { busy: () => false } });
    const all = await runWalks(model, walks, system());
    expect(all.walks).toBe(walks.length);
    expect(all.failures.length).toBeGreaterThan(1);
    const first = await runWalks(model, walks, system(), { bail: true });
    expect(first).toMatchObject({ walks: 1, passed: 0, failures: [{ walk: walks[0] }] });
  });

  test('refuses a walk of another machine before it is run', async () => {
    const foreign = { ...walks[0], steps: [{ ...walks[0]?.steps[0], afterMs: 7 }] } as Walk;
    const system = pageSystem();
    await expect(runWalks(model, [foreign], system)).rejects.toMatchObject({ code: 'ERR_WALK' });
    expect(system.calls).toEqual([]);
  });

  test('ends with the reason of the signal when it is aborted', async () => {
    const controller = new AbortController();
    const reset = (): void => controller.abort(new Error('enough'));
    const { signal } = controller;
    await expect(runWalks(model, walks, pageSystem({ reset }), { signal })).rejects.toThrow('enough');
  });
});

describe('a walk that failed', () => {
  const long = [walks.find(({ steps }) => steps.some(({ event }) => event.type === 'CLOSE')) as Walk];
  const padded = long.map(({ name, steps }) => model.walk(name, [{ event: { type: 'PING' } }, ...steps]));

  test('is made small, and says so', async () => {
    const { failures } = await runWalks(model, padded, unclosable());
    const [failure] = failures;
    expect(failure?.walk).toBe(padded[0]);
    expect(failure?.smallest.steps.map(({ event }) => event.type)).toEqual([
      'LOAD',
      'xstate.done.actor.loader',
      'CLOSE',
    ]);
    expect(failure?.message.split('\n').at(-1)).toBe('made small from 4 steps to 3');
    expect(failure?.error.step).toBe(3);
  });

  test('says that it may become smaller, where no more runs were allowed, all walks together', async () => {
    const { failures } = await runWalks(model, [...padded, ...padded], unclosable(), { shrinkRuns: 2 });
    expect(failures.map(({ message }) => message.split('\n').slice(4).join())).toEqual([
      'made small from 4 steps to 4; no more runs were allowed (shrinkRuns)',
      'not made small; no more runs were allowed (shrinkRuns)',
    ]);
  });

  test('says that it did not fail again', async () => {
    let runs = 0;
    const reset = (): void => {
      runs += 1;
      if (runs === 1) throw new Error('no');
    };
    const { failures } = await runWalks(model, padded, { reset, do: { '*': () => {} } });
    expect(failures[0]?.message).toMatch(/\nit did not fail when it was run again$/);
  });

  test('is saved as a text that replays the failure, and says how', async () => {
    const texts: string[] = [];
    const save = (_: Walk, text: string): void => {
      texts.push(text);
    };
    const { failures } = await runWalks(model, padded, unclosable(), { save });
    expect(failures[0]?.message).toContain('\nreplay it by replayWalk(model, system, text)');
    const [text = ''] = texts;
    await expect(replayWalk(model, unclosable(), text)).rejects.toThrow(
      'step 3 of 3, CLOSE: expected closed, saw shown',
    );
    await replayWalk(model, pageSystem(), text);
  });

  test('is replayed as the saver says', async () => {
    const save = async (walk: Walk): Promise<string> => `replay ${walk.steps.length}.json`;
    const { failures } = await runWalks(model, padded, unclosable(), { save });
    expect(failures[0]?.message).toMatch(/\nreplay it by replay 3\.json$/);
  });

  test('is reported all the same if it cannot be saved', async () => {
    const save = (): never => {
      throw new Error('the disk is full');
    };
    const { failures } = await runWalks(model, padded, unclosable(), { save });
    expect(failures[0]?.message).toMatch(/\nit could not be saved: the disk is full$/);
  });
});

describe('a saved walk', () => {
  test('is refused if the machine cannot walk it any more', async () => {
    const text = JSON.stringify({
      version: 1,
      name: 'old',
      start: { value: 'idle', status: 'active', effects: [] },
      steps: [
        {
          event: { type: 'xstate.after.5.page.idle' },
          afterMs: 5,
          expected: { value: 'gone', status: 'active', effects: [] },
          taken: [],
        },
      ],
    });
    await expect(replayWalk(model, pageSystem(), text)).rejects.toMatchObject({ code: 'ERR_WALK' });
  });
});

describe('too little coverage', () => {
  /** As far as they go. */
  const withoutClose = walks.map(({ name, steps }) =>
    model.walk(
      name,
      steps.filter(({ event }) => event.type !== 'CLOSE'),
    ),
  );

  test('fails the run, and names what is missing', async () => {
    await expect(
      runWalks(model, withoutClose, pageSystem(), {
        minCoverage: { states: 100, transitions: 95, guards: 100 },
      }),
    ).rejects.toMatchObject({
      code: 'ERR_COVERAGE',
      message: [
        'too little is covered',
        'states: 5 of 6, and 100 % are wanted; missing: closed',
        'transitions: 7 of 8, and 95 % are wanted; missing: shown: CLOSE',
      ].join('\n'),
    });
  });

  test('is what is enough for the percentage', async () => {
    await runWalks(model, withoutClose, pageSystem(), { minCoverage: { states: 83, transitions: 87 } });
  });

  test('is measured against all pairs that are possible', async () => {
    await expect(runWalks(model, walks, pageSystem(), { minCoverage: { pairs: 100 } })).rejects.toMatchObject(
      { message: expect.stringContaining('busy: CANCEL → idle: LOAD') },
    );
  });

  test('is not looked for where a walk failed', async () => {
    const { failures } = await runWalks(model, walks, unclosable(), { minCoverage: { states: 100 } });
    expect(failures).toHaveLength(1);
  });

  test('names ten and counts the others', () => {
    const states = Object.fromEntries(Array.from({ length: 13 }, (_, at) => [`s${at}`, {}]));
    const { coverage } = createModel(createMachine({ initial: 's0', states })).walks('states');
    expect(() => checkCoverage(coverage, { states: 100 })).toThrow(
      /1 of 13.*missing: s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, and 2 more$/,
    );
  });

  test('cannot be more than all', async () => {
    await expect(runWalks(model, walks, pageSystem(), { minCoverage: { states: 101 } })).rejects.toThrow(
      new TypeError('minCoverage.states: expected a number from 0 to 100, received 101'),
    );
  });
});
