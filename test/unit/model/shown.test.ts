/** What can be seen of a machine beside its state, as walks expect it. */

import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { createModel, liveSystem, runWalk, type Walk } from '../../../src/model/index.ts';

const till = setup({ types: { context: {} as { total: number; paid: boolean } } }).createMachine({
  id: 'till',
  context: { total: 0, paid: false },
  initial: 'open',
  states: {
    open: {
      on: {
        ADD: { actions: assign({ total: ({ context }) => context.total + 5 }) },
        LOOK: {},
        PAY: { actions: assign({ paid: true }) },
      },
    },
  },
});

const shows = ({ context: { total, paid } }: { context: { total: number; paid: boolean } }) => ({
  total,
  paid,
});
const model = createModel(till, { shows });
const way = ['ADD', 'LOOK', 'PAY'].map((type) => ({ event: { type } }));

test('what can be seen is told at the start, and where it changes', () => {
  const { start, steps } = model.walk('w', way);
  expect(start.effects).toEqual(['show total 0', 'show paid false']);
  expect(steps.map(({ expected }) => expected.effects)).toEqual([['show total 5'], [], ['show paid true']]);
});

test('a live actor shows what its model does', async () => {
  await runWalk(liveSystem(model), model.walk('w', way));
});

test('a live actor of which something else can be seen fails the walk', async () => {
  const walk: Walk = model.walk('w', way);
  const other = createModel(till, { shows: (snapshot) => ({ ...shows(snapshot), paid: false }) });
  await expect(runWalk(liveSystem(other), walk)).rejects.toThrow(/step 3 of 3, PAY.*\n.*\n- show paid true/);
});

test('without the option nothing of the context is expected', () => {
  expect(
    createModel(till)
      .walk('w', way)
      .steps.flatMap(({ expected }) => expected.effects),
  ).toEqual([]);
});
