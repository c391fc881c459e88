/** What the fake QEMU promises. What it claims of QEMU is in test/qemu/fake-matches-real.test.ts. */
import { existsSync, statSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createNodeRuntime } from '../../../src/loop/node-runtime.ts';
import type { Address } from '../../../src/loop/runtime.ts';
import { FakeCommandError, FakeQemu, type FakeQemuOptions } from '../../../src/testing/index.ts';
import { connect, failure, ManualLoop, ready, settle, until } from '../qmp/helpers.ts';

async function start(options: FakeQemuOptions = {}): Promise<FakeQemu> {
  const qemu = await FakeQemu.start(options);
  onTestFinished(() => qemu.close());
  return qemu;
}

/** A client without our own code in it. */
async function raw(address: Address): Promise<{ socket: Socket; text: () => string; ended: () => boolean }> {
  const socket = connectSocket('path' in address ? { path: address.path } : { ...address });
  onTestFinished(() => void socket.destroy());
  let text = '';
  let ended = false;
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    ended = true;
  });
  await new Promise((resolve) => socket.on('connect', resolve));
  return { socket, text: () => text, ended: () => ended };
}

describe('monitors', () => {
  test('every line ends in CR LF (qemu-event-recipes §1.3)', async () => {
    const qemu = await start();
    const client = await raw(qemu.address);
    await until('greeting', () => client.text().includes('\n'));
    client.socket.write('{"execute":"qmp_capabilities"}\n');
    await until('reply', () => client.text().includes('return'));
    expect(client.text()).toMatch(/^\{"QMP":.*\}\r\n\{"return":\{\}\}\r\n$/);
  });

  test('a second client connects, but is greeted after the first one left (§4.16)', async () => {
    const qemu = await start();
    const first = await ready(qemu.address);
    const second = await raw(qemu.address);
    await settle();
    expect(second.text()).toBe('');
    first.connection.close();
    await until('greeting', () => second.text().includes('QMP'));
  });

  test('every event goes to every negotiated monitor, none to others (§4.14, §4.15)', async () => {
    const qemu = await start({ monitors: 3 });
    const [a, b] = [await ready(qemu.addresses[0] as Address), await ready(qemu.addresses[1] as Address)];
    const c = await connect(qemu.addresses[2] as Address);
    await c.connection.greet();
    await a.connection.execute('stop');
    await until('event', () => b.log.length > 0);
    await settle();
    expect([a.log, b.log, c.log]).toEqual([['STOP'], ['STOP'], []]);
    expect(qemu.received.map(({ command, monitor, connection }) => [command, monitor, connection])).toEqual([
      ['qmp_capabilities', 0, 1],
      ['qmp_capabilities', 1, 2],
      ['stop', 0, 1],
    ]);
  });

  test('it speaks over TCP too', async () => {
    const qemu = await start({ port: 0 });
    const { connection } = await ready(qemu.address);
    expect(await connection.execute('query-status')).toMatchObject({ status: 'running' });
    expect(() => qemu.path).toThrow(/TCP/);
  });

  test('a command whose sender shut down its side is still answered, then it ends (§4.18)', async () => {
    const qemu = await start();
    const client = await raw(qemu.address);
    client.socket.end('{"execute":"qmp_capabilities","id":"x"}\n');
    await until('ended', client.ended);
    expect(client.text()).toContain('"id":"x"');
  });

  test('it reads no more than 8 in-band commands ahead (§4.22)', async () => {
    const qemu = await start();
    const client = await raw(qemu.address);
    let go = (): void => {};
    qemu.faults.once('stop', () => new Promise<void>((resolve) => (go = resolve)));
    client.socket.write('{"execute":"qmp_capabilities"}\n{"execute":"stop"}\n');
    client.socket.write('{"execute":"query-status"}\n'.repeat(20));
    await settle(50);
    expect(qemu.received).toHaveLength(1 + 8);
    go();
    await until('all', () => qemu.received.length === 22);
    await until('answers', () => client.text().split('singlestep').length === 21);
  });
});

