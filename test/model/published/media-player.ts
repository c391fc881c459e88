/**
 * A player that goes on where it was, and shows its controls while the mouse moves.
 *
 * After: the media player with history states of "Statecharts in the user interface" (Ian Horrocks, 1999). Shallow and
 * deep history, wildcards, delayed events that are cancelled, `enqueueActions`, targets by id, reentering transitions.
 */
import { type AnyEventObject, assign, cancel, createMachine, emit, enqueueActions, raise } from 'xstate';

export const mediaPlayer = createMachine({
  types: {} as { context: { readonly volume: number }; events: AnyEventObject; emitted: AnyEventObject },
  id: 'player',
  type: 'parallel',
  context: { volume: 1 },
  states: {
    transport: {
      initial: 'stopped',
      states: {
        stopped: { on: { play: '#deep', resume: '#shallow' } },
        playing: {
          initial: 'normal',
          on: {
            stop: 'stopped',
            'ad.*': { target: 'advertising' },
            restart: { target: 'playing', reenter: true },
          },
          states: {
            deep: { id: 'deep', type: 'history', history: 'deep', target: 'normal' },
            shallow: { id: 'shallow', type: 'history' },
            normal: { on: { forward: 'fast' } },
            fast: {
              initial: 'double',
              on: { normal: 'normal' },
              states: { double: { on: { faster: 'triple' } }, triple: {} },
            },
          },
        },
        advertising: { after: { 5000: '#deep' }, on: { '*': { actions: 'beepAtUser' }, stop: 'stopped' } },
      },
    },
    controls: {
      initial: 'hidden',
      states: {
        hidden: { on: { 'mouse.*': 'shown' } },
        shown: {
          entry: raise({ type: 'idle' }, { id: 'idle', delay: 3000 }),
          exit: cancel('idle'),
          on: {
            'mouse.*': { actions: [cancel('idle'), raise({ type: 'idle' }, { id: 'idle', delay: 3000 })] },
            idle: 'hidden',
          },
        },
      },
    },
    sound: {
      initial: 'audible',
      states: {
        audible: {
          on: {
            volume: {
              actions: enqueueActions(({ enqueue, event, check, context }) => {
                if (check(({ context: { volume } }) => volume !== event.to))
                  enqueue.emit({ type: 'volume', from: context.volume, to: event.to });
                enqueue.assign({ volume: event.to });
                enqueue(() => {
                  throw new Error('a function of the author is not called');
                });
              }),
            },
            mute: { target: 'muted', actions: emit({ type: 'muted' }) },
          },
        },
        muted: { on: { mute: 'audible' }, entry: assign({ volume: 0 }), exit: assign({ volume: 1 }) },
      },
    },
  },
});

/** The mouse is what moves and clicks. */
export const mediaPlayerOptions = {
  events: { volume: [{ to: 1 }, { to: 2 }], 'mouse.move': [{}], 'mouse.click': [{}], idle: [] },
};
