/** Guards of Node's event loop. The simulation has a loop of its own, so that only tests can see these. */
import type { Mutant } from './mutant.ts';

const LOOP = 'test/unit/loop/node-event-loop.test.ts';
const CONTRACT = 'test/unit/loop/contract.test.ts';
const EVENTTEST = 'test/unit/loop/eventtest.test.ts';

export const loopMutants: readonly Mutant[] = [
  {
    name: 'no re-arm when all was read',
    guards: 'design §6: READABLE is level-triggered; a bounded read loses the wake-up',
    file: 'src/loop/stream-poll.ts',
    from: 'if (isEmpty && !isOver) stream.read(0);',
    to: '',
    tests: [LOOP, CONTRACT],
  },
  {
    name: 'HANGUP before the last byte',
    guards: 'design §6: HANGUP once, after the last byte',
    file: 'src/loop/stream-poll.ts',
    from: 'const isOver = isEmpty && (stream.readableEnded || stream.closed);',
    to: 'const isOver = stream.readableEnded || stream.closed || stream.destroyed;',
    tests: [LOOP, CONTRACT],
  },
  {
    name: 'HANGUP more than once',
    guards: 'design §6: HANGUP once',
    file: 'src/loop/stream-poll.ts',
    from: `    this.#told |= once;
`,
    to: '',
    tests: [LOOP, CONTRACT],
  },
  {
    name: 'a removed timeout fires',
    guards: 'libvirt 9.0.0 `vireventglib.c:virEventGLibTimeoutRemove`; eventtest',
    file: 'src/loop/node-timeout.ts',
    from: `    clearImmediate(this.#turn);
`,
    to: '',
    tests: [EVENTTEST, LOOP, CONTRACT],
  },
  {
    name: 'a removed handle is called',
    guards: 'libvirt 9.0.0 `vireventglib.c:virEventGLibHandleRemove`; eventtest',
    file: 'src/loop/node-handle.ts',
    from: `    clearImmediate(this.#turn);
`,
    to: '',
    tests: [EVENTTEST, LOOP, CONTRACT],
  },
  {
    name: 'free runs inside of the removal',
    guards: 'libvirt 9.0.0 `virevent.c:virEventRemoveHandle`: free from a clean stack',
    file: 'src/loop/node-event-loop.ts',
    from: `      setImmediate(() => {
        this.#dispatched();
        free();
      });`,
    to: '      free();',
    tests: [EVENTTEST, LOOP, CONTRACT],
  },
];