describe('the machine', () => {
  test('NIC_RX_FILTER_CHANGED is sent once, then muted until query-rx-filter (§4.31)', async () => {
    const qemu = await start({ nics: [{ name: 'net0', filter: { 'main-mac': '52:54:00:00:00:01' } }] });
    const { connection, log } = await ready(qemu.address);
    qemu.setRxFilter('net0', { promiscuous: false });
    qemu.setRxFilter('net0', { multicast: 'all' });
    const [filter] = await connection.execute('query-rx-filter', { name: 'net0' });
    expect(filter).toMatchObject({
      promiscuous: false,
      multicast: 'all',
      'main-mac': '52:54:00:00:00:01',
    });
    expect(log).toEqual(['NIC_RX_FILTER_CHANGED']);
    qemu.setRxFilter('net0', {});
    await until('second', () => log.length === 2);
  });

  test('device_del answers first, DEVICE_DELETED comes later, and only of a guest that runs', async () => {
    const qemu = await start({ devices: ['disk0'], nics: [{ name: 'net0' }], status: 'paused' });
    const { connection, log } = await ready(qemu.address);
    await connection.execute('device_del', { id: 'disk0' });
    await settle();
    expect(log).toEqual([]);
    await connection.execute('cont');
    await until('deleted', () => log.includes('DEVICE_DELETED'));
    expect(await failure(connection.execute('device_del', { id: 'disk0' }))).toMatchObject({
      errorClass: 'DeviceNotFound',
    });
  });

  test.each([
    ['guestShutdown', {}, ['SHUTDOWN', 'close'], false],
    ['guestShutdown', { shutdown: 'pause' }, ['SHUTDOWN', 'STOP'], 'shutdown'],
    ['guestReset', {}, ['RESET'], 'running'],
    ['guestReset', { reboot: 'shutdown' }, ['SHUTDOWN', 'close'], false],
    ['guestPanic', {}, ['GUEST_PANICKED', 'SHUTDOWN', 'close'], false],
    ['guestPanic', { panic: 'pause' }, ['GUEST_PANICKED', 'STOP'], 'guest-panicked'],
    ['guestPanic', { panic: 'none' }, ['GUEST_PANICKED'], 'running'],
    ['guestSuspend', {}, ['SUSPEND'], 'suspended'],
    ['watchdog', { watchdog: 'pause' }, ['WATCHDOG', 'STOP'], 'watchdog'],
    ['watchdog', { watchdog: 'reset' }, ['WATCHDOG', 'RESET'], 'running'],
    ['watchdog', { watchdog: 'shutdown' }, ['WATCHDOG', 'POWERDOWN'], 'running'],
    ['watchdog', { watchdog: 'poweroff' }, ['WATCHDOG', 'close'], false],
    ['watchdog', { watchdog: 'none' }, ['WATCHDOG'], 'running'],
  ] as const)(
    '%s with %j gives %j (qemu-event-recipes §2.1, §2.2)',
    async (does, actions, events, status) => {
      const qemu = await start({ actions });
      const { log } = await ready(qemu.address);
      qemu[does]();
      await until('events', () => log.length >= events.length);
      await settle();
      expect(log).toEqual(events);
      expect(qemu.alive && qemu.status).toBe(status);
    },
  );

  test('a handler answers in its place, until it is taken back', async () => {
    const qemu = await start();
    const { connection } = await ready(qemu.address);
    qemu.handle('query-nothing', async (args) => [args]);
    expect(await connection.execute<unknown>('query-nothing', { x: 1 })).toEqual([{ x: 1 }]);
    qemu.handle('query-nothing', () => {
      throw new FakeCommandError('DeviceNotActive', 'no');
    });
    expect(await failure(connection.execute('query-nothing'))).toMatchObject({
      errorClass: 'DeviceNotActive',
    });
    qemu.handle('query-nothing', null);
    expect(await failure(connection.execute('query-nothing'))).toMatchObject({
      errorClass: 'CommandNotFound',
    });
  });
});

