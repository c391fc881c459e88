/** Guards of the subscriptions: who is called, in which order, and never again. */
import type { Mutant } from './mutant.ts';

const STATE = 'test/unit/subscriptions/event-state.test.ts';
const NO_CALL = 'test/unit/doors/no-call-after-dispose.test.ts';
const DRIVER = 'test/unit/driver-subscriptions.test.ts';

export const subscriptionMutants: readonly Mutant[] = [
  {
    name: 'purged inside of a dispatch',
    guards:
      'libvirt 9.0.0 `object_event.c:virObjectEventStateDeregisterID`: marked, and purged when the batch is through',
    file: 'src/subscriptions/event-state.ts',
    from: 'if (!this.#isDispatching) this.#purge();',
    to: 'this.#purge();',
    tests: [STATE],
  },
  {
    name: 'one that was deregistered is called',
    guards: 'promise 5; libvirt 9.0.0 `object_event.c:virObjectEventDispatchMatchCallback`: the mark',
    file: 'src/subscriptions/event-state.ts',
    from: 'if (!entry.deleted && (entry.matches === null || entry.matches(event)))',
    to: 'if (entry.matches === null || entry.matches(event))',
    tests: [NO_CALL],
  },
  {
    name: 'the count is not cached',
    guards:
      'libvirt 9.0.0 `object_event.c:virObjectEventStateDispatchCallbacks`: who is registered by a callback does not hear this event',
    file: 'src/subscriptions/callback-list.ts',
    from: 'const entry = cursor.next < cursor.end ?',
    to: 'const entry = cursor.next < cursor.entries.length ?',
    tests: [STATE],
  },
  {
    name: 'the queue is not stolen',
    guards:
      'libvirt 9.0.0 `object_event.c:virObjectEventStateFlush`: what a callback queues is for the next flush',
    file: 'src/subscriptions/event-state.ts',
    from: `    this.#queue = [];
    this.#isDispatching = true;
    for (const event of events)
      this.#list.visit(event.type, this.#hooks.keysOf(event), (entry) => {
        if (!entry.deleted && (entry.matches === null || entry.matches(event)))
          this.#call(entry.callback, event);
      });
`,
    to: `    this.#isDispatching = true;
    for (const event of events)
      this.#list.visit(event.type, this.#hooks.keysOf(event), (entry) => {
        if (!entry.deleted && (entry.matches === null || entry.matches(event)))
          this.#call(entry.callback, event);
      });
    this.#queue = [];
`,
    tests: [STATE],
  },
  {
    name: 'a flush inside of a dispatch dispatches',
    guards: 'libvirt 9.0.0 `object_event.c:virObjectEventStateFlush`; promise 2',
    file: 'src/subscriptions/event-state.ts',
    from: 'if (this.#isDispatching) return;',
    to: 'if (this.#timer === null) return;',
    tests: [STATE],
  },
  {
    name: 'the timer stays on after a flush',
    guards: 'libvirt 9.0.0 `object_event.c:virObjectEventStateFlush`: disabled until something is queued',
    file: 'src/subscriptions/event-state.ts',
    from: 'if (this.#timer !== null) this.#loop.updateTimeout(this.#timer, -1);',
    to: 'if (this.#timer === null) this.#loop.updateTimeout(-1, -1);',
    tests: [STATE],
  },
  {
    name: 'the timer stays without a registration',
    guards: 'libvirt 9.0.0 `object_event.c:virObjectEventStateCleanupTimer`',
    file: 'src/subscriptions/event-state.ts',
    from: 'if (this.#timer !== null) this.#loop.removeTimeout(this.#timer);',
    to: 'if (this.#timer !== null) this.#loop.updateTimeout(this.#timer, -1);',
    tests: [STATE],
  },
  {
    name: 'freed twice',
    guards: 'libvirt 9.0.0 `object_event.c:virObjectEventCallbackListPurgeMarked`: free exactly once',
    file: 'src/subscriptions/event-state.ts',
    from: `    this.#deleted = [];
`,
    to: '',
    tests: [STATE],
  },
  {
    name: 'a callback that throws ends the batch',
    guards: 'promise 5: a throwing callback harms nobody else',
    file: 'src/subscriptions/event-state.ts',
    from: 'this.#hooks.onCallbackError(error, event, callback);\n    }',
    to: 'throw error;\n    }',
    tests: [STATE],
  },
  {
    name: 'callbacks run inside of the machine’s step',
    guards: 'promise 2; design §10: never inside a machine’s step',
    file: 'src/subscriptions/event-state.ts',
    from: 'if (this.#queue.push(event) === 1) this.#loop.updateTimeout(this.#timer, 0);',
    to: `this.#queue.push(event);
    this.flush();`,
    tests: [STATE],
  },
  {
    name: 'registrations outlive close()',
    guards: 'promise 5; libvirt 9.0.0 `datatypes.c:virConnectDispose`',
    file: 'src/driver.ts',
    from: `    this.#events.close();
    this.#alive.clear();`,
    to: '    this.#alive.clear();',
    tests: [DRIVER, NO_CALL],
  },
  {
    name: 'close() forgets what is queued',
    guards: 'promise 1; docs/subscriptions.md: close() delivers what is queued',
    file: 'src/driver.ts',
    from: `    this.#events.flush();
`,
    to: '',
    tests: [DRIVER, NO_CALL],
  },
  {
    name: 'close() does not wait for the host',
    guards: 'design §3: a host command that runs is let end; promise 5: nobody is called after close()',
    file: 'src/driver.ts',
    from: `    await this.#workEnds();
`,
    to: '',
    tests: ['test/simulation/host.test.ts'],
  },
];
