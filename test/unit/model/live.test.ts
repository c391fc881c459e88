/** XState's live actors do what a model says of their machines. */

import { describe, expect, test } from 'vitest';
import { type AnyStateMachine, createActor, createMachine, emit, fromCallback, raise, setup } from 'xstate';
import {
  domainMachine,
  monitorMachine,
  processEventMachine,
  qemuJobMachine,
} from '../../../src/machines/index.ts';
import {
  createModel,
  liveSystem,
  type Model,
  runWalk,
  type Stimulus,
  strategies,
  type WalkOptions,
  type WalkStep,
} from '../../../src/model/index.ts';
import { machines } from './machines.ts';

const bounds = { maxStates: 60, maxSteps: 1000 };
const options: WalkOptions = {
  maxWalks: 25,
  maxLength: 12,
  interrupts: [{ type: 'model.interrupt' }],
};

/** @returns the effects that were seen to be equal, of all walks */
async function walkAll(model: Model): Promise<string[]> {
  const system = liveSystem(model);
  const effects: string[] = [];
  for (const strategy of strategies)
    for (const walk of model.walks(strategy, options).walks) {
      await runWalk(system, walk);
      effects.push(...walk.start.effects, ...walk.steps.flatMap(({ expected }) => expected.effects));
    }
  return effects;
}

describe('a live actor does on every walk what the model says', () => {
  test.each(Object.entries(machines))('%s', async (_, machine) => {
    await walkAll(createModel(machine, bounds));
  });

  const domain = createActor(
    fromCallback(() => {}),
    { id: 'domain' },
  );
  const processEvent = { id: 'e1', type: 'reset', data: {}, incarnation: 'i1', job: 'modify', domain };
  const ours: readonly (readonly [string, AnyStateMachine, unknown])[] = [
    ['domain', domainMachine, { key: 'd1' }],
    ['monitor', monitorMachine, { key: 'd1', domain }],
    ['process event', processEventMachine, processEvent],
    ['QEMU job', qemuJobMachine, { domain }],
  ];
  test.each(ours)('the %s machine', async (_, machine, input) => {
    const effects = await walkAll(createModel(machine, { ...bounds, input }));
    expect(effects).not.toEqual([]);
  });
});

describe('a live system', () => {
  const waiting = createMachine({
    id: 'waiting',
    initial: 'on',
    states: {
      on: {
        entry: [raise({ type: 'TICK' }, { delay: 20 }), raise({ type: 'TICK' }, { delay: 30 })],
        after: { 20: 'off' },
        on: {
          LEAVE: 'off',
          STAY: { target: 'on', reenter: true },
          TICK: { actions: emit({ type: 'tick' }) },
        },
      },
      off: {},
    },
  });
  const model = createModel(waiting);
  const off = { event: { type: 'xstate.after.20.waiting.on' }, afterMs: 20 };
  const tick = (afterMs: number) => ({ event: { type: 'TICK' }, afterMs });

  test('has the one time-out pass that a walk names, by its event and its delay', async () => {
    await runWalk(liveSystem(model), model.walk('off', [off]));
    await runWalk(liveSystem(model), model.walk('ticks, then off', [tick(30), tick(20), off]));
  });

  test.each([
    ['it has passed', [off, off]],
    ['another of its event is', [tick(30), tick(30)]],
    ['its state was left', [{ event: { type: 'LEAVE' } }, off]],
    ['its state was entered again, and it has passed', [{ event: { type: 'STAY' } }, off, off]],
  ])('says that a time-out is not pending: %s', async (_, stimuli) => {
    const { start, steps } = model.walk('all but the last', stimuli.slice(0, -1));
    const { expected } = model.walk('the last', [stimuli.at(-1) as Stimulus]).steps[0] as WalkStep;
    const last = { ...(stimuli.at(-1) as Stimulus), expected };
    await expect(runWalk(liveSystem(model), { start, steps: [...steps, last] })).rejects.toThrow(
      /^walk, step (\d) of \1, .*: do\['\*'\] failed: no time-out of \d0 ms is pending for /,
    );
  });

  test('takes a bare machine for a model', async () => {
    await runWalk(liveSystem(waiting), {
      start: { value: 'on', effects: ['timer 20 TICK', 'timer 30 TICK', 'timer 20'] },
      steps: [],
    });
  });

  test('refuses what is neither', () => {
    expect(() => liveSystem({} as AnyStateMachine)).toThrow(
      new TypeError('machine: expected a machine of XState 5, received an object'),
    );
  });

  test('shows that a machine fails, and keeps the error to itself', async () => {
    const failing = setup({
      actors: { child: fromCallback(() => {}) },
    }).createMachine({ id: 'm', initial: 'on', states: { on: { invoke: { src: 'child', id: 'child' } } } });
    const event = { type: 'xstate.error.actor.child', error: new Error('it failed'), actorId: 'child' };
    const start = { value: 'on', effects: ['start child'] };
    const expected = { value: 'on', status: 'error' as const, effects: ['stop child'] };
    await runWalk(liveSystem(failing), { start, steps: [{ event, expected }] });
  });

  test('begins anew at each reset', async () => {
    const system = liveSystem(model);
    const walk = model.walk('off', [off]);
    await runWalk(system, walk);
    await runWalk(system, walk);
  });

  test("starts no stand-in of the author's own, as the model does not", async () => {
    const loud = fromCallback(() => {
      throw new Error('it was started');
    });
    const machine = setup({ actors: { child: fromCallback(() => {}) } }).createMachine({
      initial: 'on',
      states: { on: { invoke: { src: 'child', id: 'child' }, on: { OFF: 'off' } }, off: {} },
    });
    const model = createModel(machine, { actors: { child: loud } });
    await runWalk(liveSystem(model), model.walk('off', [{ event: { type: 'OFF' } }]));
  });
});
