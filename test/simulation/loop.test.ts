/** The simulated loop keeps the contract of event loops for timeouts; its handles are of its own streams. */
import { describe, expect, test } from 'vitest';
import { HANGUP, READABLE } from '../../src/loop/event-loop.ts';
import { FakeQemu, SimulatedRuntime } from '../../src/testing/index.ts';
import { setUpScene } from '../support/event-loop-scene.ts';
import { timeoutContract } from '../support/event-loop-timeouts.ts';

/** So many things may be due again and again. */
const STEPS_OF_A_TURN = 50;

function underTest(runtime = new SimulatedRuntime(1)) {
  return {
    loop: runtime.loop,
    async turns(): Promise<void> {
      for (let n = 0; n < STEPS_OF_A_TURN && runtime.choices.size > 0; n += 1) await runtime.step();
    },
    pass: (ms: number): void => runtime.pass(ms),
    [Symbol.dispose](): void {},
  };
}

timeoutContract('the simulated loop', () => setUpScene(underTest));

describe('a handle of the simulated loop', () => {
  test('is called while bytes are unread, then with HANGUP once, after the last byte, and then the end is readable too', async () => {
    const runtime = new SimulatedRuntime(3);
    const qemu = await FakeQemu.start({ path: '/q', runtime, listener: runtime.listener });
    const stream = await runtime.until(runtime.connect({ path: '/q' }, new AbortController().signal));
    const heard: number[] = [];
    let text = '';
    runtime.loop.addHandle(stream, READABLE, (_watch, _stream, events) => {
      heard.push(events);
      text += stream.read(40) ?? '';
    });
    qemu.kill();
    while (runtime.choices.size > 0) await runtime.step();
    expect(JSON.parse(text)).toHaveProperty('QMP');
    expect(heard.slice(0, -1).every((events) => events === READABLE)).toBe(true);
    expect(heard.at(-1)).toBe(READABLE | HANGUP);
    expect(heard.length).toBeGreaterThan(3);
  });

  test('takes no stream of another runtime', () => {
    const { loop } = new SimulatedRuntime();
    expect(() => loop.addHandle({} as never, READABLE, () => {})).toThrow(TypeError);
  });
});
