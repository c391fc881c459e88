import { describe, expect, test } from 'vitest';
import type { DomainEvent } from '../../../src/domain.ts';
import { subscribe } from '../../../src/doors/subscribe.ts';
import { newDoors, pretendDomain } from './doors.ts';

const UUID = '77a6fc12-07b5-9415-8abb-a803613f2a40';

describe('on()', () => {
  test('with a domain hears of that one only, whatever uuid it has', () => {
    const { events, vm, queue, loop } = newDoors();
    const heard: string[] = [];
    const twin = pretendDomain('twin', UUID);
    subscribe(events, 'reboot', ({ name }) => heard.push(name), { domain: vm });
    subscribe(events, 'reboot', ({ name }) => heard.push(name), { domain: twin });
    for (const domain of [vm, twin, pretendDomain('of the same uuid', UUID), pretendDomain('another')])
      queue('reboot', {}, domain);
    loop.turn();
    expect(heard).toEqual(['web1', 'twin']);
  });

  test('the same callback may be there several times, and is called as often', () => {
    const { events, queue, loop } = newDoors();
    let calls = 0;
    const callback = (): void => {
      calls += 1;
    };
    for (let n = 0; n < 2; n += 1) subscribe(events, 'reboot', callback, {});
    queue('reboot', {});
    loop.turn();
    expect(calls).toBe(2);
  });

  test('with a signal that is aborted already never calls, and registers nothing', () => {
    const { events } = newDoors();
    subscribe(events, 'state', () => {}, { signal: AbortSignal.abort() })[Symbol.dispose]();
    expect(events.isWanted).toBe(false);
  });

  test.each([
    [null, /^options: expected an object: .*, received null/],
    [5, /^options: expected an object: .*, received 5/],
    [{ sginal: null }, /^options: expected domain, signal, once, received 'sginal'/],
    [{ signal: null }, /^signal: expected an AbortSignal, received null/],
    [{ once: 1 }, /^once: expected a boolean, received 1/],
  ])(
    'the options %j are a TypeError that says what was expected, and register nothing',
    (options, message) => {
      const { events } = newDoors();
      const subscribed = (): unknown => subscribe(events, 'reboot', () => {}, options as object);
      expect(subscribed).toThrow(TypeError);
      expect(subscribed).toThrow(message);
      expect(events.isWanted).toBe(false);
    },
  );

  test('lets go of its signal when it is closed, by whom ever', () => {
    const { events, queue, loop } = newDoors();
    const listeners = new Set<unknown>();
    const { signal } = new AbortController();
    signal.addEventListener = (_: string, listener: unknown) => void listeners.add(listener);
    signal.removeEventListener = (_: string, listener: unknown) => void listeners.delete(listener);
    subscribe(events, 'reboot', () => {}, { signal })[Symbol.dispose]();
    subscribe(events, 'reboot', () => {}, { signal, once: true });
    queue('reboot', {});
    loop.turn();
    expect(listeners.size).toBe(0);
    subscribe(events, 'reboot', () => {}, { signal });
    expect(listeners.size).toBe(1);
    events.close();
    expect(listeners.size).toBe(0);
  });

  test('once hears one event, though several are queued', () => {
    const { events, queue, loop } = newDoors();
    const heard: DomainEvent[] = [];
    subscribe(events, 'balloon-change', (event) => heard.push(event), { once: true });
    queue('balloon-change', { actualKiB: 1 });
    queue('balloon-change', { actualKiB: 2 });
    loop.turn();
    expect(heard.map(({ args }) => args)).toEqual([{ actualKiB: 1 }]);
  });
});