describe('ends', () => {
  test('kill leaves the socket file: connecting is refused', async () => {
    const qemu = await start();
    const { log } = await ready(qemu.address);
    qemu.kill();
    await until('closed', () => log.length > 0);
    expect(log).toEqual(['close']);
    expect(await failure(connect(qemu.address))).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('terminate says SHUTDOWN and removes the socket file', async () => {
    const qemu = await start();
    const { log } = await ready(qemu.address);
    await qemu.terminate();
    await until('closed', () => log.includes('close'));
    expect(log).toEqual(['SHUTDOWN', 'close']);
    expect(await failure(connect(qemu.address))).toMatchObject({ code: 'ENOENT' });
  });

  test('restart is a new process at the same path, with a new inode', async () => {
    const qemu = await start();
    const first = await ready(qemu.address);
    const before = statSync(qemu.path).ino;
    await first.connection.execute('stop');
    await qemu.restart();
    expect(statSync(qemu.path).ino).not.toBe(before);
    const { connection } = await ready(qemu.address);
    expect(await connection.execute('query-status')).toMatchObject({ status: 'running' });
    await until('closed', () => first.log.includes('close'));
  });

  test('a hung one accepts connections and is silent; resumed, it goes on where it was', async () => {
    const qemu = await start();
    const { connection, log } = await ready(qemu.address);
    qemu.hang();
    const reply = connection.execute('query-status');
    qemu.emit('LATER');
    const second = await raw(qemu.address);
    await settle(50);
    expect([log, second.text(), qemu.received.length]).toEqual([[], '', 1]);
    qemu.resume();
    expect(await reply).toMatchObject({ status: 'running' });
    expect(log).toEqual(['LATER']);
    connection.close();
    await until('greeted', () => second.text().includes('QMP'));
  });

  test('close leaves no socket, file, timer or connection behind; twice is fine', async () => {
    await settle();
    const sockets = (): string[] =>
      process.getActiveResourcesInfo().filter((name) => /Pipe|TCP|Immediate/.test(name));
    const before = sockets();
    const loop = new ManualLoop();
    const runtime = createNodeRuntime(loop);
    const qemu = await FakeQemu.start({ monitors: 2, devices: ['d'], runtime });
    const { connection } = await ready(qemu.address);
    await connection.execute('device_del', { id: 'd' });
    qemu.faults.delayReply('query-status', 1_000_000);
    const reply = failure(connection.execute('query-status'));
    await until('received', () => qemu.received.length === 3);
    expect(loop.pendingTimeouts).toBe(1);
    const { path } = qemu;
    await qemu.close();
    await qemu.close();
    expect(await reply).toMatchObject({ code: 'ERR_COMMAND_INTERRUPTED' });
    expect(existsSync(path)).toBe(false);
    await settle();
    expect(sockets()).toEqual(before);
    expect(loop.pendingTimeouts).toBe(0);
    expect(await failure(qemu.restart())).toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('a path that no socket can have, or without a directory, is a TypeError', async () => {
    expect(await failure(FakeQemu.start({ path: `/tmp/${'x'.repeat(200)}` }))).toBeInstanceOf(TypeError);
    expect(await failure(FakeQemu.start({ path: '/nowhere/at/all' }))).toBeInstanceOf(TypeError);
  });
});

describe('faults', () => {
  test('refuse: connecting is refused, who is connected stays', async () => {
    const qemu = await start();
    const { connection } = await ready(qemu.address);
    await qemu.faults.refuse();
    expect(await failure(connect(qemu.address))).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await connection.execute('query-status')).toMatchObject({ status: 'running' });
    await qemu.faults.refuse(false);
    connection.close();
    await ready(qemu.address);
  });

  test('closeAfterBytes: the connection ends after any byte of output', async () => {
    const qemu = await start();
    const whole = await raw(qemu.address);
    await until('greeting', () => whole.text().includes('\n'));
    whole.socket.destroy();
    const { length } = whole.text();
    for (let bytes = 0; bytes < length; bytes++) {
      qemu.faults.closeAfterBytes(bytes);
      const client = await raw(qemu.address);
      await until('ended', client.ended);
      expect(client.text()).toBe(whole.text().slice(0, bytes));
    }
    await ready(qemu.address);
  });

  test.each([1, 7, 100_000])(
    'chunk: output comes in pieces of %i bytes, and means the same',
    async (bytes) => {
      const qemu = await start();
      qemu.faults.chunk(bytes);
      const { connection, log } = await ready(qemu.address);
      qemu.emit('A');
      qemu.emit('B');
      expect(await connection.execute('stop')).toEqual({});
      expect(log).toEqual(['A', 'B', 'STOP']);
    },
  );

  test('delayReply: until a promise settles; what follows waits, out-of-band does not', async () => {
    const qemu = await start();
    const { connection } = await ready(qemu.address);
    let go = (): void => {};
    qemu.faults.delayReply('query-name', new Promise<void>((resolve) => (go = resolve)));
    const order: string[] = [];
    const first = connection.execute('query-name').then(() => order.push('query-name'));
    const second = connection.execute('query-uuid').then(() => order.push('query-uuid'));
    await failure(connection.execute('query-yank', {}, { oob: true }));
    expect(order).toEqual([]);
    go();
    await Promise.all([first, second]);
    expect(order).toEqual(['query-name', 'query-uuid']);
  });

  test('delayReply: for milliseconds', async () => {
    const qemu = await start();
    const { connection } = await ready(qemu.address);
    qemu.faults.delayReply('query-name', 20);
    expect(await failure(connection.execute('query-name', {}, { timeoutMs: 5 }))).toMatchObject({
      code: 'ERR_COMMAND_TIMEOUT',
    });
    await until('late', () => connection.lateReplies === 1);
  });

  test('dropReply: carried out, not answered, once', async () => {
    const qemu = await start();
    const { connection, log } = await ready(qemu.address);
    qemu.faults.dropReply('stop');
    expect(await failure(connection.execute('stop', {}, { timeoutMs: 20 }))).toMatchObject({
      code: 'ERR_COMMAND_TIMEOUT',
    });
    expect(log).toEqual(['STOP']);
    await connection.execute('cont');
    await connection.execute('stop');
  });

  test('rubbish and a false greeting are written as they are', async () => {
    const qemu = await start();
    const { log } = await ready(qemu.address);
    qemu.faults.rubbish('not JSON\n');
    await until('closed', () => log.length > 0);
    expect(log).toEqual(['close ERR_PARSE']);
    qemu.faults.greeting('SSH-2.0\r\n');
    const { connection } = await connect(qemu.address);
    expect(await failure(connection.greet())).toMatchObject({ code: 'ERR_GREETING' });
    qemu.faults.greeting(null);
    const silent = await connect(qemu.address, { greetingTimeoutMs: 20 });
    expect(await failure(silent.connection.greet())).toMatchObject({ code: 'ERR_GREETING' });
    qemu.faults.clear();
    await ready(qemu.address);
  });

  test('duplicateEvents: each event comes twice', async () => {
    const qemu = await start();
    const { connection, log } = await ready(qemu.address);
    qemu.faults.duplicateEvents();
    await connection.execute('stop');
    expect(log).toEqual(['STOP', 'STOP']);
  });

  test('dieAt before-reply: the effect is seen, the reply is not', async () => {
    const qemu = await start();
    const { connection, log } = await ready(qemu.address);
    qemu.faults.dieAt('stop');
    expect(await failure(connection.execute('stop'))).toMatchObject({ code: 'ERR_COMMAND_INTERRUPTED' });
    expect(log).toEqual(['STOP', 'close']);
    expect(qemu.alive).toBe(false);
    expect(await failure(connect(qemu.address))).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('dieAt after-reply: the reply comes, then the end', async () => {
    const qemu = await start();
    const { connection, log } = await ready(qemu.address);
    qemu.faults.dieAt('stop', 'after-reply');
    await connection.execute('stop');
    await until('closed', () => log.includes('close'));
    expect(log).toEqual(['STOP', 'close']);
  });

  test('once: a test acts exactly when a command comes, before it is carried out', async () => {
    const qemu = await start();
    const { connection, log } = await ready(qemu.address);
    qemu.faults.once('query-status', async ({ command, id }) => {
      expect([command, typeof id]).toEqual(['query-status', 'string']);
      await settle(3);
      qemu.emit('HERE');
    });
    await connection.execute('query-status');
    expect(log).toEqual(['HERE']);
    qemu.faults.once('query-status', () => qemu.kill());
    expect(await failure(connection.execute('query-status'))).toMatchObject({
      code: 'ERR_COMMAND_INTERRUPTED',
    });
  });

  test('who does not read is cut off at 64 MiB', async () => {
    const qemu = await start();
    const client = await raw(qemu.address);
    client.socket.write('{"execute":"qmp_capabilities"}\n');
    await until('negotiated', () => client.text().includes('return'));
    client.socket.pause();
    for (let i = 0; i < 70 && qemu.connections > 0; i++) qemu.emit('BIG', { text: 'x'.repeat(1024 * 1024) });
    await until('cut off', () => qemu.connections === 0);
  });
});
