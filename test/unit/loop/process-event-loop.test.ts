/** The process's event loop: registered once, for all who were not given one of their own. */
import { closeSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { EVENT_LOOP_FUNCTIONS, READABLE } from '../../../src/loop/event-loop.ts';
import { root } from '../../docs/pages.ts';
import { openFifo } from '../../support/fifo.ts';
import { NotingLoop } from '../../support/noting-loop.ts';
import { startProcess } from '../../support/process.ts';
import { socketPair } from '../../support/socket-pair.ts';

type Package = typeof import('../../../src/index.ts');

/** A process's worth of modules: nothing is registered in it yet. */
let fresh: Package;
beforeEach(async () => {
  vi.resetModules();
  fresh = await import('../../../src/index.ts');
});

const notingLoop = (): NotingLoop => new NotingLoop(new fresh.NodeEventLoop());

const turns = async (): Promise<void> => {
  for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve));
};

describe('registerEventLoop() (virevent.c:virEventRegisterImpl)', () => {
  test('makes a loop the one of drivers and of the six functions; before that it asks nothing of it', async () => {
    const loop = notingLoop();
    fresh.registerEventLoop(loop);
    expect(loop.names).toEqual([]);
    using pair = await socketPair();
    const watch = fresh.addHandle(pair.near, 0, () => {});
    fresh.updateHandle(watch, READABLE);
    expect([fresh.removeHandle(watch), fresh.removeHandle(watch)]).toEqual([true, false]);
    const timer = fresh.addTimeout(-1, () => {});
    fresh.updateTimeout(timer, 1);
    expect([fresh.removeTimeout(timer), fresh.removeTimeout(timer)]).toEqual([true, false]);
    expect(new Set(loop.names)).toEqual(new Set(EVENT_LOOP_FUNCTIONS));

    expect(fresh.createNodeRuntime().loop).toBe(loop);
    loop.calls.length = 0;
    await using driver = await fresh.openDriver();
    await expect(driver.attach({ monitor: '/nowhere/qmp.sock' })).rejects.toThrow(/no socket/);
    expect(loop.names).toContain('addTimeout');
  });

  test.each(EVENT_LOOP_FUNCTIONS)('refuses a loop without %s, and names it', (name) => {
    const loop = Object.assign(notingLoop(), { [name]: undefined });
    expect(() => fresh.registerEventLoop(loop)).toThrow(TypeError);
    expect(() => fresh.registerEventLoop(loop)).toThrow(new RegExp(`missing ${name}$`));
    // Nothing was registered.
    fresh.registerEventLoop(notingLoop());
  });

  test.each([null, undefined, 'loop', () => {}])('refuses %s', (value) => {
    expect(() => fresh.registerEventLoop(value as never)).toThrow(TypeError);
  });

  test('a second call is a StateError, and changes nothing', () => {
    const loop = notingLoop();
    fresh.registerEventLoop(loop);
    expect(() => fresh.registerEventLoop(notingLoop())).toThrow(fresh.StateError);
    expect(() => fresh.registerEventLoop(loop)).toThrow(fresh.StateError);
    expect(fresh.createNodeRuntime().loop).toBe(loop);
  });

  test('after the first driver it is a StateError', async () => {
    await using _driver = await fresh.openDriver();
    expect(() => fresh.registerEventLoop(notingLoop())).toThrow(fresh.StateError);
  });

  test('a driver with a loop of its own neither takes nor needs the one of the process', async () => {
    const own = notingLoop();
    await using driver = await fresh.openDriver({ eventLoop: own });
    const loop = notingLoop();
    fresh.registerEventLoop(loop);
    await expect(driver.attach({ monitor: '/nowhere/qmp.sock' })).rejects.toThrow(/no socket/);
    expect(own.names).toContain('addTimeout');
    expect(loop.names).toEqual([]);
  });

  test('openDriver({ eventLoop }) takes only an object with the six functions', async () => {
    for (const name of EVENT_LOOP_FUNCTIONS) {
      const loop = Object.assign(notingLoop(), { [name]: undefined });
      await expect(fresh.openDriver({ eventLoop: loop })).rejects.toThrow(TypeError);
    }
  });

  test('a loop is given streams, also by addHandle() of a descriptor', () => {
    const loop = notingLoop();
    fresh.registerEventLoop(loop);
    const { reader, writer } = openFifo();
    onTestFinished(() => closeSync(writer));
    const watch = fresh.addHandle(reader, READABLE, () => {});
    const [call] = loop.calls;
    if (call?.name !== 'addHandle') throw new Error('addHandle() was not passed on');
    expect(call.args[0]).toBeInstanceOf(Duplex);
    fresh.removeHandle(watch);
    call.args[0].destroy();
  });
});

describe('registerDefaultEventLoop() (virevent.c:virEventRegisterDefaultImpl)', () => {
  test("makes Node's loop the one of the process; a second call does nothing", () => {
    fresh.registerDefaultEventLoop();
    const { loop } = fresh.createNodeRuntime();
    expect(loop).toBeInstanceOf(fresh.NodeEventLoop);
    fresh.registerDefaultEventLoop();
    expect(fresh.createNodeRuntime().loop).toBe(loop);
    expect(() => fresh.registerEventLoop(notingLoop())).toThrow(fresh.StateError);
  });

  test('a loop that was registered before stays', () => {
    const loop = notingLoop();
    fresh.registerEventLoop(loop);
    fresh.registerDefaultEventLoop();
    expect(fresh.createNodeRuntime().loop).toBe(loop);
  });
});

