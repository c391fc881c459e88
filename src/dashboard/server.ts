/** The HTTP server: who may ask, what there is to ask for, and nothing else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ListenError, messageOf, StateError } from '../errors.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import type { Assets } from './assets.ts';
import { type Controlled, control } from './control.ts';
import type { Feed } from './feed.ts';
import { Guard, inUrl, securityHeaders, urlOf } from './guard.ts';
import type { CheckedOptions, Listen } from './options.ts';
import { Reader } from './reader.ts';

/**
 * It serves until it is closed.
 *
 * @public
 */
export interface Dashboard extends AsyncDisposable {
  /** Where the page is, as `http://127.0.0.1:40123/`; with `?token=…`, if there is one. */
  readonly url: string;
  /** Ends all streams, and calls that were asked for by the page. A second call waits for the first. */
  close(): Promise<void>;
}

/** What is served. */
export interface Served {
  readonly feed: Feed;
  readonly assets: Assets;
  readonly loop: EventLoop;
  readonly server: string;
  /** The last messages of a domain, and its name; null if there is no such domain. */
  recordingOf(key: string): { readonly name: string; readonly text: string } | null;
  domainOf(key: string): Controlled | undefined;
  /** At the end, before the streams end: lets go of what fills the feed. */
  release(): void;
}

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

/** By the way that leads there. Each answers GET and HEAD. */
interface Route {
  readonly methods: readonly string[];
  readonly answer: Answer;
}

const REQUEST_MS = 10_000;
const KEEP_ALIVE_MS = 5000;
const MAX_HEADER_BYTES = 16 * 1024;
/** Besides those that read the stream. */
const MAX_OTHER_CONNECTIONS = 64;

export class DashboardServer implements Dashboard {
  readonly #served: Served;
  readonly #options: CheckedOptions;
  readonly #http: Server;
  readonly #readers = new Set<Reader>();
  readonly #closing = new AbortController();
  #guard: Guard;
  #url = '';
  #closed: Promise<void> | null = null;

  constructor(served: Served, options: CheckedOptions) {
    this.#served = served;
    this.#options = options;
    this.#guard = new Guard(options.listen, options.token);
    this.#http = createServer(
      {
        requestTimeout: REQUEST_MS,
        headersTimeout: REQUEST_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: KEEP_ALIVE_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#http.maxConnections = options.limits.readers + MAX_OTHER_CONNECTIONS;
  }

  get url(): string {
    return this.#url;
  }

  /** @throws ListenError; StateError if it is closed meanwhile; it is closed then */
  async listen(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #listen(): Promise<void> {
    const { listen, token } = this.#options;
    const { signal } = this.#closing;
    const closed = new StateError('the dashboard is closed', { code: 'ERR_CLOSED' });
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(closed));
      this.#http.once('error', (error) =>
        reject(
          new ListenError(`cannot listen on ${inUrl(listen.host)}:${listen.port}: ${messageOf(error)}`, {
            cause: error,
          }),
        ),
      );
      this.#http.listen({ ...listen, signal }, () => resolve());
    });
    const bound = this.#http.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port;
    const listening: Listen = { host: listen.host, port };
    this.#guard = new Guard(listening, token);
    this.#url = urlOf(listening, token);
    // One connection that cannot be accepted is no end of the others.
    this.#http.on('error', () => {});
  }

  async #end(): Promise<void> {
    this.#served.release();
    this.#closing.abort();
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    // Who asks may leave at any time.
    response.on('error', () => {});
    try {
      await this.#route(request, response);
    } catch (error) {
      if (!response.headersSent) say(response, 500, messageOf(error));
      else response.destroy();
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#guard.refuse(request);
    if (refusal !== null) return say(response, refusal.status, refusal.why);
    const url = parseUrl(request.url);
    if (url === null) return say(response, 400, 'this is not an address');
    if (this.#takeToken(response, url)) return;
    if (!this.#guard.knowsToken(request)) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      return say(response, 401, 'open the address with its token, as it was printed');
    }
    const route = this.#routeOf(url.pathname);
    if (route === null) return say(response, 404, 'there is nothing here');
    if (!route.methods.includes(request.method ?? '')) {
      response.setHeader('Allow', route.methods.join(', '));
      return say(response, 405, `expected ${route.methods.join(' or ')}`);
    }
    await route.answer(request, response, url);
  }

  /** The token of an address becomes a cookie, and leaves the address. */
  #takeToken(response: ServerResponse, url: URL): boolean {
    const token = url.pathname === '/' ? url.searchParams.get('token') : null;
    if (token === null || !this.#guard.isToken(token)) return false;
    response.writeHead(303, { Location: '/', 'Set-Cookie': this.#guard.cookieOf(token) });
    response.end();
    return true;
  }

  #routeOf(path: string): Route | null {
    const get = (answer: Answer): Route => ({ methods: ['GET', 'HEAD'], answer });
    if (path === '/stream') return get((request, response) => this.#stream(request, response));
    if (path === '/recording') return get((_, response, url) => this.#recording(response, url));
    if (path === '/control')
      return { methods: ['POST'], answer: (request, response) => this.#control(request, response) };
    const asset = this.#served.assets.get(path);
    return asset === undefined ? null : get((_, response) => send(response, asset.type, asset.body));
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    if (this.#readers.size >= this.#options.limits.readers)
      return say(response, 503, 'as many read already as may');
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    if (request.method === 'HEAD') return void response.end();
    const { feed, loop, server } = this.#served;
    const { bufferBytes } = this.#options.limits;
    const lastEventId = request.headers['last-event-id'];
    const id = typeof lastEventId === 'string' ? lastEventId : undefined;
    const reader = new Reader(response, { feed, loop, server, bufferBytes, lastEventId: id });
    this.#readers.add(reader);
    response.on('close', () => this.#readers.delete(reader));
  }

  #recording(response: ServerResponse, url: URL): void {
    const recording = this.#served.recordingOf(url.searchParams.get('key') ?? '');
    if (recording === null) return say(response, 404, 'there is no such domain, or it is a replay');
    const file = recording.name.replace(/[^\w.-]/g, '_').slice(0, 100);
    response.setHeader('Content-Disposition', `attachment; filename="${file}.qmp.jsonl"`);
    send(response, 'application/jsonl; charset=utf-8', recording.text);
  }

  async #control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A browser always says which page it is that posts.
    if (!this.#options.allowControl || request.headers.origin === undefined)
      return sendJson(response, 403, {
        code: 'ERR_STATE',
        message: this.#options.allowControl ? 'no Origin' : 'this dashboard is read-only',
      });
    const { status, body } = await control(request, this.#served.domainOf, this.#closing.signal);
    sendJson(response, status, body);
  }
}

/** @returns null if it is none; only its path and query are looked at */
function parseUrl(text: string | undefined): URL | null {
  if (text?.startsWith('/') !== true) return null;
  try {
    return new URL(`http://localhost${text}`);
  } catch {
    return null;
  }
}

/** Of HEAD, Node sends the head alone. */
function send(response: ServerResponse, type: string, body: string | Buffer): void {
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  closeUnread(response);
  response.statusCode = status;
  send(response, 'application/json; charset=utf-8', JSON.stringify(body));
}

function say(response: ServerResponse, status: number, text: string): void {
  closeUnread(response);
  response.statusCode = status;
  send(response, 'text/plain; charset=utf-8', `${text}\n`);
}

/** What was not read of a request is not waited for. */
function closeUnread(response: ServerResponse): void {
  if (!response.req.complete) response.setHeader('Connection', 'close');
}
