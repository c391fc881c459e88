/** A reader of a dashboard's stream: keeps what it is told, as the page does. */
import { get, type IncomingMessage } from 'node:http';
import type { Base, Counter, DomainView, Item, Update } from '../../src/dashboard/protocol.ts';

export class StreamReader {
  readonly domains = new Map<string, DomainView>();
  readonly counters = new Map<string, Counter>();
  /** All that came, the last `keep`. */
  readonly items: Item[] = [];
  bases = 0;
  updates = 0;
  lost = 0;
  lastEventId = '';
  base: Base | null = null;
  ended = false;
  readonly #response: IncomingMessage;
  readonly #keep: number;
  readonly #waiters = new Set<() => void>();
  #text = '';

  /** @param headers - `Last-Event-ID`, for one that comes back */
  static open(url: string, headers: Record<string, string> = {}, keep = 100_000): Promise<StreamReader> {
    return new Promise((resolve, reject) => {
      const request = get(new URL('/stream', url), { headers, agent: false }, (response) => {
        if (response.statusCode === 200) resolve(new StreamReader(response, keep));
        else reject(new Error(`${response.statusCode}`));
      });
      request.on('error', reject);
    });
  }

  private constructor(response: IncomingMessage, keep: number) {
    this.#response = response;
    this.#keep = keep;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#take(text));
    response.on('error', () => {});
    response.on('close', () => {
      this.ended = true;
      this.#tell();
    });
  }

  /** By its name. */
  domain(name: string): DomainView {
    const found = [...this.domains.values()].find((domain) => domain.name === name);
    if (found === undefined) throw new Error(`no domain ${name}`);
    return found;
  }

  /** Lines of one kind. */
  lines<K extends Item['line']['kind']>(kind: K): Extract<Item['line'], { kind: K }>[] {
    const lines = this.items.map(({ line }) => line);
    return lines.filter((line) => line.kind === kind) as Extract<Item['line'], { kind: K }>[];
  }

  /** Waits; the test's own time-out bounds it. */
  until(satisfied: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!satisfied()) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }

  /** Takes nothing more from the socket, until `resume()`. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  close(): void {
    this.#response.destroy();
  }

  #take(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
      const block = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      this.#event(new Map(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string])));
    }
    this.#tell();
  }

  #event(fields: ReadonlyMap<string, string>): void {
    const [type, data] = [fields.get('event'), fields.get('data')];
    if (data === undefined) return;
    this.lastEventId = fields.get('id') ?? this.lastEventId;
    const told = JSON.parse(data) as Base | Update;
    if (type === 'base') {
      this.bases += 1;
      this.base = told as Base;
      this.domains.clear();
      this.items.length = 0;
    } else {
      const { gone, lost } = told as Update;
      this.updates += 1;
      this.lost += lost;
      for (const key of gone) this.domains.delete(key);
    }
    for (const domain of told.domains) this.domains.set(domain.key, domain);
    for (const counter of told.counters) this.counters.set(`${counter.reason} ${counter.event}`, counter);
    this.items.push(...told.items);
    if (this.items.length > this.#keep) this.items.splice(0, this.items.length - this.#keep);
  }

  #tell(): void {
    for (const check of [...this.#waiters]) check();
  }
}
