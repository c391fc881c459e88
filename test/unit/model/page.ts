/** A machine, and a system written by hand that does what it says, or does not. */
import { fromPromise, setup } from 'xstate';
import type { SystemUnderTest } from '../../../src/model/index.ts';

export const pageMachine = setup({
  actors: { loader: fromPromise<string>(() => new Promise(() => {})) },
  actions: { show: () => {} },
}).createMachine({
  id: 'page',
  initial: 'idle',
  on: { PING: {} },
  states: {
    idle: { on: { LOAD: 'busy.loading' } },
    busy: {
      initial: 'loading',
      states: {
        loading: {
          invoke: { src: 'loader', id: 'loader', onDone: '#page.shown', onError: '#page.failed' },
          after: { 1000: '#page.failed' },
        },
      },
      on: { CANCEL: 'idle' },
    },
    shown: { entry: 'show', on: { CLOSE: 'closed' } },
    failed: { on: { RETRY: 'busy.loading' } },
    closed: { type: 'final' },
  },
});

/** A page without a machine. Parts of the adapter can be replaced. */
export function pageSystem(
  parts: Partial<SystemUnderTest> = {},
): SystemUnderTest & { readonly calls: string[] } {
  let state = '';
  const calls: string[] = [];
  const change = (from: string, to: string) => () => {
    if (state !== from) return;
    calls.push(to);
    state = to;
  };
  return {
    calls,
    reset: () => {
      calls.push('reset');
      state = 'idle';
    },
    do: {
      LOAD: change('idle', 'busy.loading'),
      RETRY: change('failed', 'busy.loading'),
      CANCEL: change('busy.loading', 'idle'),
      CLOSE: change('shown', 'closed'),
      'loader is done': change('busy.loading', 'shown'),
      'loader fails': change('busy.loading', 'failed'),
      'after 1000 ms': change('busy.loading', 'failed'),
      '*': () => {},
    },
    see: () => ({ value: state }),
    ...parts,
  };
}
