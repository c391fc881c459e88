/** Who may not see or do what (docs/dashboard.md), tried against a running server. */
import { createConnection, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Dashboard, DashboardOptions } from '../../../src/dashboard/index.ts';
import { type Driver, ListenError, openDriver } from '../../../src/index.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { ask } from '../../support/ask.ts';
import { StreamReader } from '../../support/stream-reader.ts';

const TOKEN = 'correct-horse-battery-staple';

async function open(
  options: DashboardOptions = {},
): Promise<{ driver: Driver; dashboard: Dashboard; url: string }> {
  const driver = await openDriver();
  onTestFinished(() => driver.close());
  const dashboard = await driver.dashboard(options);
  return { driver, dashboard, url: dashboard.url };
}

async function openControlled(): Promise<{ qemu: FakeQemu; driver: Driver; url: string; origin: string }> {
  const qemu = await FakeQemu.start({ name: 'web1' });
  onTestFinished(() => qemu.close());
  const { driver, url } = await open({ allowControl: true });
  await driver.attach({ monitor: qemu.path, control: true });
  return { qemu, driver, url, origin: new URL(url).origin };
}

const json = { 'Content-Type': 'application/json' };
const post = (url: string, body: unknown, headers: Record<string, string> = json) =>
  ask(url, '/control', { method: 'POST', headers, body: JSON.stringify(body) });

