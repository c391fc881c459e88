/** The rules of one connection, with a scripted peer and manual time. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BadReplyError,
  CommandError,
  CommandInterruptedError,
  CommandTimeoutError,
  GreetingError,
  LineTooLongError,
  NegotiationError,
  ParseError,
  ProtocolError,
  QemuError,
  StateError,
} from '../../../src/errors.ts';
import { failure, GREETING, scripted, scriptedReady, settle, until } from './helpers.ts';

describe('greeting and negotiation', () => {
  test('nothing is written before the greeting came (libvirt-api-jobs-loop §5.1)', async () => {
    const { connection, stream } = scripted();
    expect(await failure(connection.negotiate())).toBeInstanceOf(StateError);
    expect(await failure(connection.execute('query-status'))).toMatchObject({ code: 'ERR_STATE' });
    await settle();
    expect(stream.commands).toEqual([]);
  });

  test('a silent peer is a GreetingError in bounded time, which says who may hold the monitor', async () => {
    const { connection, loop, log, closedBy } = scripted({ greetingTimeoutMs: 700 });
    const greeting = failure(connection.greet());
    loop.advance(699);
    expect(log).toEqual([]);
    loop.advance(1);
    expect(await greeting).toBeInstanceOf(GreetingError);
    expect(closedBy[0]?.message).toMatch(/no QMP greeting within 700 ms: another client may hold/);
    expect(log).toEqual(['close ERR_GREETING']);
    expect(loop.pendingTimeouts).toBe(0);
  });

  test.each([
    'SSH-2.0-OpenSSH_9.2\r\n',
    '{"event":"STOP"}\r\n',
    '{"return":{}}\r\n',
    '[]\n',
    '{}\n',
    '\n',
    'without an end, too long',
  ])('what is no greeting is a GreetingError: %j', async (bytes) => {
    const { connection, stream, log } = scripted({ maxLineBytes: 20 });
    stream.push(bytes);
    expect(await failure(connection.greet())).toBeInstanceOf(GreetingError);
    expect(log).toEqual(['close ERR_GREETING']);
    expect(await failure(connection.greet())).toBeInstanceOf(GreetingError);
  });

  test('a peer that ends before the greeting is a GreetingError, though the end itself is none', async () => {
    const { connection, stream, log } = scripted();
    stream.push(null);
    expect(await failure(connection.greet())).toBeInstanceOf(GreetingError);
    expect(log).toEqual(['close']);
  });

  test('an aborted greet rejects with the reason; the connection stays and may be greeted again', async () => {
    const { connection, stream, loop } = scripted();
    const stop = new AbortController();
    const first = failure(connection.greet(stop.signal));
    stop.abort(new Error('no time'));
    expect(await first).toMatchObject({ message: 'no time' });
    expect(loop.pendingTimeouts).toBe(0);
    stream.line(GREETING);
    expect((await connection.greet()).version?.major).toBe(7);
  });

  test('OOB is enabled where it is offered, unless not wanted', async () => {
    for (const [offered, wanted, enabled] of [
      [['oob'], true, true],
      [['oob'], false, false],
      [[], true, false],
    ] as const) {
      const { connection, stream } = scripted();
      stream.line({ QMP: { capabilities: offered } });
      await connection.greet();
      const negotiated = connection.negotiate({ oob: wanted });
      await until('sent', () => stream.commands.length === 1);
      expect(stream.commands[0]?.arguments).toEqual(enabled ? { enable: ['oob'] } : undefined);
      stream.line({ return: {}, id: stream.commands[0]?.id });
      await negotiated;
      expect(connection.oob).toBe(enabled);
    }
  });

  test('events before and during negotiation are delivered', async () => {
    const { connection, stream, log } = scripted();
    stream.line(GREETING);
    stream.line({ event: 'A' });
    await connection.greet();
    const negotiated = connection.negotiate();
    await until('sent', () => stream.commands.length === 1);
    stream.line({ event: 'B' });
    stream.line({ return: {}, id: stream.commands[0]?.id });
    stream.line({ event: 'C' });
    await negotiated;
    expect(log).toEqual(['A', 'B', 'C']);
  });

  test('a refused negotiation is a NegotiationError and ends the connection', async () => {
    const { connection, stream, log } = scripted();
    stream.line(GREETING);
    await connection.greet();
    const negotiated = failure(connection.negotiate());
    await until('sent', () => stream.commands.length === 1);
    stream.line({ error: { class: 'GenericError', desc: 'no' }, id: stream.commands[0]?.id });
    expect(await negotiated).toBeInstanceOf(NegotiationError);
    expect(log).toEqual(['close ERR_NEGOTIATION']);
  });

  test('a peer that greets and then is silent is a NegotiationError in bounded time', async () => {
    const { connection, stream, loop } = scripted({ timeoutsMs: { query: 900 } });
    stream.line(GREETING);
    await connection.greet();
    const negotiated = failure(connection.negotiate());
    loop.advance(900);
    expect(await negotiated).toBeInstanceOf(NegotiationError);
  });

  test('an aborted negotiation rejects with the reason and ends the connection', async () => {
    const { connection, stream, log } = scripted();
    stream.line(GREETING);
    await connection.greet();
    const stop = new AbortController();
    const negotiated = failure(connection.negotiate({ signal: stop.signal }));
    stop.abort('stop');
    expect(await negotiated).toBe('stop');
    expect(log).toEqual(['close']);
  });

  test('a second negotiation is refused here', async () => {
    const { connection } = await scriptedReady();
    expect(await failure(connection.negotiate())).toMatchObject({
      code: 'ERR_STATE',
      message: 'the monitor is ready; negotiate() needs greeted',
    });
  });
});

describe('commands', () => {
  test('a reply is matched by its id, not by its position (qemu-event-recipes §4.21)', async () => {
    const { connection, stream } = await scriptedReady();
    const replies = Promise.all(['a', 'b', 'c'].map((command) => connection.execute(command)));
    await until('sent', () => stream.commands.length === 3);
    for (const { execute, id } of [...stream.commands].reverse()) stream.line({ id, return: execute });
    expect(await replies).toEqual(['a', 'b', 'c']);
  });

  test('ids are short strings, each used once', async () => {
    const { connection, stream } = await scriptedReady();
    for (let i = 0; i < 3; i++) connection.execute('x').catch(() => {});
    await until('sent', () => stream.commands.length === 3);
    expect(stream.commands.map(({ id }) => id)).toEqual(['qa-2', 'qa-3', 'qa-4']);
  });

  test('QEMU saying no is a CommandError with its class and words', async () => {
    const { connection, stream } = await scriptedReady();
    const reply = failure(connection.execute('device_del', { id: 'x' }));
    await until('sent', () => stream.commands.length === 1);
    stream.line({ id: 'qa-2', error: { class: 'DeviceNotFound', desc: "Device 'x' not found" } });
    const error = await reply;
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({
      command: 'device_del',
      errorClass: 'DeviceNotFound',
      desc: "Device 'x' not found",
    });
  });

  test('with OOB at most 7 are under way, so that QEMU still reads an out-of-band one (§4.22)', async () => {
    const { connection, stream } = await scriptedReady();
    const replies = Array.from({ length: 20 }, (_, i) => connection.execute(`c${i}`));
    await settle();
    expect(stream.commands.map(({ execute }) => execute)).toEqual(
      Array.from({ length: 7 }, (_, i) => `c${i}`),
    );
    const oob = connection.execute('query-yank', {}, { oob: true });
    await until('oob sent', () => stream.commands.length === 8);
    expect(stream.commands[7]).toMatchObject({ 'exec-oob': 'query-yank' });
    stream.line({ id: stream.commands[7]?.id, return: 'oob' });
    expect(await oob).toBe('oob');
    for (let answered = 0; answered < 20; answered++) {
      const { id } = stream.commands.filter(({ execute }) => execute !== undefined)[answered] ?? {};
      stream.line({ id, return: answered });
      await settle(5);
    }
    expect(await Promise.all(replies)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test('without OOB one is under way, the others wait in line', async () => {
    const { connection, stream } = await scriptedReady({ offerOob: false });
    const replies = Promise.all([connection.execute('a'), connection.execute('b')]);
    await settle();
    expect(stream.commands.map(({ execute }) => execute)).toEqual(['a']);
    stream.line({ id: stream.commands[0]?.id, return: 1 });
    await until('next', () => stream.commands.length === 2);
    stream.line({ id: stream.commands[1]?.id, return: 2 });
    expect(await replies).toEqual([1, 2]);
  });

  test('oob: true is refused where it was not negotiated', async () => {
    const { connection } = await scriptedReady({ offerOob: false });
    expect(await failure(connection.execute('yank', { instances: [] }, { oob: true }))).toBeInstanceOf(
      StateError,
    );
  });

  test('unanswered out-of-band commands are bounded', async () => {
    const { connection } = await scriptedReady();
    const results = Array.from({ length: 9 }, () =>
      failure(connection.execute('yank', { instances: [] }, { oob: true })),
    );
    expect(await results[8]).toBeInstanceOf(StateError);
    connection.close();
    await Promise.all(results);
  });

  test('a command that timed out keeps its place; its late reply is counted and dropped', async () => {
    const { connection, stream, loop } = await scriptedReady({ offerOob: false });
    const first = failure(connection.execute('query-a'));
    await until('sent', () => stream.commands.length === 1);
    loop.advance(10_000);
    expect(await first).toBeInstanceOf(CommandTimeoutError);
    expect(await first).toMatchObject({ command: 'query-a', timeoutMs: 10_000 });
    const second = connection.execute('b');
    await settle();
    expect(stream.commands).toHaveLength(1);
    stream.line({ id: stream.commands[0]?.id, return: 'late' });
    await until('next', () => stream.commands.length === 2);
    expect(connection.lateReplies).toBe(1);
    stream.line({ id: stream.commands[1]?.id, return: 'b' });
    expect(await second).toBe('b');
  });

  test('an abort ends the waiting with its reason; one that was not sent yet never is', async () => {
    const { connection, stream } = await scriptedReady({ offerOob: false });
    const stop = new AbortController();
    const [first, second] = ['a', 'b'].map((command) =>
      failure(connection.execute(command, {}, { signal: stop.signal })),
    );
    await until('sent', () => stream.commands.length === 1);
    stop.abort('enough');
    expect([await first, await second]).toEqual(['enough', 'enough']);
    const third = connection.execute('c');
    stream.line({ id: stream.commands[0]?.id, return: 0 });
    await until('next', () => stream.commands.length === 2);
    expect(stream.commands[1]?.execute).toBe('c');
    stream.line({ id: stream.commands[1]?.id, return: 3 });
    expect(await third).toBe(3);
    expect(await failure(connection.execute('d', {}, { signal: stop.signal }))).toBe('enough');
  });

  test('the time-out is that of the class, of the options, or of the call', async () => {
    const { connection, loop } = await scriptedReady({ timeoutsMs: { change: 50 } });
    const timeouts = Promise.all(
      [
        connection.execute('stop'),
        connection.execute('query-status'),
        connection.execute('migrate', { uri: 'exec:true' }),
        connection.execute('cont', {}, { timeoutMs: 7 }),
      ].map(async (reply) => ((await failure(reply)) as CommandTimeoutError).timeoutMs),
    );
    loop.advance(300_000);
    expect(await timeouts).toEqual([50, 10_000, 300_000, 7]);
  });

  test('executeRaw gives the text of the line: integers beyond 2^53 stay whole', async () => {
    const { connection, stream } = await scriptedReady();
    const reply = connection.executeRaw('query-x');
    await until('sent', () => stream.commands.length === 1);
    stream.push('{"return": 18446744073709551615, "id": "qa-2"}\r\n');
    expect(await reply).toBe('{"return": 18446744073709551615, "id": "qa-2"}');
  });

  test.each([
    ['', {}],
    ['a\nb', {}],
    ['\ud800', {}],
    [1 as unknown as string, {}],
    ['x', { timeoutMs: 0 }],
    ['x', { timeoutMs: Number.NaN }],
  ])('bad arguments are TypeErrors: %j %j', async (command, options) => {
    const { connection, stream } = await scriptedReady();
    expect(await failure(connection.execute(command, {}, options))).toBeInstanceOf(TypeError);
    expect(await failure(connection.execute('x', 5 as unknown as object))).toBeInstanceOf(TypeError);
    await settle();
    expect(stream.commands).toEqual([]);
  });

  test('an event is told before the reply that follows it is resolved (libvirt-api-jobs-loop §5.2 M7)', async () => {
    const { connection, stream, log } = await scriptedReady();
    const reply = connection.execute('stop').then(() => log.push('reply'));
    await until('sent', () => stream.commands.length === 1);
    stream.line({ event: 'STOP' });
    stream.line({ return: {}, id: 'qa-2' });
    await reply;
    expect(log).toEqual(['STOP', 'reply']);
  });
});

describe('the end', () => {
  test('every open promise is settled: sent ones as interrupted, those in line as not sent', async () => {
    const { connection, stream, log, loop } = await scriptedReady({ offerOob: false });
    const [sent, queued] = ['a', 'b'].map((command) => failure(connection.execute(command)));
    await until('sent', () => stream.commands.length === 1);
    connection.close();
    connection.close();
    expect(await sent).toBeInstanceOf(CommandInterruptedError);
    expect(await queued).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await failure(connection.execute('c'))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(log).toEqual(['close']);
    expect(loop.pendingTimeouts).toBe(0);
    expect(stream.destroyed).toBe(true);
  });

  test('what came before the end of the stream is dealt with first', async () => {
    const { connection, stream, log } = await scriptedReady({ readBudgetBytes: 16 });
    const reply = connection.execute('quit').then(() => log.push('reply'));
    await until('sent', () => stream.commands.length === 1);
    stream.line({ event: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-quit' } });
    stream.line({ return: {}, id: 'qa-2' });
    stream.push(null);
    await reply;
    await until('closed', () => connection.closed);
    expect(log.filter((each) => each !== 'reply')).toEqual(['SHUTDOWN', 'close']);
  });

  test.each(['ECONNRESET', 'EPIPE'])('%s is an end, not an error, and loses nothing (§4.3)', async (code) => {
    const { connection, stream, log } = await scriptedReady();
    for (let i = 0; i < 1000; i++) stream.line({ event: `E${i}` });
    stream.destroy(Object.assign(new Error(code), { code }));
    await until('closed', () => connection.closed);
    expect(log).toHaveLength(1001);
    expect(log.at(-1)).toBe('close');
  });

  test('how the stream fails once the connection is over is nobody’s concern', async () => {
    const { connection, stream } = await scriptedReady();
    stream._destroy = (_error, done) => done(new Error('late'));
    connection.close();
    await settle();
    expect(stream.errored).toMatchObject({ message: 'late' });
  });

  test('another failure of the stream is a ConnectError with its cause', async () => {
    const { connection, stream, closedBy } = await scriptedReady();
    const cause = Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
    const reply = failure(connection.execute('a'));
    await until('sent', () => stream.commands.length === 1);
    stream.destroy(cause);
    expect(await reply).toMatchObject({ code: 'ERR_COMMAND_INTERRUPTED', cause: { cause } });
    expect(closedBy).toMatchObject([{ code: 'ERR_CONNECT', cause }]);
  });

  test.each([
    ['{"return":{},"id":"qa-99"}', BadReplyError],
    ['{"return":{},"id":2}', BadReplyError],
    ['{"return":{}}', BadReplyError],
    ['{"error":{"class":"GenericError","desc":"JSON parse error"}}', BadReplyError],
    ['{"foo":1}', BadReplyError],
    ['{"event":1}', BadReplyError],
    ['{"QMP":{}}', BadReplyError],
    ['[]', ParseError],
    ['nonsense', ParseError],
    ['', ParseError],
    [`{"return":"${'x'.repeat(100)}","id":"qa-2"}`, LineTooLongError],
    [`{"return":${'['.repeat(9)}${']'.repeat(9)},"id":"qa-2"}`, ParseError],
  ])('a line that has no place ends the connection by a typed error: %j', async (line, expected) => {
    const { connection, stream, log, closedBy } = await scriptedReady({ maxLineBytes: 110, maxDepth: 9 });
    const reply = failure(connection.execute('a'));
    await until('sent', () => stream.commands.length === 1);
    stream.push(`{"event":"BEFORE"}\r\n${line}\r\n{"event":"AFTER"}\r\n`);
    const error = await reply;
    expect(error).toBeInstanceOf(CommandInterruptedError);
    expect((error as Error).cause).toBeInstanceOf(expected);
    expect(closedBy).toHaveLength(1);
    expect(closedBy[0]).toBeInstanceOf(ProtocolError);
    expect(log[0]).toBe('BEFORE');
    expect(log).not.toContain('AFTER');
  });

  test('one reply that comes twice is a BadReplyError', async () => {
    const { connection, stream, closedBy } = await scriptedReady();
    const reply = connection.execute('a');
    await until('sent', () => stream.commands.length === 1);
    stream.line({ return: 1, id: 'qa-2' });
    stream.line({ return: 2, id: 'qa-2' });
    expect(await reply).toBe(1);
    await until('closed', () => connection.closed);
    expect(closedBy[0]).toBeInstanceOf(BadReplyError);
  });

  test('closing in the middle of a batch, from onEvent, delivers nothing after', async () => {
    const seen: string[] = [];
    const { connection, stream } = await scriptedReady({
      onEvent: (event) => {
        seen.push(event.event);
        connection.close();
      },
      trace: (direction) => seen.push(direction),
    });
    seen.length = 0;
    stream.push('{"event":"A"}\n{"event":"B"}\n');
    await until('closed', () => connection.closed);
    await settle();
    expect(seen).toEqual(['event', 'A']);
  });
});

describe('others', () => {
  test('a callback that throws is reported and harms neither connection nor reply', async () => {
    const reported: unknown[] = [];
    const { connection, stream } = await scriptedReady({
      onEvent: () => {
        throw new Error('in onEvent');
      },
      trace: (direction) => {
        throw new Error(`in trace of ${direction}`);
      },
      onCallbackError: (error) => {
        reported.push((error as Error).message);
        throw error;
      },
    });
    reported.length = 0;
    const reply = connection.execute('a');
    await until('sent', () => stream.commands.length === 1);
    stream.push('{"event":"A"}\r\n{"return":1,"id":"qa-2"}\r\n');
    expect(await reply).toBe(1);
    expect(reported).toEqual(['in trace of send', 'in trace of event', 'in onEvent', 'in trace of reply']);
  });

  test('trace sees every message as it passes, negotiation too', async () => {
    const passed: unknown[] = [];
    const { connection, stream } = await scriptedReady({
      trace: (direction, message) => passed.push([direction, message]),
    });
    const reply = connection.execute<unknown>('stop', { a: 1 });
    await until('sent', () => stream.commands.length === 1);
    stream.line({ timestamp: { seconds: 1, microseconds: 2 }, event: 'STOP' });
    stream.line({ return: {}, id: 'qa-2' });
    await reply;
    expect(passed).toEqual([
      ['send', { execute: 'qmp_capabilities', arguments: { enable: ['oob'] }, id: 'qa-1' }],
      ['reply', { return: {}, id: 'qa-1' }],
      ['send', { execute: 'stop', arguments: { a: 1 }, id: 'qa-2' }],
      ['event', { timestamp: { seconds: 1, microseconds: 2 }, event: 'STOP' }],
      ['reply', { return: {}, id: 'qa-2' }],
    ]);
  });

  test('no turn of the loop reads more than its budget', async () => {
    const turns: number[] = [];
    const { connection, stream } = await scriptedReady({ readBudgetBytes: 1000 });
    let before = connection.bytesReceived;
    const line = `${JSON.stringify({ event: 'E' })}\r\n`;
    stream.push(line.repeat(1000));
    for (let i = 0; i < 100; i++) {
      await settle(1);
      turns.push(connection.bytesReceived - before);
      before = connection.bytesReceived;
    }
    expect(Math.max(...turns)).toBeLessThanOrEqual(1000);
    expect(turns.reduce((sum, bytes) => sum + bytes)).toBe(line.length * 1000);
  });

  test('random bytes never crash or hang a connection: all promises settle, onClose comes once', async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          '\n',
          '\r\n',
          `${JSON.stringify(GREETING)}\r\n`,
          '{"return":{},"id":"qa-1"}\r\n',
          '{"return":{},"id":"qa-2"}\n',
          '{"event":"STOP"}\n',
          '{"error":{},"id":"qa-2"}\n',
          '{"event":',
          '[[[[[',
        )
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const { connection, stream, loop, closedBy } = scripted({ maxLineBytes: 200 });
        const work = connection
          .greet()
          .then(() => connection.negotiate())
          .then(() => connection.execute('a'))
          .then(
            () => 'done',
            (error) => error,
          );
        for (const bytes of pieces) {
          if (!stream.destroyed) stream.push(bytes);
          await settle(2);
        }
        await settle(5);
        if (!stream.destroyed) stream.push(null);
        await until('the end', () => connection.closed);
        const outcome = await work;
        expect(outcome === 'done' || outcome instanceof QemuError).toBe(true);
        expect(closedBy).toHaveLength(1);
        expect(loop.pendingTimeouts).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
