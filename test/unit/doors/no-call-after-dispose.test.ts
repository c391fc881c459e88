/** Nobody is called after a subscription is closed: each door, and each moment in which it may be closed. */
import { describe, expect, test } from 'vitest';
import { Registrations } from '../../../src/doors/registrations.ts';
import { streamEvents, waitFor, watchState } from '../../../src/doors/streams.ts';
import { subscribe } from '../../../src/doors/subscribe.ts';
import { newDoors } from './doors.ts';

type Doors = ReturnType<typeof newDoors>;

/**
 * Opens a door that calls `hear` each time it gives something out.
 *
 * @returns closes it
 */
type Open = (doors: Doors, hear: () => void, signal: AbortSignal) => () => void;

/** Hears each item until the end. */
async function readAll(stream: AsyncIterator<unknown>, hear: () => void): Promise<void> {
  for (let { done } = await stream.next(); done !== true; { done } = await stream.next()) hear();
}

const doorsToOpen: Readonly<Record<string, { readonly open: Open; readonly bySignal: boolean }>> = {
  'on()': {
    bySignal: true,
    open: ({ events }, hear, signal) => {
      const subscription = subscribe(events, 'state', hear, { signal });
      return () => subscription[Symbol.dispose]();
    },
  },
  'on({ domain, once })': {
    bySignal: true,
    open: ({ events, vm }, hear, signal) => {
      const subscription = subscribe(events, 'state', hear, { domain: vm, once: true, signal });
      return () => subscription[Symbol.dispose]();
    },
  },
  'events()': {
    bySignal: true,
    open: ({ events, vm }, hear, signal) => {
      const stream = streamEvents(events, vm, ['state'], { signal });
      void readAll(stream, hear);
      return () => void stream.return();
    },
  },
  'watchState()': {
    bySignal: true,
    open: ({ events, vm }, hear, signal) => {
      const stream = watchState(events, vm, { signal });
      // The present state is given out before anything happens.
      void stream.next().then(() => readAll(stream, hear));
      return () => void stream.return?.();
    },
  },
  'waitFor()': {
    bySignal: true,
    open: ({ events, loop, vm }, hear, signal) => {
      const controller = new AbortController();
      const either = AbortSignal.any([controller.signal, signal]);
      const asked = (): boolean => {
        hear();
        return false;
      };
      waitFor(events, loop, vm, 'state', asked, { signal: either }).catch(() => {});
      return () => controller.abort();
    },
  },
  'domainEventRegister()': {
    bySignal: false,
    open: ({ events }, hear) => {
      const registrations = new Registrations(events, () => {});
      registrations.registerLegacy(hear, {});
      return () => registrations.deregisterLegacy(hear);
    },
  },
  'domainEventRegisterAny()': {
    bySignal: false,
    open: ({ events, vm }, hear) => {
      const registrations = new Registrations(events, () => {});
      const id = registrations.registerAny(vm, 'lifecycle', hear, {});
      return () => registrations.deregister(id);
    },
  },
  'monitorEventRegister()': {
    bySignal: false,
    open: ({ events }, hear) => {
      const registrations = new Registrations(events, () => {});
      const id = registrations.registerMonitor(null, { name: 'STOP' }, hear, {});
      return () => registrations.deregister(id);
    },
  },
};

/** Something that every door hears. */
function happen({ queue, become }: Doors, n: number): void {
  become('paused', `reason ${n}`);
  queue('lifecycle', { event: 'suspended', detail: 'paused' });
  queue('monitor-event', { event: 'STOP', timestamp: null, data: null });
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Opened {
  readonly doors: Doors;
  readonly calls: () => number;
  readonly close: () => void;
  readonly abort: () => void;
}

async function opened(open: Open, onCall: (opened: Opened) => void = () => {}): Promise<Opened> {
  const doors = newDoors();
  const controller = new AbortController();
  let calls = 0;
  const hear = (): void => {
    calls += 1;
    onCall(result);
  };
  const close = open(doors, hear, controller.signal);
  const result = { doors, calls: () => calls, close, abort: () => controller.abort() };
  // Others keep the queue alive.
  for (const type of ['state', 'lifecycle', 'monitor-event'] as const)
    subscribe(doors.events, type, () => {}, {});
  await settled();
  return result;
}

async function turns({ loop }: Doors): Promise<void> {
  for (let n = 0; n < 3; n += 1) {
    loop.turn();
    await settled();
  }
}

describe.each(Object.entries(doorsToOpen))('%s', (_, { open, bySignal }) => {
  test('calls as long as it is open', async () => {
    const { doors, calls } = await opened(open);
    happen(doors, 1);
    await turns(doors);
    expect(calls()).toBe(1);
  });

  test('closed inside of its own callback it calls no more', async () => {
    const { doors, calls } = await opened(open, ({ close }) => close());
    happen(doors, 1);
    happen(doors, 2);
    await turns(doors);
    happen(doors, 3);
    await turns(doors);
    expect(calls()).toBe(1);
  });

  test('closed inside of an earlier callback it does not hear that event', async () => {
    const doors = newDoors();
    const closers: (() => void)[] = [];
    const earlier = (): void => closers.pop()?.();
    for (const type of ['state', 'lifecycle', 'monitor-event'] as const)
      subscribe(doors.events, type, earlier, {});
    let calls = 0;
    const count = (): void => {
      calls += 1;
    };
    const close = open(doors, count, new AbortController().signal);
    await settled();
    closers.push(close);
    happen(doors, 1);
    await turns(doors);
    expect(calls).toBe(0);
  });

  test('closed between queue and flush it does not hear what is queued', async () => {
    const { doors, calls, close } = await opened(open);
    happen(doors, 1);
    close();
    await turns(doors);
    expect(calls()).toBe(0);
  });

  test('closed with the whole state, inside of a callback, it does not hear that event', async () => {
    const doors = newDoors();
    for (const type of ['state', 'lifecycle', 'monitor-event'] as const)
      subscribe(doors.events, type, () => doors.events.close(), {});
    let calls = 0;
    open(
      doors,
      () => {
        calls += 1;
      },
      new AbortController().signal,
    );
    await settled();
    happen(doors, 1);
    await turns(doors);
    expect(calls).toBe(0);
  });

  if (bySignal)
    test('closed by its signal it calls no more, not for what is queued either', async () => {
      const { doors, calls, abort } = await opened(open);
      happen(doors, 1);
      abort();
      await turns(doors);
      happen(doors, 2);
      await turns(doors);
      expect(calls()).toBe(0);
    });
});