describe('where it listens', () => {
  test('is loopback, unless something else is said', async () => {
    const { url } = await open();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  test.each(['0.0.0.0:0', '192.0.2.1:8026', '[::]:0', 'example.org:80'])(
    'is not %s without a token: a TypeError',
    async (listen) => {
      await expect(open({ listen })).rejects.toThrow(TypeError);
      await expect(open({ listen })).rejects.toThrow('needs a token');
    },
  );

  test.each(['localhost:0', '127.0.0.2:0', '[::1]:0'])('is %s without one', async (listen) => {
    const { url } = await open({ listen });
    expect((await ask(url, '/')).status).toBe(200);
  });

  test('is nobody else’s: a port in use is a ListenError with the system’s error', async () => {
    const { url } = await open();
    const { port } = new URL(url);
    const second = open({ listen: `127.0.0.1:${port}` });
    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toMatchObject({ code: 'ERR_LISTEN', cause: { code: 'EADDRINUSE' } });
  });

  test.each([
    [{ listen: '127.0.0.1' }, "listen: expected an address as '127.0.0.1:8026'"],
    [{ listen: '127.0.0.1:70000' }, 'listen: expected'],
    [{ listen: 7 as never }, 'listen: expected'],
    [{ token: 'short' }, 'token: expected'],
    [{ token: 'with spaces and; more of it' }, 'token: expected'],
    [{ limits: { readers: 0 } }, 'readers: expected a whole number above 0'],
    [{ limits: { readres: 1 } as never }, 'limits: expected items'],
    [{ port: 1 } as never, 'dashboard: expected listen'],
    [{ allowControl: 'yes' as never }, 'allowControl: expected a boolean'],
    [null as never, 'dashboard: expected an object'],
  ])('and how is checked: %j', async (options, message) => {
    await expect(open(options)).rejects.toThrow(TypeError);
    await expect(open(options)).rejects.toThrow(message);
  });

  test('a token that is refused is not repeated', async () => {
    await expect(open({ token: 'geheim, geheim, geheim' })).rejects.not.toThrow('geheim');
  });
});

describe('a name that is not the server’s (DNS rebinding)', () => {
  const names = (port: string) => [
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    'localhost',
    `localhost:${Number(port) + 1}`,
    `192.168.0.1:${port}`,
  ];

  test('is answered by 421 on every path, and nothing else', async () => {
    const { url } = await open();
    for (const host of names(new URL(url).port))
      for (const path of ['/', '/stream', '/assets/main.js', '/recording?key=domain-1', '/nothing']) {
        const { status, body } = await ask(url, path, { headers: { Host: host } });
        expect([host, path, status, body]).toEqual([host, path, 421, 'this is not a name of this server\n']);
      }
  });

  test('but localhost, 127.0.0.1 and [::1] are', async () => {
    const { url } = await open();
    const { port } = new URL(url);
    for (const name of ['localhost', 'LOCALHOST', '127.0.0.1', '[::1]'])
      expect((await ask(url, '/', { headers: { Host: `${name}:${port}` } })).status).toBe(200);
  });

  test('where it listens on all addresses, the one that was reached is, and no name', async () => {
    const { url } = await open({ listen: '0.0.0.0:0', token: TOKEN });
    const { port } = new URL(url);
    const headers = (host: string) => ({ Host: `${host}:${port}`, Authorization: `Bearer ${TOKEN}` });
    const reached = `http://127.0.0.3:${port}/`;
    expect((await ask(reached, '/', { headers: headers('127.0.0.3') })).status).toBe(200);
    expect((await ask(reached, '/', { headers: headers('127.0.0.4') })).status).toBe(421);
    expect((await ask(reached, '/', { headers: headers('evil.example') })).status).toBe(421);
  });
});

describe('another page', () => {
  test.each(['http://evil.example', 'null', 'https://127.0.0.1', 'http://127.0.0.1:1'])(
    'with Origin %s gets 403, and no stream',
    async (origin) => {
      const { url } = await open();
      for (const path of ['/', '/stream', '/recording?key=domain-1', '/charts/domain.svg'])
        expect((await ask(url, path, { headers: { Origin: origin } })).status).toBe(403);
    },
  );

  test('cannot post, nor be allowed to: no CORS header is ever sent', async () => {
    const { url, qemu } = await openControlled();
    const body = { key: 'domain-1', operation: 'suspend' };
    const evil = { ...json, Origin: 'http://evil.example' };
    expect((await post(url, body, evil)).status).toBe(403);
    const preflight = await ask(url, '/control', {
      method: 'OPTIONS',
      headers: { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.status).toBe(403);
    expect(Object.keys(preflight.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(qemu.status).toBe('running');
  });
});

describe('a token', () => {
  test('is asked for by every path', async () => {
    const { url } = await open({ token: TOKEN });
    for (const path of [
      '/',
      '/stream',
      '/assets/main.js',
      '/charts/domain.svg',
      '/recording?key=x',
      '/nothing',
    ])
      expect([path, (await ask(url, path)).status]).toEqual([path, 401]);
    expect((await ask(url, '/control', { method: 'POST' })).status).toBe(401);
  });

  test('is given once in the address of the page, which then has a cookie that no script can read', async () => {
    const { url } = await open({ token: TOKEN });
    const { port } = new URL(url);
    expect(url).toBe(`http://127.0.0.1:${port}/?token=${TOKEN}`);
    const first = await ask(url, `/?token=${TOKEN}`);
    expect(first).toMatchObject({ status: 303, headers: { location: '/' } });
    const [cookie = ''] = first.headers['set-cookie'] ?? [];
    expect(cookie).toBe(`qemu-actors-${port}=${TOKEN}; Path=/; HttpOnly; SameSite=Strict`);
    const [pair = ''] = cookie.split(';');
    expect((await ask(url, '/', { headers: { Cookie: `other=1; ${pair}` } })).status).toBe(200);
  });

  test('is taken from an Authorization header too', async () => {
    const { url } = await open({ token: TOKEN });
    expect((await ask(url, '/', { headers: { Authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
  });

  test.each([
    ['another', `${TOKEN}x`],
    ['its beginning', TOKEN.slice(0, -1)],
    ['none', ''],
  ])('that is %s opens nothing', async (_, token) => {
    const { url } = await open({ token: TOKEN });
    const { port } = new URL(url);
    expect((await ask(url, `/?token=${token}`)).status).toBe(401);
    expect((await ask(url, '/', { headers: { Authorization: `Bearer ${token}` } })).status).toBe(401);
    expect((await ask(url, '/', { headers: { Cookie: `qemu-actors-${port}=${token}` } })).status).toBe(401);
    expect((await ask(url, `/stream?token=${TOKEN}`)).status).toBe(401);
  });

  test("'auto' is made anew for each dashboard, and is long", async () => {
    const [one, other] = [await open({ token: 'auto' }), await open({ token: 'auto' })];
    const tokens = [one, other].map(({ url }) => new URL(url).searchParams.get('token') ?? '');
    expect(tokens[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(tokens[0]).not.toBe(tokens[1]);
  });
});

describe('every answer', () => {
  test('has the headers that keep a browser from doing more with it', async () => {
    const { url } = await open();
    const asked: [string, string][] = [
      ['GET', '/'],
      ['HEAD', '/'],
      ['GET', '/assets/main.js'],
      ['GET', '/nothing'],
      ['PUT', '/'],
      ['POST', '/control'],
      ['HEAD', '/stream'],
    ];
    for (const [method, path] of asked) {
      const { headers } = await ask(url, path, { method });
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      });
      const policy = String(headers['content-security-policy']);
      expect(policy.split('; ')).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        'trusted-types lit-html',
      ]);
    }
  });

  test('to HEAD has no body; another method is 405 with those that are allowed', async () => {
    const { url } = await open();
    const [head, get] = [await ask(url, '/', { method: 'HEAD' }), await ask(url, '/')];
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
    expect(await ask(url, '/', { method: 'DELETE' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
    expect(await ask(url, '/control')).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });
});

describe('no address reaches the file system', () => {
  test.each([
    '/assets/../server.js',
    '/assets/..%2f..%2fserver.js',
    '/assets/%2e%2e/server.js',
    '/assets/....//server.js',
    '/assets//etc/passwd',
    '/assets/lit-html/../package.json',
    '/assets/lit-html/package.json',
    '/assets/__proto__',
    '/charts/../../package.json',
    '/charts/nothing.svg',
    '/charts/__proto__.svg',
    '/index.html%00.js',
    '/server.js',
    '//assets/main.js',
    '/%',
  ])('%s is 404', async (path) => {
    const { url } = await open();
    expect((await ask(url, path)).status).toBe(404);
  });

  test('what is no path at all is 400', async () => {
    const { url } = await open();
    expect((await ask(url, 'http://evil.example/')).status).toBe(400);
    expect((await ask(url, '*', { method: 'OPTIONS' })).status).toBe(400);
  });
});

describe('control', () => {
  test('changes a domain that was attached for it', async () => {
    const { qemu, url, origin } = await openControlled();
    const headers = { ...json, Origin: origin };
    const answer = await post(url, { key: 'domain-1', operation: 'suspend' }, headers);
    expect(answer).toMatchObject({ status: 200, body: '{}' });
    expect(qemu.status).toBe('paused');
  });

  test('is refused unless it was allowed', async () => {
    await using qemu = await FakeQemu.start();
    const { driver, url } = await open();
    await driver.attach({ monitor: qemu.path, control: true });
    const headers = { ...json, Origin: new URL(url).origin };
    const answer = await post(url, { key: 'domain-1', operation: 'suspend' }, headers);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toEqual({ code: 'ERR_STATE', message: 'this dashboard is read-only' });
    expect(qemu.status).toBe('running');
  });

  test('of a domain that is only observed is refused with the error of the API', async () => {
    await using qemu = await FakeQemu.start();
    const { driver, url } = await open({ allowControl: true });
    await driver.attach({ monitor: qemu.path });
    const headers = { ...json, Origin: new URL(url).origin };
    const answer = await post(url, { key: 'domain-1', operation: 'suspend' }, headers);
    expect(answer.status).toBe(409);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'ERR_STATE' });
    expect(answer.body).toContain('is only observed');
    expect(qemu.status).toBe('running');
  });

  test.each<[string, number, Record<string, string>, unknown]>([
    ['without Origin', 403, json, { key: 'domain-1', operation: 'suspend' }],
    [
      'as text',
      415,
      { 'Content-Type': 'text/plain', Origin: 'OWN' },
      { key: 'domain-1', operation: 'suspend' },
    ],
    ['as a form', 415, { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'OWN' }, {}],
    ['of an unknown domain', 404, { ...json, Origin: 'OWN' }, { key: 'domain-9', operation: 'suspend' }],
    ['of another operation', 400, { ...json, Origin: 'OWN' }, { key: 'domain-1', operation: 'detach' }],
    [
      'of a member of objects',
      400,
      { ...json, Origin: 'OWN' },
      { key: 'domain-1', operation: 'constructor' },
    ],
    ['that is no object', 400, { ...json, Origin: 'OWN' }, 7],
    ['that is too long', 413, { ...json, Origin: 'OWN' }, { key: 'x'.repeat(2000), operation: 'suspend' }],
  ])('%s is %i', async (_, status, headers, body) => {
    const { qemu, url, origin } = await openControlled();
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value === 'OWN' ? origin : value]),
    );
    expect((await post(url, body, sent)).status).toBe(status);
    expect(qemu.status).toBe('running');
  });
});

describe('what is bounded', () => {
  test('the readers: one more gets 503, and one that leaves makes room', async () => {
    const { url } = await open({ limits: { readers: 2 } });
    const readers = [await StreamReader.open(url), await StreamReader.open(url)];
    await expect(StreamReader.open(url)).rejects.toThrow('503');
    readers[0]?.close();
    let third: StreamReader | null = null;
    while (third === null) third = await StreamReader.open(url).catch(() => null);
    third.close();
    readers[1]?.close();
  });

  test('the head of a request: 431', async () => {
    const { url } = await open();
    const { status } = await ask(url, '/', { headers: { Cookie: 'x'.repeat(20_000) } });
    expect(status).toBe(431);
  });

  test('bytes that are no HTTP: 400, and the connection is closed', async () => {
    const { url } = await open();
    const { port } = new URL(url);
    const answer = await new Promise<string>((resolve) => {
      const socket: Socket = createConnection({ host: '127.0.0.1', port: Number(port) });
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
      socket.on('error', () => {});
      socket.write('\\u0000\\u0001 QEMU\\r\\n\\r\\n');
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});

test('names and data of a guest are only ever JSON in the stream', async () => {
  const name = '</script><img src=x onerror=alert(1)>\u2028"';
  await using qemu = await FakeQemu.start({ name });
  const { driver, url } = await open();
  await driver.attach({ monitor: qemu.path });
  const raw = await new Promise<string>((resolve, reject) => {
    const { port } = new URL(url);
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (!text.includes('event: base') || !text.endsWith('\n\n\r\n')) return;
      socket.destroy();
      resolve(text);
    });
    socket.on('error', reject);
    socket.write(`GET /stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  });
  expect(raw).toContain('Content-Type: text/event-stream; charset=utf-8');
  const data = raw.split('\n').find((line) => line.startsWith('data: ')) ?? '';
  expect(JSON.parse(data.slice(6)).domains[0].name).toBe(name);
});
