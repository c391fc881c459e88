/**
 * A server of the dashboard's page that says what a test wants it to say, odd things included. It serves the page from
 * its sources, under the policy of the real server.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import ts from '@typescript/typescript6';
import type { Base, Update } from '../../../src/dashboard/protocol.ts';

const POLICY = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'",
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "require-trusted-types-for 'script'; trusted-types lit-html",
].join('; ');

const pageFolder = fileURLToPath(new URL('../../../src/dashboard/page/', import.meta.url));
const litFolder = fileURLToPath(new URL('.', import.meta.resolve('lit-html')));

/** As the real ones are: groups of a box, a name, ways; a compound state beside those in it. */
const CHART = `<svg xmlns="http://www.w3.org/2000/svg" width="460" height="200" viewBox="0 0 460 200" class="statechart">
<title>domain</title>
${[
  ['active', 150, 10, 300, 180, 'outer'],
  ['active.running', 170, 40, 100, 40, ''],
  ['active.paused', 330, 120, 100, 40, ''],
  ['active.crashed', 170, 140, 100, 40, ''],
  ['shutoff', 10, 80, 90, 40, ''],
]
  .map(
    ([path, x, y, width, height, kind]) =>
      `<g class="state ${kind}" data-state="${path}"><rect class="box" x="${x}" y="${y}" width="${width}" height="${height}"/>` +
      `<text class="name" x="${Number(x) + 6}" y="${Number(y) + 18}">${String(path).split('.').at(-1)}</text></g>`,
  )
  .join('\n')}
${[
  ['active.running', 'active.paused', 'M270 60 H380 V120'],
  ['active.paused', 'active.running', 'M330 130 H220 V80'],
  ['active', 'shutoff', 'M150 100 H100'],
  ['active', 'active.crashed', 'M150 160 H170', 'active: qemu.GUEST_PANICKED'],
  ['active', 'active', 'M300 10 V30', 'active.running: monitor.ready [0]\nactive.paused: monitor.ready [0]'],
  ['shutoff', 'active.running', 'M60 80 V30 H200 V40'],
]
  .map(
    ([from, to, way, title = '']) =>
      `<g class="transition" data-from="${from}" data-to="${to}"><title>${title}</title><path class="way" d="${way}"/></g>`,
  )
  .join('\n')}
</svg>`;

export interface Asked {
  readonly path: string;
  readonly lastEventId: string | undefined;
  readonly body: string;
}

const empty = (server: string): Base => ({
  seq: 0,
  server,
  readOnly: true,
  replay: null,
  domains: [],
  counters: [],
  items: [],
});

export class ScriptedServer implements AsyncDisposable {
  /** All requests but those for files, in order. */
  readonly asked: Asked[] = [];
  /** What `/control` answers. */
  control: { status: number; body: unknown } = { status: 200, body: {} };
  /** What `/charts/…` answers; null: 404. */
  chart: string | null = CHART;
  /** `/stream` is refused in a way that browsers take as final. */
  refuse = false;
  /** What whoever comes anew is told. */
  base: Base = empty('first');
  readonly #readers = new Set<ServerResponse>();
  #server: Server | null = null;
  #port = 0;

  static async start(base: Partial<Base> = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    server.base = { ...server.base, ...base };
    await server.listen();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Tells the readers what is new, and later ones too. */
  send(update: Partial<Update>): void {
    const { items = [], domains = [], gone = [], counters = [], lost = 0 } = update;
    const seq = update.seq ?? items.at(-1)?.seq ?? this.base.seq;
    const whole: Update = { seq, items, domains, gone, counters, lost };
    const changed = new Map(domains.map((view) => [view.key, view]));
    const kept = this.base.domains.filter(({ key }) => !changed.has(key) && !gone.includes(key));
    this.base = {
      ...this.base,
      seq,
      domains: [...kept, ...domains],
      items: [...this.base.items, ...items],
    };
    for (const reader of this.#readers) this.#tell(reader, 'update', whole);
  }

  /** Tells the readers something that is not what it should be. */
  sendRaw(event: string, data: string): void {
    for (const reader of this.#readers) reader.write(`event: ${event}\ndata: ${data}\n\n`);
  }

  /** Ends the streams; it can be reached again at once. */
  drop(): void {
    for (const reader of this.#readers) reader.destroy();
    this.#readers.clear();
  }

  /** Goes away, and cannot be reached. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.drop();
    server?.closeAllConnections();
    server?.close();
    if (server !== null) await once(server, 'close');
  }

  /** Comes back on the same port. @param base - what it says then; without: the same as before */
  async listen(base: Base = this.base): Promise<void> {
    this.base = base;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Another server in the place of this one, which knows nothing of before. */
  async restart(base: Partial<Base> = {}): Promise<void> {
    await this.stop();
    await this.listen({ ...empty('second'), ...base });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #tell(reader: ServerResponse, event: string, data: Base | Update): void {
    reader.write(
      `id: ${this.base.server}-${this.base.seq}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
    );
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    response.setHeader('content-security-policy', POLICY);
    response.setHeader('cache-control', 'no-store');
    if (path === '/' || path.startsWith('/assets/')) return this.#serve(path, response);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const lastEventId = request.headers['last-event-id'];
    this.asked.push({
      path,
      lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
      body: Buffer.concat(chunks).toString(),
    });
    if (path === '/stream' && this.refuse) return void response.writeHead(503).end();
    if (path === '/stream') return this.#stream(response, this.asked.at(-1)?.lastEventId);
    if (path === '/control') {
      response.writeHead(this.control.status, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify(this.control.body));
    }
    const isThere = path.startsWith('/charts/') && this.chart !== null;
    response.writeHead(isThere ? 200 : 404, { 'content-type': isThere ? 'image/svg+xml' : 'text/plain' });
    response.end(isThere ? this.chart : '');
  }

  #stream(response: ServerResponse, lastEventId: string | undefined): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    // The browser tries again soon.
    response.write('retry: 50\n\n');
    this.#readers.add(response);
    response.on('close', () => this.#readers.delete(response));
    const [server, seq] = (lastEventId ?? '').split('-');
    const { base } = this;
    if (server !== base.server) return this.#tell(response, 'base', base);
    const items = base.items.filter((item) => item.seq > Number(seq));
    const update = { seq: base.seq, domains: base.domains, gone: [], counters: [], items, lost: 0 };
    this.#tell(response, 'update', update);
  }

  async #serve(path: string, response: ServerResponse): Promise<void> {
    const type = path === '/' ? 'text/html' : path.endsWith('.css') ? 'text/css' : 'text/javascript';
    response.setHeader('content-type', `${type}; charset=utf-8`);
    response.end(await fileOf(path));
  }
}

const files = new Map<string, Promise<string>>();

function fileOf(path: string): Promise<string> {
  const file = files.get(path) ?? readAsset(path);
  files.set(path, file);
  return file;
}

async function readAsset(path: string): Promise<string> {
  if (path === '/') return readFile(`${pageFolder}index.html`, 'utf8');
  const name = path.slice('/assets/'.length);
  const lit = /^lit-html\/(.*)$/.exec(name)?.[1];
  if (lit !== undefined) return readFile(`${litFolder}${lit}`, 'utf8');
  if (name.endsWith('.css')) return readFile(`${pageFolder}${name}`, 'utf8');
  const source = await readFile(`${pageFolder}${name.replace(/\.js$/, '.ts')}`, 'utf8');
  return ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  }).outputText;
}
