/**
 * libvirt's own test of its event loop, case by case in its order, with the ends of sockets for its pipes.
 *
 * libvirt 9.0.0 `tests/eventtest.c`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { READABLE } from '../../../src/loop/event-loop.ts';
import { eventLoops, type LoopUnderTest } from '../../support/event-loops.ts';
import { type SocketPair, socketPair } from '../../support/socket-pair.ts';

const COUNT = 31;
const NONE = -1;
const MAX_WAITS = 500;

interface Record {
  id: number;
  /** What its callback removes. */
  remove: (() => void) | null;
  fired: number;
  wrong: string | null;
}

describe.each(Object.entries(eventLoops))('eventtest on %s', (_name, make) => {
  let under: LoopUnderTest;
  const pipes: SocketPair[] = [];
  const handles: Record[] = [];
  const timers: Record[] = [];

  const at = (records: readonly Record[], index: number): Record => {
    const record = records[index];
    if (record === undefined) throw new Error(`no record ${index}`);
    return record;
  };
  const watchOf = (index: number): number => at(handles, index).id;
  const timerOf = (index: number): number => at(timers, index).id;

  function addHandle(pipe: number, events: number): Record {
    const near = pipes[pipe]?.near;
    if (near === undefined) throw new Error(`no pipe ${pipe}`);
    const record: Record = { id: 0, remove: null, fired: 0, wrong: null };
    record.id = under.loop.addHandle(near, events, (watch, stream, ready) => {
      record.fired += 1;
      const byte = stream.read(1);
      if (watch !== record.id || stream !== near || (ready & READABLE) === 0 || byte === null)
        record.wrong = `watch ${watch}, events ${ready}, read ${byte}`;
      record.remove?.();
    });
    return record;
  }

  function addTimer(): Record {
    const record: Record = { id: 0, remove: null, fired: 0, wrong: null };
    record.id = under.loop.addTimeout(-1, (timer) => {
      record.fired += 1;
      if (timer !== record.id) record.wrong = `timer ${timer}`;
      record.remove?.();
    });
    return record;
  }

  const write = (...indexes: number[]): void => {
    for (const index of indexes) pipes[index]?.far.write('1');
  };

  /** Waits until as many have fired as are to, and some turns more; then all is set back. */
  async function finish(handle: number, timer: number): Promise<void> {
    const expected = (handle === NONE ? 0 : 1) + (timer === NONE ? 0 : 1);
    const fired = (): number => [...handles, ...timers].reduce((sum, record) => sum + record.fired, 0);
    for (let wait = 0; wait < MAX_WAITS && fired() < expected; wait++) await under.turns();
    await under.turns();
    const firedOf = (records: readonly Record[]): Record[] => records.filter((record) => record.fired > 0);
    const once = { fired: 1, wrong: null };
    expect(firedOf(handles)).toMatchObject(handle === NONE ? [] : [{ ...once, id: watchOf(handle) }]);
    expect(firedOf(timers)).toMatchObject(timer === NONE ? [] : [{ ...once, id: timerOf(timer) }]);
    for (const record of [...handles, ...timers]) Object.assign(record, { fired: 0, remove: null });
  }

  /** Sets a timer to 100 ms, lets these pass, and disables it when it has fired. */
  async function fire(index: number, ...others: number[]): Promise<void> {
    for (const timer of [index, ...others]) under.loop.updateTimeout(timerOf(timer), 100);
    await under.turns();
    under.pass(100);
    await finish(NONE, index);
    under.loop.updateTimeout(timerOf(index), -1);
  }

  beforeAll(async () => {
    for (let index = 0; index < COUNT; index++) pipes.push(await socketPair());
    under = await make();
    for (let index = 0; index < COUNT; index++) {
      handles.push(addHandle(index, READABLE));
      timers.push(addTimer());
    }
  });
  afterAll(() => {
    under[Symbol.dispose]();
    for (const pipe of pipes) pipe[Symbol.dispose]();
  });

  test('1. Simple write', async () => {
    write(1);
    await finish(1, NONE);
  });

  test('2. Deleted before poll', async () => {
    expect(under.loop.removeHandle(watchOf(0))).toBe(true);
    write(0, 1);
    await finish(1, NONE);
  });

  test('3. Interrupted during poll', async () => {
    await under.turns();
    expect(under.loop.removeHandle(watchOf(1))).toBe(true);
    write(1);
    await finish(NONE, NONE);
  });

  test('4. Deleted during dispatch', async () => {
    at(handles, 2).remove = () => under.loop.removeHandle(watchOf(3));
    write(2, 3);
    await finish(2, NONE);
  });

  test('5. Deleted during dispatch (self)', async () => {
    at(handles, 2).remove = () => under.loop.removeHandle(watchOf(2));
    write(2);
    await finish(2, NONE);
    write(2);
    await finish(NONE, NONE);
  });

  test('6. Firing a timer', async () => {
    await fire(1);
  });

  test('7. Deleted before poll', async () => {
    under.loop.updateTimeout(timerOf(0), 100);
    expect(under.loop.removeTimeout(timerOf(0))).toBe(true);
    await fire(1);
  });

  test('8. Interrupted during poll', async () => {
    under.loop.updateTimeout(timerOf(1), 100);
    await under.turns();
    expect(under.loop.removeTimeout(timerOf(1))).toBe(true);
    under.pass(100);
    await finish(NONE, NONE);
  });

  test('9. Deleted during dispatch', async () => {
    at(timers, 2).remove = () => under.loop.removeTimeout(timerOf(3));
    await fire(2, 3);
  });

  test('10. Deleted during dispatch (self)', async () => {
    at(timers, 2).remove = () => under.loop.removeTimeout(timerOf(2));
    await fire(2);
    under.pass(100);
    await finish(NONE, NONE);
  });

  test('11. Simple write', async () => {
    // Those that are gone already too: that must do no harm.
    for (let index = 0; index < COUNT - 1; index++) {
      expect(under.loop.removeHandle(watchOf(index))).toBe(index > 3);
      expect(under.loop.removeTimeout(timerOf(index))).toBe(index > 3);
    }
    for (let time = 0; time < 4; time++) {
      write(COUNT - 1);
      await finish(COUNT - 1, NONE);
    }
  });

  test('12. Write duplicate', async () => {
    handles[0] = addHandle(1, 0);
    handles[1] = addHandle(1, READABLE);
    // The byte of case 3 is still there.
    await finish(1, NONE);
    write(1);
    await finish(1, NONE);
  });
});
