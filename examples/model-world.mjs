// Two clients and a lock: every order of what may happen is tried, and the shortest way to a mistake told.
// Usage: node examples/model-world.mjs
import { checkWorld } from 'qemu-actors/model';
import { assign, sendTo, setup } from 'xstate';

const client = setup({}).createMachine({
  context: ({ input }) => input,
  initial: 'idle',
  states: {
    idle: { on: { go: 'waiting' } },
    waiting: {
      entry: sendTo(
        ({ context }) => context.lock,
        ({ self }) => ({ type: 'ask', by: self }),
      ),
      on: { granted: 'working' },
    },
    working: {
      on: { stop: { target: 'idle', actions: sendTo(({ context }) => context.lock, { type: 'free' }) } },
    },
  },
});

const grant = sendTo(({ event }) => event.by, { type: 'granted' });
const forgetfulLock = setup({}).createMachine({
  initial: 'free',
  states: {
    free: { on: { ask: { target: 'held', actions: grant } } },
    held: { on: { free: 'free' } },
  },
});

const isIn = (world, state) => (name) => world.snapshot(name).value === state;
const clients = ['anna', 'bert'];

const check = (lock) =>
  checkWorld({
    actors: {
      lock,
      anna: { machine: client, input: ({ lock }) => ({ lock }) },
      bert: { machine: client, input: ({ lock }) => ({ lock }) },
    },
    outside: clients.flatMap((to) => [
      { to, event: { type: 'go' } },
      { to, event: { type: 'stop' }, when: (world) => isIn(world, 'working')(to) },
    ]),
    invariants: {
      'one works at a time': (world) =>
        clients.filter(isIn(world, 'working')).length > 1 ? 'both work' : null,
    },
    atRest: {
      'who waits gets the lock': (world) =>
        isIn(world, 'free')('lock') && clients.some(isIn(world, 'waiting')) ? 'it is free' : null,
    },
  });

const { violation } = check(forgetfulLock);
console.log(`${violation.rule}, but ${violation.why}:\n${violation.text}`);

// Who asks while it is held waits, in order.
const grantFirst = sendTo(({ context }) => context.queue[0], { type: 'granted' });
const join = assign({ queue: ({ context, event }) => [...context.queue, event.by] });
const leave = assign({ queue: ({ context }) => context.queue.slice(1) });
const fairLock = setup({}).createMachine({
  context: { queue: [] },
  initial: 'free',
  states: {
    free: { on: { ask: { target: 'held', actions: [join, grantFirst] } } },
    held: {
      on: {
        ask: { actions: join },
        free: [
          { guard: ({ context }) => context.queue.length > 1, actions: [leave, grantFirst] },
          { target: 'free', actions: leave },
        ],
      },
    },
  },
});

const { states, complete } = check(fairLock);
console.log(`${states} states, ${complete ? 'all' : 'not all'} of them: no rule is broken`);
