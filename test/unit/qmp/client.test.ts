/** The stand-alone client, on real sockets. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { StateError } from '../../../src/errors.ts';
import { createNodeRuntime } from '../../../src/loop/node-runtime.ts';
import type { Address } from '../../../src/loop/runtime.ts';
import {
  type ClientOptions,
  type ClientState,
  EventTimeoutError,
  QmpClient,
  type QmpEvent,
} from '../../../src/qmp/index.ts';
import { FakeQemu, type FakeQemuOptions } from '../../../src/testing/index.ts';
import { failure, settle, until } from './helpers.ts';

async function start(options: FakeQemuOptions = {}): Promise<FakeQemu> {
  const qemu = await FakeQemu.start(options);
  onTestFinished(() => qemu.close());
  return qemu;
}

async function open(address: string | Address, options: ClientOptions = {}): Promise<QmpClient> {
  const client = await QmpClient.connect(address, options);
  onTestFinished(() => client.close());
  return client;
}

const RECONNECT = { reconnect: { minMs: 1, maxMs: 2 } } as const;

describe('connecting', () => {
  test('by path, by host:port, by address; typed replies', async () => {
    const unix = await start({ name: 'web1' });
    const client = await open(unix.path);
    const status = await client.execute('query-status');
    expect(status.running).toBe(true);
    expect((await client.execute('query-name')).name).toBe('web1');
    expect([client.state, client.oob, client.greeting.version?.major]).toEqual(['ready', true, 7]);
    const tcp = await start({ port: 0 });
    const { port } = tcp.address as { port: number };
    await open(`127.0.0.1:${port}`);
  });

  test('a socket that does not exist and one that nobody serves are told apart (design §3a)', async () => {
    const qemu = await start();
    qemu.kill();
    expect(await failure(QmpClient.connect(qemu.path))).toMatchObject({
      code: 'ERR_CONNECT',
      cause: { code: 'ECONNREFUSED' },
    });
    await qemu.close();
    expect(await failure(QmpClient.connect(qemu.path))).toMatchObject({
      code: 'ERR_CONNECT',
      cause: { code: 'ENOENT' },
      message: expect.stringContaining('-qmp unix:'),
    });
  });

  test('a monitor that another client holds is a GreetingError saying so', async () => {
    const qemu = await start();
    await open(qemu.path);
    const error = await failure(QmpClient.connect(qemu.path, { greetingTimeoutMs: 30 }));
    expect(error).toMatchObject({
      code: 'ERR_GREETING',
      message: expect.stringContaining('another client'),
    });
  });

  test('what is no address is a TypeError', async () => {
    expect(await failure(QmpClient.connect('host:'))).toBeInstanceOf(TypeError);
  });

  test('a connect that is not answered ends in bounded time', async () => {
    const runtime = {
      ...createNodeRuntime(),
      connect: (_address: Address, signal: AbortSignal) =>
        new Promise<never>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        ),
    };
    expect(await failure(QmpClient.connect('h:1', { runtime, connectTimeoutMs: 20 }))).toMatchObject({
      code: 'ERR_CONNECT',
      message: 'cannot connect to h:1: no answer within 20 ms',
    });
  });

  test('an abort ends it at each step, with the reason', async () => {
    const qemu = await start();
    expect(await failure(QmpClient.connect(qemu.path, { signal: AbortSignal.abort('a') }))).toBe('a');
    const during = new AbortController();
    const connecting = failure(QmpClient.connect(qemu.path, { signal: during.signal }));
    during.abort('b');
    expect(await connecting).toBe('b');
    qemu.faults.greeting(null);
    const greeting = new AbortController();
    const waiting = failure(QmpClient.connect(qemu.path, { signal: greeting.signal }));
    await until('connected', () => qemu.connections === 1);
    greeting.abort('c');
    expect(await waiting).toBe('c');
    qemu.faults.clear();
    const negotiating = new AbortController();
    qemu.faults.once('qmp_capabilities', () => negotiating.abort('d'));
    expect(await failure(QmpClient.connect(qemu.path, { signal: negotiating.signal }))).toBe('d');
  });

  test('it keeps the process alive from the call to the end, whatever the end is', async () => {
    const qemu = await start();
    const node = createNodeRuntime();
    let held = 0;
    const runtime = {
      ...node,
      hold: () => {
        held += 1;
        return () => {
          held -= 1;
        };
      },
    };
    const client = await open(qemu.path, { runtime });
    expect(held).toBe(1);
    await client.close();
    expect(held).toBe(0);
    const second = await open(qemu.path, { runtime });
    qemu.kill();
    await second.closed;
    expect(held).toBe(0);
    await failure(QmpClient.connect(qemu.path, { runtime }));
    expect(held).toBe(0);
  });
});

describe('events', () => {
  test('executeAndWaitFor sees an event before the reply and one after it', async () => {
    const qemu = await start({ devices: ['disk0'] });
    const client = await open(qemu.path);
    expect((await client.executeAndWaitFor('stop', undefined, 'STOP')).event.event).toBe('STOP');
    await client.execute('cont');
    const { reply, event } = await client.executeAndWaitFor(
      'device_del',
      { id: 'disk0' },
      ({ event, data }) => event === 'DEVICE_DELETED' && data?.device === 'disk0',
    );
    expect([reply, event.data?.path]).toEqual([{}, '/machine/peripheral/disk0']);
  });

  test('executeAndWaitFor fails as its command does, by time-out, by abort, by loss', async () => {
    const qemu = await start();
    const client = await open(qemu.path);
    expect(await failure(client.executeAndWaitFor('nope', {}, 'X'))).toMatchObject({ code: 'ERR_COMMAND' });
    const late = await failure(client.executeAndWaitFor('query-name', {}, 'X', { timeoutMs: 20 }));
    expect(late).toBeInstanceOf(EventTimeoutError);
    expect(late).toMatchObject({ code: 'ERR_EVENT_TIMEOUT', message: 'X did not come within 20 ms' });
    const stop = new AbortController();
    const aborted = failure(client.executeAndWaitFor('query-name', {}, 'X', { signal: stop.signal }));
    await settle();
    stop.abort('why');
    expect(await aborted).toBe('why');
    const lost = failure(client.executeAndWaitFor('query-name', {}, 'X'));
    await settle();
    qemu.kill();
    expect(await lost).toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('waitFor takes a predicate; one that throws ends the waiting with what it threw', async () => {
    const qemu = await start();
    const client = await open(qemu.path);
    const second = client.waitFor('A', { predicate: ({ data }) => data?.n === 2 });
    const thrown = failure(
      client.waitFor(() => {
        throw new Error('mine');
      }),
    );
    qemu.emit('A', { n: 1 });
    qemu.emit('A', { n: 2 });
    expect((await second).data).toEqual({ n: 2 });
    expect(await thrown).toMatchObject({ message: 'mine' });
    expect(await failure(client.waitFor('A', { timeoutMs: 10 }))).toBeInstanceOf(EventTimeoutError);
    expect(await failure(client.waitFor('A', { signal: AbortSignal.abort('x') }))).toBe('x');
  });

  test('callbacks: by name, all by *, none after dispose, not even of the same event', async () => {
    const qemu = await start();
    const client = await open(qemu.path);
    const seen: string[] = [];
    const star = client.on('*', ({ event }) => seen.push(`*${event}`));
    client.on('B', () => {
      seen.push('B');
      last[Symbol.dispose]();
    });
    const last = client.on('B', () => seen.push('never'));
    qemu.emit('A');
    qemu.emit('B');
    await client.execute('query-name');
    star[Symbol.dispose]();
    qemu.emit('B');
    await client.execute('query-name');
    expect(seen).toEqual(['*A', '*B', 'B', 'B']);
  });

  test('a callback that throws or rejects is reported and harms nobody else', async () => {
    const qemu = await start();
    const errors: string[] = [];
    const client = await open(qemu.path, {
      onCallbackError: (error) => {
        errors.push((error as Error).message);
        throw error;
      },
    });
    const seen: QmpEvent[] = [];
    client.on('A', () => {
      throw new Error('thrown');
    });
    client.on('A', async () => {
      throw new Error('rejected');
    });
    client.on('A', (event) => seen.push(event));
    qemu.emit('A');
    await client.execute('query-name');
    expect([errors, seen.length]).toEqual([['thrown', 'rejected'], 1]);
  });

  test('without onCallbackError there is one warning of the process for each client', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const qemu = await start();
    const client = await open(qemu.path);
    client.on('A', () => {
      throw new Error('boom');
    });
    qemu.emit('A');
    qemu.emit('A');
    await client.execute('query-name');
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([expect.stringContaining('boom')]);
  });

  test('the iterator gives all from the call on, in order, until it is left', async () => {
    const qemu = await start();
    const client = await open(qemu.path);
    const events = client.events(['STOP', 'RESUME']);
    await client.execute('stop');
    qemu.emit('OTHER');
    await client.execute('cont');
    await client.execute('stop');
    const names: string[] = [];
    for await (const { event } of events) if (names.push(event) === 3) break;
    expect(names).toEqual(['STOP', 'RESUME', 'STOP']);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('the iterator is bounded: the oldest are dropped and counted', async () => {
    const qemu = await start();
    const client = await open(qemu.path);
    const events = client.events(undefined, { limit: 3 });
    for (let n = 0; n < 10; n++) qemu.emit('E', { n });
    await client.execute('query-name');
    expect((await events.next()).value.data).toEqual({ n: 7 });
    expect(events.lost).toBe(7);
    expect(() => client.events(undefined, { limit: 0 })).toThrow(TypeError);
  });

  test('an abort or the end of the client ends the iterator, after what had come', async () => {
    const qemu = await start();
    const client = await open(qemu.path);
    const stop = new AbortController();
    const aborted = client.events(undefined, { signal: stop.signal });
    const ended = client.events();
    qemu.emit('A');
    await client.execute('query-name');
    stop.abort('stopped');
    expect((await aborted.next()).value.event).toBe('A');
    expect(await failure(aborted.next())).toBe('stopped');
    expect((await aborted.next()).done).toBe(true);
    await client.close();
    expect((await ended.next()).value.event).toBe('A');
    expect((await ended.next()).done).toBe(true);
    expect((await client.events().next()).done).toBe(true);
  });

  test('a protocol error ends the iterator with that error', async () => {
    const qemu = await start();
    const client = await open(qemu.path);
    const next = failure(client.events().next());
    qemu.faults.rubbish('[]\n');
    expect(await next).toMatchObject({ code: 'ERR_PARSE' });
    expect(await client.closed).toMatchObject({ code: 'ERR_PARSE' });
  });
});

describe('the end, and connecting again', () => {
  test('without reconnect the end of the stream closes the client; nothing stays open', async () => {
    const qemu = await start();
    const client = await open(qemu.path);
    const waiting = failure(client.waitFor('X'));
    qemu.hang();
    const running = failure(client.execute('query-status'));
    await settle();
    qemu.kill();
    expect(await client.closed).toBeNull();
    expect(await running).toMatchObject({ code: 'ERR_COMMAND_INTERRUPTED' });
    expect(await waiting).toMatchObject({ code: 'ERR_CLOSED' });
    expect(client.state).toBe('closed');
    expect(await failure(client.execute('stop'))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await failure(client.whenReady())).toBeInstanceOf(StateError);
  });

  test('with reconnect it is lost meanwhile, then ready; callbacks and iterators go on', async () => {
    const qemu = await start();
    const states: ClientState[] = [];
    const client = await open(qemu.path, { ...RECONNECT, onState: (state) => states.push(state) });
    const names: string[] = [];
    client.on('*', ({ event }) => names.push(event));
    const events = client.events();
    const waiting = failure(client.waitFor('X'));
    qemu.kill();
    await until('lost', () => client.state === 'lost');
    expect(await waiting).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await failure(client.execute('stop'))).toMatchObject({
      code: 'ERR_STATE',
      message: expect.stringContaining('is lost; execute() needs ready'),
    });
    await until('refused', () => client.lastError?.code === 'ERR_CONNECT');
    expect(client.lastError?.cause).toMatchObject({ code: 'ECONNREFUSED' });
    await qemu.restart();
    await client.whenReady();
    await client.execute('stop');
    expect([names, (await events.next()).value.event]).toEqual([['STOP'], 'STOP']);
    await client.close();
    expect(states).toEqual(['ready', 'lost', 'ready', 'closed']);
    expect(await client.closed).toBeNull();
  });

  test('a protocol error, too, is followed by a new connection', async () => {
    const qemu = await start();
    const client = await open(qemu.path, RECONNECT);
    qemu.faults.rubbish('nonsense\n');
    await until('lost', () => client.state === 'lost');
    expect(client.lastError).toMatchObject({ code: 'ERR_PARSE' });
    await client.whenReady();
    expect(await client.execute('query-status')).toMatchObject({ running: true });
  });

  test('close ends a client that is lost, in whatever it is doing', async () => {
    for (const meanwhile of ['sleeping', 'greeting'] as const) {
      const qemu = await start();
      const client = await open(qemu.path, RECONNECT);
      if (meanwhile === 'greeting') qemu.faults.greeting(null);
      const ready = failure(client.waitFor('X'));
      if (meanwhile === 'greeting') await qemu.restart();
      else qemu.kill();
      await until('lost', () => client.state === 'lost');
      await ready;
      const again = failure(client.whenReady());
      if (meanwhile === 'greeting') await until('connected', () => qemu.connections === 1);
      await client.close();
      expect(await again).toMatchObject({ code: 'ERR_CLOSED' });
      expect(await client.closed).toBeNull();
      await settle();
      expect(qemu.connections).toBe(0);
    }
  });

  test('whenReady may be aborted', async () => {
    const qemu = await start();
    const client = await open(qemu.path, RECONNECT);
    qemu.kill();
    await until('lost', () => client.state === 'lost');
    const stop = new AbortController();
    const waiting = failure(client.whenReady({ signal: stop.signal }));
    stop.abort('no');
    expect(await waiting).toBe('no');
  });
});

describe('bytes', () => {
  test('a reply of 5 MiB works, whole and in pieces', async () => {
    const qemu = await start();
    const client = await open(qemu.path);
    const big = 'x'.repeat(5 * 1024 * 1024);
    qemu.handle('query-big', () => big);
    expect(await client.execute('query-big')).toBe(big);
    qemu.faults.chunk(10_000);
    expect(await client.execute('query-big')).toBe(big);
  });

  test('a reply beyond maxLineBytes is a LineTooLongError', async () => {
    const qemu = await start();
    const client = await open(qemu.path, { maxLineBytes: 100_000 });
    qemu.handle('query-big', () => 'x'.repeat(200_000));
    expect(await failure(client.execute('query-big'))).toMatchObject({
      code: 'ERR_COMMAND_INTERRUPTED',
      cause: { code: 'ERR_LINE_TOO_LONG', limitBytes: 100_000 },
    });
  });

  test('the monitor may end at any byte of its output: every call settles', async () => {
    const qemu = await start();
    // Greeting, two replies and an event are about 330 bytes.
    for (let bytes = 0; bytes < 340; bytes += 3) {
      qemu.faults.closeAfterBytes(bytes);
      try {
        const client = await QmpClient.connect(qemu.path);
        await client.execute('stop');
        await client.execute('cont');
        await client.close();
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_/) });
      }
      qemu.faults.clear();
    }
  });

  test('a SHUTDOWN that is on its way is not lost when a command is sent to the QEMU that ended', async () => {
    for (let round = 0; round < 20; round++) {
      const qemu = await start();
      const client = await open(qemu.path);
      const names: string[] = [];
      client.on('*', ({ event }) => names.push(event));
      void qemu.terminate();
      // Long enough for the other end to be closed before this turn looks at the socket.
      const reply = failure(client.execute('query-status'));
      await client.closed;
      await reply;
      expect(names).toEqual(['SHUTDOWN']);
    }
  });
});
