/** What a test of an event loop works with: the loop, its turns, its time, and connections that it can watch. */
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { EventLoop } from '../../src/loop/event-loop.ts';
import type { LoopUnderTest } from './event-loops.ts';
import { socketPair } from './socket-pair.ts';

const MAX_WAITS = 500;

export interface Scene {
  readonly loop: EventLoop;
  readonly turns: () => Promise<void>;
  /** Lets time pass, and what is due run. */
  readonly pass: (ms: number) => Promise<void>;
  /** Turns until it holds; fails after many. */
  readonly until: (holds: () => boolean) => Promise<void>;
  /** A connection; `data` is what the near end can read already. */
  readonly pair: (data?: string) => Promise<{ near: Duplex; far: Duplex }>;
}

/** Two ends of a connection. */
export type Connect = (under: LoopUnderTest) => Promise<Disposable & { near: Duplex; far: Duplex }>;

/** For the present test: what was made is disposed of when it is over. */
export async function setUpScene(
  make: () => LoopUnderTest | Promise<LoopUnderTest>,
  connect: Connect = () => socketPair(),
): Promise<Scene> {
  const under = await make();
  onTestFinished(() => under[Symbol.dispose]());
  const { loop, turns } = under;
  const until = async (holds: () => boolean): Promise<void> => {
    for (let wait = 0; !holds(); wait++) {
      if (wait === MAX_WAITS) throw new Error(`never: ${holds}`);
      await turns();
    }
  };
  return {
    loop,
    turns,
    until,
    async pass(ms) {
      await turns();
      under.pass(ms);
      await turns();
    },
    async pair(data = '') {
      const ends = await connect(under);
      onTestFinished(() => ends[Symbol.dispose]());
      if (data !== '') ends.far.write(data);
      // Until it is there, for whoever may read it.
      const watch = loop.addHandle(ends.near, 0, () => {});
      await until(() => ends.near.readableLength === data.length);
      loop.removeHandle(watch);
      return ends;
    },
  };
}

/** What nobody caught, instead of failing the test. */
export function collectUncaught(): unknown[] {
  const thrown: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error));
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  return thrown;
}
