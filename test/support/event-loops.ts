/** Event loops to try, each with a way to let its time pass: Node's, and those of the examples. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { vi } from 'vitest';
import type { EventLoop } from '../../src/loop/event-loop.ts';
import { NodeEventLoop } from '../../src/loop/node-event-loop.ts';

export interface LoopUnderTest extends Disposable {
  readonly loop: EventLoop;
  /** Gives it some turns: enough for what is on its way between two sockets of this process. */
  turns(): Promise<void>;
  /** Lets milliseconds pass. What is due then is run by the next turns. */
  pass(ms: number): void;
}

/** The examples are no part of the program that is checked; this is what they export. */
interface Examples {
  readonly MainContext: new () => object;
  readonly WatchEventLoop: new (main: object) => EventLoop;
  readonly MessagePortLoop: new (port: MessagePort) => EventLoop;
  readonly VirtualTimeLoop: new () => EventLoop & { advance(ms: number): void };
  giveTurns(port: MessagePort): void;
}

async function fromExample(file: string): Promise<Examples> {
  vi.doMock('qemu-actors', () => import('../../src/index.ts'));
  return (await import(new URL(`../../examples/loops/${file}`, import.meta.url).href)) as Examples;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A loop whose time is Node's, which is the test's for as long as this lasts. */
function onNodesTime(make: () => { loop: EventLoop; close?: () => void }): LoopUnderTest {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  });
  const { loop, close } = make();
  return {
    loop,
    turns,
    pass: (ms) => void vi.advanceTimersByTime(ms),
    [Symbol.dispose]() {
      close?.();
      vi.useRealTimers();
    },
  };
}

/** By name. */
export const eventLoops: Readonly<Record<string, () => Promise<LoopUnderTest>>> = {
  NodeEventLoop: async () => onNodesTime(() => ({ loop: new NodeEventLoop() })),

  async 'a loop on watches, as of GLib and libdbus'() {
    const { MainContext } = await fromExample('main-context.mjs');
    const { WatchEventLoop } = await fromExample('watch-event-loop.mjs');
    return onNodesTime(() => ({ loop: new WatchEventLoop(new MainContext()) }));
  },

  async 'a loop whose turns are messages'() {
    const { giveTurns, MessagePortLoop } = await fromExample('message-port-loop.mjs');
    return onNodesTime(() => {
      const { port1, port2 } = new MessageChannel();
      giveTurns(port2);
      return { loop: new MessagePortLoop(port1), close: () => port1.close() };
    });
  },

  async 'a loop of virtual time'() {
    const { VirtualTimeLoop } = await fromExample('virtual-time-loop.mjs');
    const loop = new VirtualTimeLoop();
    return { loop, turns, pass: (ms) => loop.advance(ms), [Symbol.dispose]() {} };
  },
};
