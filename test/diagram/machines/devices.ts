/** Well-known statecharts with regions, history, final states and invoked actors, written anew. */
import { and, assign, createMachine, fromPromise, not, raise, setup, stateIn } from 'xstate';

/** Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm (2014), figure 4. */
export const raftServer = createMachine({
  id: 'raft server',
  initial: 'follower',
  on: { 'discovers higher term': '.follower' },
  states: {
    follower: {
      after: { electionTimeout: 'candidate' },
      on: { AppendEntries: { target: 'follower', reenter: true } },
    },
    candidate: {
      entry: ['increment term', 'vote for itself', 'request votes'],
      after: { electionTimeout: { target: 'candidate', reenter: true } },
      on: { 'votes of majority': 'leader', 'discovers current leader': 'follower' },
    },
    leader: { after: { heartbeat: { target: 'leader', reenter: true, actions: 'send AppendEntries' } } },
  },
});

/** A turnstile, the usual first example of a finite-state machine. */
export const turnstile = createMachine({
  id: 'turnstile',
  initial: 'locked',
  states: {
    locked: { on: { coin: 'unlocked', push: {} } },
    unlocked: { on: { push: 'locked', coin: { actions: 'return coin' } } },
  },
});

/** A keyboard's locks: three regions that do not know of each other, as in Harel's first examples of AND-states. */
export const keyboard = createMachine({
  id: 'keyboard',
  type: 'parallel',
  states: {
    numLock: { initial: 'off', states: { off: { on: { NUM: 'on' } }, on: { on: { NUM: 'off' } } } },
    capsLock: { initial: 'off', states: { off: { on: { CAPS: 'on' } }, on: { on: { CAPS: 'off' } } } },
    scrollLock: { initial: 'off', states: { off: { on: { SCROLL: 'on' } }, on: { on: { SCROLL: 'off' } } } },
  },
});

/** A CD player with a drawer, as in Horrocks, Constructing the User Interface with Statecharts (1999). */
export const cdPlayer = createMachine({
  id: 'cd player',
  initial: 'drawer',
  states: {
    drawer: {
      initial: 'closed',
      states: {
        closed: { on: { eject: 'open' } },
        open: { on: { eject: 'closed', load: { target: '#loaded', actions: 'close the drawer' } } },
      },
    },
    loaded: {
      id: 'loaded',
      initial: 'stopped',
      on: { eject: 'drawer.open' },
      states: {
        stopped: { on: { play: 'playing' } },
        playing: { on: { stop: 'stopped', pause: 'paused', 'end of track': { actions: 'next track' } } },
        paused: { on: { play: 'playing', stop: 'stopped' } },
        before: { type: 'history', history: 'deep', target: 'stopped' },
      },
    },
    off: { on: { power: 'loaded.before' } },
  },
  on: { power: '.off' },
});

/** A dishwasher: a program whose regions all have to end; the door interrupts it, and it goes on where it was. */
export const dishwasher = createMachine({
  id: 'dishwasher',
  initial: 'idle',
  states: {
    idle: { on: { start: 'running' } },
    running: {
      type: 'parallel',
      onDone: 'done',
      on: { 'door opened': 'interrupted' },
      states: {
        program: {
          initial: 'washing',
          states: {
            washing: { after: { 3000: 'rinsing' } },
            rinsing: { after: { 2000: 'drying' } },
            drying: { after: { 4000: 'ended' } },
            ended: { type: 'final' },
            last: { type: 'history' },
          },
        },
        salt: {
          initial: 'checking',
          states: { checking: { always: 'checked' }, checked: { type: 'final' } },
        },
      },
    },
    interrupted: { on: { 'door closed': 'running.program.last' } },
    done: { type: 'final', output: { clean: true } },
  },
});

/** A lift with requests that wait: guards that are composed, always, raised events. */
export const lift = setup({
  types: {
    context: {} as { floor: number; wanted: number[] },
    events: {} as { type: 'call'; floor: number } | { type: 'stop' } | { type: 'arrived' },
  },
  guards: {
    isWanted: ({ context }) => context.wanted.length > 0,
    isThere: ({ context }) => context.wanted[0] === context.floor,
    isAbove: ({ context }) => (context.wanted[0] ?? 0) > context.floor,
  },
  actions: { closeDoors() {} },
  delays: { doorTime: 3000 },
}).createMachine({
  id: 'lift',
  context: { floor: 0, wanted: [] },
  initial: 'waiting',
  on: { call: { actions: assign({ wanted: ({ context, event }) => [...context.wanted, event.floor] }) } },
  states: {
    waiting: {
      always: [
        { guard: and(['isWanted', 'isThere']), target: 'open' },
        { guard: and(['isWanted', 'isAbove']), target: 'moving.up' },
        { guard: and(['isWanted', not('isAbove')]), target: 'moving.down' },
      ],
    },
    moving: {
      initial: 'up',
      on: { stop: 'stuck', arrived: 'waiting' },
      states: {
        up: {
          after: {
            1000: {
              actions: [assign({ floor: ({ context }) => context.floor + 1 }), raise({ type: 'arrived' })],
            },
          },
        },
        down: {
          after: {
            1000: {
              actions: [assign({ floor: ({ context }) => context.floor - 1 }), raise({ type: 'arrived' })],
            },
          },
        },
      },
    },
    open: { exit: 'closeDoors', after: { doorTime: 'waiting' } },
    stuck: { on: { stop: { guard: stateIn('#lift.stuck'), target: 'waiting' } } },
  },
});

/** A shop's payment with an invoked promise, retries by `after`, wildcards and a description with odd characters. */
export const payment = setup({
  actors: { charge: fromPromise(async () => 'ok') },
  guards: { isLast: (_, params: { of: number }) => params.of > 3 },
  actions: { note() {}, show() {}, ignore() {} },
}).createMachine({
  id: 'payment <"&\'>; 100%',
  initial: 'idle',
  states: {
    idle: { description: 'Nothing is charged yet; "pay" <begins> it & no more.', on: { pay: 'charging' } },
    charging: {
      tags: 'busy',
      invoke: {
        src: 'charge',
        id: 'charge',
        onDone: 'paid',
        onError: [{ guard: { type: 'isLast', params: { of: 3 } }, target: 'failed' }, 'waiting'],
        onSnapshot: { actions: 'note' },
      },
      on: { 'card.*': { actions: 'show' }, '*': { actions: 'ignore' } },
    },
    waiting: { after: { 1000: 'charging' }, on: { 'give up': 'failed' } },
    'paid: #1; "ok"': { type: 'final' },
    paid: { always: 'paid: #1; "ok"' },
    failed: { type: 'final' },
    'v1.0': { on: { 'a\nb': 'failed' } },
  },
});

/** A state with the longest name, and a label of many words: nothing of it may be cut. */
export const longNames = createMachine({
  id: 'long names',
  initial: 'aStateWhoseNameIsLongerThanAnyLineThatIsDrawnInOnePiece',
  states: {
    aStateWhoseNameIsLongerThanAnyLineThatIsDrawnInOnePiece: {
      on: {
        'an event with a name of so many words that it does not fit in one line': {
          target: '日本語の状態',
          actions: ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'],
        },
      },
    },
    日本語の状態: { on: { 次: 'ﷺ‏عربي' } },
    'ﷺ‏عربي': { type: 'final' },
  },
});