describe('runDefaultEventLoop() (virevent.c:virEventRunDefaultImpl)', () => {
  /** Whether a promise has settled after some turns. */
  async function isSettled(promise: Promise<void>): Promise<boolean> {
    let settled = false;
    void promise.then(() => {
      settled = true;
    });
    await turns();
    return settled;
  }

  test('resolves at the end of the next turn in which a callback ran', async () => {
    fresh.registerDefaultEventLoop();
    const called: string[] = [];
    const timer = fresh.addTimeout(-1, () => {
      called.push('timeout');
      fresh.updateTimeout(timer, -1);
    });
    const iteration = fresh.runDefaultEventLoop();
    expect(await isSettled(iteration)).toBe(false);
    fresh.updateTimeout(timer, 0);
    fresh.addTimeout(0, () => called.push('another'));
    await iteration;
    expect(called.slice(0, 2)).toEqual(['timeout', 'another']);
  });

  test.each([
    ['a handle', (stream: Duplex) => void fresh.addHandle(stream, READABLE, () => {})],
    [
      'free',
      () =>
        void fresh.removeTimeout(
          fresh.addTimeout(
            -1,
            () => {},
            () => {},
          ),
        ),
    ],
  ])('%s is such a callback', async (_what, cause) => {
    fresh.registerDefaultEventLoop();
    using pair = await socketPair();
    pair.far.write('x');
    const iteration = fresh.runDefaultEventLoop();
    cause(pair.near);
    await iteration;
  });

  test('what ran before it was called is not waited for, and is not run again', async () => {
    fresh.registerDefaultEventLoop();
    let calls = 0;
    const timer = fresh.addTimeout(0, () => {
      calls += 1;
      fresh.updateTimeout(timer, -1);
    });
    await turns();
    const controller = new AbortController();
    const iteration = fresh.runDefaultEventLoop({ signal: controller.signal });
    iteration.catch(() => {});
    expect(await isSettled(iteration.catch(() => {}))).toBe(false);
    controller.abort();
    expect(calls).toBe(1);
  });

  test('called from inside a callback waits for a later turn, and holds nobody up', async () => {
    fresh.registerDefaultEventLoop();
    let calls = 0;
    let inner: Promise<void> | undefined;
    const timer = fresh.addTimeout(0, () => {
      calls += 1;
      inner = fresh.runDefaultEventLoop();
      fresh.updateTimeout(timer, -1);
    });
    await fresh.runDefaultEventLoop();
    expect({ calls, settled: await isSettled(inner ?? Promise.resolve()) }).toEqual({
      calls: 1,
      settled: false,
    });
    fresh.removeTimeout(
      fresh.addTimeout(
        -1,
        () => {},
        () => {},
      ),
    );
    await inner;
  });

  test('rejects with the reason of its signal, before and meanwhile', async () => {
    fresh.registerDefaultEventLoop();
    const controller = new AbortController();
    const iteration = fresh.runDefaultEventLoop({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(iteration).rejects.toThrow('enough');
    await expect(fresh.runDefaultEventLoop({ signal: controller.signal })).rejects.toThrow('enough');
  });

  test('is a StateError without a registered loop, or with one that is not of Node', async () => {
    await expect(fresh.runDefaultEventLoop()).rejects.toThrow(fresh.StateError);
    fresh.registerEventLoop(notingLoop());
    await expect(fresh.runDefaultEventLoop()).rejects.toThrow(fresh.StateError);
  });
});

describe('what keeps the process alive', () => {
  /** What a program prints until it ends by itself. */
  async function linesOf(program: string): Promise<string[]> {
    await using child = await startProcess(
      process.execPath,
      ['--import', './test/docs/from-source.mjs', '--input-type=module', '--eval', program],
      { cwd: root, input: 'bytes' },
    );
    expect({ ...(await child.exited), stderr: child.stderr() }).toEqual({
      code: 0,
      signal: null,
      stderr: '',
    });
    return child.lines();
  }

  test('runDefaultEventLoop() does until it resolves', async () => {
    const lines = await linesOf(`
      import { addTimeout, registerDefaultEventLoop, runDefaultEventLoop } from 'qemu-actors';
      registerDefaultEventLoop();
      let calls = 0;
      addTimeout(10, () => console.log(++calls));
      while (calls < 3) await runDefaultEventLoop();`);
    expect(lines).toEqual(['1', '2', '3']);
  });

  test('a timeout of more than 0 ms does not', async () => {
    const lines = await linesOf(`
      import { addTimeout } from 'qemu-actors';
      addTimeout(1000, () => console.log('called'));`);
    expect(lines).toEqual([]);
  });

  test('a timeout of 0 ms does', async () => {
    const lines = await linesOf(`
      import { addTimeout, removeTimeout } from 'qemu-actors';
      let calls = 0;
      const timer = addTimeout(0, () => {
        console.log(++calls);
        if (calls === 3) removeTimeout(timer);
      });`);
    expect(lines).toEqual(['1', '2', '3']);
  });

  test("a descriptor's stream does until it is closed, and so do bytes that nobody reads", async () => {
    const lines = await linesOf(`
      import { addHandle, HANGUP, READABLE } from 'qemu-actors';
      let calls = 0;
      addHandle(0, READABLE, (_watch, stream, events) => {
        if (++calls === 5) console.log(String(stream.read()));
        if ((events & HANGUP) !== 0) console.log('end');
      });`);
    expect(lines).toEqual(['bytes', 'end']);
  });
});
