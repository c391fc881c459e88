/**
 * A digital watch with two alarms, a chime, a stopwatch and a light.
 *
 * After: David Harel, "Statecharts: A Visual Formalism for Complex Systems" (1987), the Citizen Quartz Multi-Alarm III,
 * in a part of it. Parallel regions, deep history, guards on other regions, time-outs.
 */
import { and, assign, createMachine, not, stateIn } from 'xstate';

export const citizenWatch = createMachine({
  id: 'watch',
  type: 'parallel',
  context: { minutes: 58 },
  states: {
    main: {
      initial: 'displays',
      states: {
        displays: {
          initial: 'time',
          states: {
            hist: { type: 'history', history: 'deep' },
            time: {
              id: 'time',
              on: { 'press.a': 'alarm1', 'press.d': 'date', 'press.c': 'wait' },
            },
            date: { after: { 120000: 'time' }, on: { 'press.d': 'time' } },
            wait: { after: { 2000: '#update' }, on: { 'release.c': 'time' } },
            alarm1: { on: { 'press.a': 'alarm2' } },
            alarm2: { on: { 'press.a': 'chime' } },
            chime: { on: { 'press.a': 'stopwatch' } },
            stopwatch: {
              initial: 'zero',
              on: { 'press.a': 'time' },
              states: {
                zero: { on: { 'press.b': 'on' } },
                on: {
                  type: 'parallel',
                  states: {
                    run: {
                      initial: 'running',
                      states: {
                        running: { on: { 'press.b': 'stopped' } },
                        stopped: { on: { 'press.b': 'running' } },
                      },
                    },
                    display: {
                      initial: 'regular',
                      states: {
                        regular: {
                          on: {
                            'press.d': [
                              {
                                guard: stateIn({
                                  main: { displays: { stopwatch: { on: { run: 'running' } } } },
                                }),
                                target: 'lap',
                              },
                              { target: '#watch.main.displays.stopwatch.zero' },
                            ],
                          },
                        },
                        lap: { on: { 'press.d': 'regular' } },
                      },
                    },
                  },
                },
              },
            },
          },
        },
        update: {
          id: 'update',
          on: {
            'press.d': { actions: assign({ minutes: ({ context }) => (context.minutes + 1) % 60 }) },
            'press.b': '#time',
          },
          after: { 120000: '#time' },
        },
        beeping: {
          on: { 'press.*': 'displays.hist' },
          after: { 30000: 'displays.hist' },
        },
      },
      on: {
        'alarm.rings': {
          guard: and([not(stateIn('#update')), stateIn({ alarm: 'enabled' })]),
          target: '.beeping',
        },
      },
    },
    alarm: {
      initial: 'disabled',
      states: {
        disabled: {
          on: { 'press.d': { guard: stateIn({ main: { displays: 'alarm1' } }), target: 'enabled' } },
        },
        enabled: {
          on: { 'press.d': { guard: stateIn({ main: { displays: 'alarm1' } }), target: 'disabled' } },
        },
      },
    },
    light: {
      initial: 'off',
      states: {
        off: { on: { 'press.b': 'on' } },
        on: { on: { 'release.b': 'off' } },
      },
    },
  },
});

/** What the minutes are does not change what happens next. */
export const citizenWatchOptions = { state: () => null };
