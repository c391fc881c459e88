/** What the dispatch of one event costs with 1,000 subscriptions, by how many of them match it. */
import { EventState } from '../../dist/subscriptions/event-state.js';

export const SUBSCRIPTIONS = 1000;
const ROUNDS = 6;
/** Calls in a round: where all match, fewer events. */
const CALLS = 200_000;
const BATCH = 100;
const DOMAINS = 100;
const TYPES = 10;

/** Which of the subscriptions are for the event of type 0 and domain 0. */
const CASES = [
  { what: 'one subscription, which matches', count: 1, type: () => 0, key: () => null },
  {
    what: `${SUBSCRIPTIONS} subscriptions: ${TYPES} types, each of ${DOMAINS} domains; 1 matches`,
    count: SUBSCRIPTIONS,
    type: (n) => n % TYPES,
    key: (n) => Math.floor(n / TYPES),
  },
  {
    what: `${SUBSCRIPTIONS} subscriptions: ${TYPES} types, for all domains; 100 match`,
    count: SUBSCRIPTIONS,
    type: (n) => n % TYPES,
    key: () => null,
  },
  {
    what: `${SUBSCRIPTIONS} subscriptions of one type for all domains; all match`,
    count: SUBSCRIPTIONS,
    type: () => 0,
    key: () => null,
  },
];

/** A loop that only remembers what to call. */
function newLoop() {
  const loop = {
    turn: () => {},
    addTimeout(_, callback) {
      loop.turn = callback;
      return 1;
    },
    updateTimeout: () => {},
    removeTimeout: () => true,
  };
  return loop;
}

function prepare({ what, count, type, key }) {
  const loop = newLoop();
  const events = new EventState(loop, {
    keysOf: (event) => [event.key],
    onCallbackError: (error) => {
      throw error;
    },
    onUndelivered: () => {},
  });
  const seen = { calls: 0 };
  const callback = () => {
    seen.calls += 1;
  };
  for (let n = 0; n < count; n += 1)
    events.register({ type: `type ${type(n)}`, key: key(n), door: 'own', identity: null, callback });
  const event = { type: 'type 0', key: 0 };
  events.queue(event);
  loop.turn();
  const matches = seen.calls;
  return { what, matches, events, loop, event, seen, ns: Number.POSITIVE_INFINITY };
}

/** Nanoseconds for one event, queue and flush included. */
function round({ matches, events, loop, event, seen }) {
  const count = Math.ceil(CALLS / matches / BATCH) * BATCH;
  seen.calls = 0;
  const start = performance.now();
  for (let n = 0; n < count; n += BATCH) {
    for (let one = 0; one < BATCH; one += 1) events.queue(event);
    loop.turn();
  }
  const ms = performance.now() - start;
  if (seen.calls !== count * matches) throw new Error(`${seen.calls} calls, not ${count * matches}`);
  return (ms * 1e6) / count;
}

/** One of each case: the best of some rounds; the first case is the floor. */
export function dispatches() {
  const cases = CASES.map(prepare);
  // All cases in turns; the first round only warms up.
  for (let n = 0; n <= ROUNDS; n += 1)
    for (const each of cases) {
      const ns = round(each);
      if (n > 0) each.ns = Math.min(each.ns, ns);
    }
  return cases.map(({ what, matches, ns }) => ({ what, matches, ns }));
}
