/**
 * A crossing: cars, and pedestrians who press a button.
 *
 * After: Stately, "XState docs", the traffic light that all their pages begin with, with its parallel states. Time-outs by
 * number, by name and by a function, raised events, the end of parallel states, final states with output.
 */
import { assign, raise, setup } from 'xstate';

export const trafficLight = setup({
  types: {
    context: {} as { readonly waiting: number; readonly rounds: number },
    events: {} as { type: 'button.pressed' } | { type: 'walk' } | { type: 'power.off' },
    output: {} as { readonly rounds: number },
  },
  delays: {
    GREEN: ({ context }) => (context.waiting > 0 ? 5000 : 20_000),
    YELLOW: 3000,
  },
  actions: { switchSoundOn: () => {} },
  guards: {
    isAnybodyWaiting: ({ context }) => context.waiting > 0,
    canStillWait: ({ context }) => context.waiting < 2,
  },
}).createMachine({
  id: 'crossing',
  context: { waiting: 0, rounds: 0 },
  initial: 'green',
  output: ({ context }) => ({ rounds: context.rounds }),
  on: {
    'power.off': '.dark',
    'button.pressed': {
      guard: 'canStillWait',
      actions: assign({ waiting: ({ context }) => context.waiting + 1 }),
    },
  },
  states: {
    green: { after: { GREEN: 'yellow' } },
    yellow: { after: { YELLOW: 'red' } },
    red: {
      type: 'parallel',
      onDone: { target: 'green', actions: assign({ rounds: ({ context }) => (context.rounds + 1) % 2 }) },
      states: {
        cars: {
          initial: 'stopped',
          states: { stopped: { after: { 8000: 'ready' } }, ready: { type: 'final' } },
        },
        pedestrians: {
          initial: 'asked',
          states: {
            asked: {
              always: [
                { guard: 'isAnybodyWaiting', target: 'walking', actions: raise({ type: 'walk' }) },
                { target: 'through' },
              ],
            },
            walking: {
              entry: assign({ waiting: 0 }),
              on: { walk: { actions: 'switchSoundOn' }, 'button.pressed': {} },
              after: { 6000: 'hurrying' },
            },
            hurrying: { after: { 2000: 'through' } },
            through: { type: 'final' },
          },
        },
      },
    },
    dark: { type: 'final' },
  },
});

/** Only the light itself sends it. */
export const trafficLightOptions = { events: { walk: [] } };
