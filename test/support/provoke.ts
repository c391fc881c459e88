/**
 * Ways to make a real QEMU send an event, and our driver as the observer that is told.
 *
 * The recipes were measured on QEMU 7.2 with TCG. Port writes by HMP are what a guest would do.
 */
import { spawnSync } from 'node:child_process';
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { domainEvents } from '../../src/events/domain-events.ts';
import {
  type AttachOptions,
  type Domain,
  type DomainEvent,
  type DomainInfo,
  type Driver,
  openDriver,
} from '../../src/index.ts';
import type { QmpEvent } from './harness-monitor.ts';
import type { Qemu } from './qemu.ts';
import { Seen } from './seen.ts';

/** A QEMU event as it came. */
export interface RawEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>> | null;
  /** One and the same on all monitors. */
  readonly timestamp: QmpEvent['timestamp'] | null;
}

/** A domain event without its domain: `['watchdog', { action: 'none' }]`, `['lifecycle', 'suspended paused']`. */
export type Told = readonly [type: string, args: unknown];

/** What an observer of one QEMU is told. Disposing closes its driver; QEMU goes on. */
export class Observer implements AsyncDisposable {
  readonly driver: Driver;
  readonly vm: Domain;
  readonly seen: Seen;
  readonly #qemu: Qemu;
  readonly #raw: RawEvent[] = [];
  readonly #waiters = new Set<() => void>();
  /** Where what is looked at begins, in each list. */
  #since = { sent: 0, raw: 0, seen: 0 };

  /** Attaches, and waits until the first look at QEMU is through. */
  static async attach(qemu: Qemu, options: Partial<AttachOptions> = {}): Promise<Observer> {
    const driver = await openDriver();
    try {
      const observer = new Observer(qemu, driver, await driver.attach({ monitor: qemu.path, ...options }));
      await observer.vm.info();
      observer.#since.sent = qemu.events().length;
      return observer;
    } catch (error) {
      await driver.close();
      throw error;
    }
  }

  private constructor(qemu: Qemu, driver: Driver, vm: Domain) {
    this.#qemu = qemu;
    this.driver = driver;
    this.vm = vm;
    this.seen = new Seen(driver);
    driver.on('monitor-event', ({ args }) => {
      this.#raw.push(args);
      for (const check of [...this.#waiters]) check();
    });
  }

  /** `running unknown`, `paused user`, … */
  get state(): string {
    const { state, reason } = this.vm.state;
    return `${state} ${reason}`;
  }

  /** Lets everything that is looked at begin here, once all that came so far is through. */
  async forget(): Promise<void> {
    await this.all();
    this.#since = {
      sent: this.#qemu.events().length,
      raw: this.#raw.length,
      seen: this.seen.all.length,
    };
  }

  /** Domain events; no reports. */
  get told(): Told[] {
    return this.#events()
      .filter(({ type }) => Object.hasOwn(domainEvents, type))
      .map(({ type, args }) => [
        type,
        'event' in args && 'detail' in args ? `${args.event} ${args.detail}` : args,
      ]);
  }

  /** Data of the QEMU events of this name, as they came to `monitor-event`. */
  raw(name: string): RawEvent['data'][] {
    return this.#rawEvents()
      .filter(({ event }) => event === name)
      .map(({ data }) => data);
  }

  /** Names of all QEMU events. */
  get rawNames(): string[] {
    return this.#rawEvents().map(({ event }) => event);
  }

  /** Names of those that were counted as `ignored-in-state`. */
  get ignored(): string[] {
    return this.#reports('drop')
      .filter(({ reason }) => reason === 'ignored-in-state')
      .map(({ event }) => event);
  }

  /** How the process events of a type ended: `done`, `ignored: no device x`. */
  outcomes(wanted: string): string[] {
    return this.#reports('outcome')
      .filter(({ type }) => type === wanted)
      .map(({ status, why }) => (why === undefined ? status : `${status}: ${why}`));
  }

  #events(): DomainEvent[] {
    return this.seen.all.slice(this.#since.seen);
  }

  #rawEvents(): RawEvent[] {
    return this.#raw.slice(this.#since.raw);
  }

  #reports<I extends 'drop' | 'outcome'>(type: I): DomainEvent<I>['args'][] {
    const reports = this.#events().filter((event) => event.type === type) as DomainEvent<I>[];
    return reports.map(({ args }) => args);
  }

  facts(): Promise<DomainInfo> {
    return this.vm.info();
  }

  /** Waits for a domain event of this type. */
  async untilTold(type: string, times = 1): Promise<void> {
    await this.seen.until(() => this.told.filter(([one]) => one === type).length >= times);
  }

  #sent(): readonly QmpEvent[] {
    return this.#qemu.events().slice(this.#since.sent);
  }

  /** Waits until QEMU has sent an event so often, and until all that it led to is through. */
  async untilRaw(name: string, times = 1): Promise<void> {
    const count = (): number => this.#sent().filter(({ event }) => event === name).length;
    while (count() < times) await this.#qemu.event(name);
    await this.all();
  }

  /** Waits until the QEMU events that came satisfy, and until all that they led to is through. */
  async seenRaw(satisfied: () => boolean): Promise<void> {
    await this.#until(satisfied);
    await this.all();
  }

  /** Waits until all that QEMU sent so far is told, and the work that it makes is done. */
  async all(): Promise<void> {
    // What comes before this answer came to every monitor.
    await this.#qemu.qmp('query-status');
    const last = this.#sent().at(-1);
    await this.#until(() => {
      const { running, waiting } = this.vm.actor.getSnapshot().context.work;
      return (
        running === null &&
        waiting.length === 0 &&
        (last === undefined || this.#raw.some((one) => isSame(one, last)))
      );
    });
    // What is queued is told in a time-out of 0 ms, which was set before this one.
    await sleep(1);
  }

  #until(satisfied: () => boolean): Promise<void> {
    let done = false;
    const byRaw = new Promise<void>((resolve) => {
      const check = (): void => {
        if (!done && !satisfied()) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
    const bySeen = this.seen.until(() => done || satisfied());
    return Promise.race([byRaw, bySeen]).then(() => {
      done = true;
    });
  }

  /** Waits until QEMU is gone, and that is told. */
  async end(): Promise<void> {
    await this.seen.until(() => this.seen.states.at(-1)?.startsWith('shutoff') === true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.driver.close();
  }
}

const isSame = (one: RawEvent, other: QmpEvent): boolean =>
  one.event === other.event &&
  one.timestamp?.seconds === other.timestamp.seconds &&
  one.timestamp.microseconds === other.timestamp.microseconds;

/** One `reboot` for a row of them: how many resets QEMU sends for one is not fixed. */
export function oneReboot(told: readonly Told[]): Told[] {
  return told.filter(([type], index) => type !== 'reboot' || told[index - 1]?.[0] !== 'reboot');
}

/** PM1a control of the ACPI device: sleep types of `pc`. */
export const acpi = { s3: 'o /h 0x604 0x2400', s4: 'o /h 0x604 0x2800', s5: 'o /h 0x604 0x2000' } as const;

/**
 * Writes a port until QEMU sends an event: the firmware must have switched the ports on before, and a write
 * that comes too early is lost without a word.
 */
export async function writeUntil(qemu: Qemu, commandLine: string, event: string): Promise<void> {
  while (!qemu.events().some((seen) => seen.event === event)) {
    // The last one may be answered by the end of QEMU.
    await qemu.hmp(commandLine).catch(() => {});
    await sleep(50);
  }
}

/** Sets the seconds of the clock, as a guest would. */
export async function setClock(qemu: Qemu, seconds: number): Promise<void> {
  for (const [register, value] of [
    [0x0a, 0x26], // it runs
    [0x0b, 0x02], // 24 hours
    [0x00, seconds],
  ]) {
    await qemu.hmp(`o /b 0x70 ${register}`);
    await qemu.hmp(`o /b 0x71 ${value}`);
  }
}

/** MIGRATION is only sent with this. */
export async function askForMigrationEvents(qemu: Qemu): Promise<void> {
  await qemu.qmp('migrate-set-capabilities', { capabilities: [{ capability: 'events', state: true }] });
}

/** A block node whose reads, or writes, fail. */
export async function addBadNode(
  qemu: Qemu,
  name: string,
  error: { readonly iotype: 'read' | 'write'; readonly errno: number; readonly once?: boolean },
): Promise<void> {
  await qemu.qmp('blockdev-add', {
    driver: 'blkdebug',
    'node-name': name,
    image: { driver: 'null-co', size: 1_048_576, 'read-zeroes': true },
    'inject-error': [{ event: 'none', ...error }],
  });
}

/** An image file of QEMU's own in its directory; returns its path. */
export async function createFile(qemu: Qemu, name: string, bytes: number, fill = 0): Promise<string> {
  const path = `${qemu.directory}/${name}`;
  await writeFile(path, Buffer.alloc(bytes, fill));
  return path;
}

/** Runs a block job of QEMU until it is concluded; `start` begins it. */
export async function concluded(qemu: Qemu, id: string, start: () => Promise<unknown>): Promise<void> {
  await start();
  for (;;) {
    const { data } = await qemu.event('JOB_STATUS_CHANGE');
    if (data?.id === id && data.status === 'concluded') return;
  }
}

/**
 * Spoils the first cluster of a qcow2 file that was written to: its offset is no multiple of the cluster size
 * (docs/interop/qcow2.txt, L2 table entry).
 */
export async function spoilQcow2(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const u64 = async (at: number): Promise<bigint> => {
      const { buffer } = await file.read(Buffer.alloc(8), 0, 8, at);
      return buffer.readBigUInt64BE();
    };
    const l1 = Number(await u64(40));
    const l2 = Number((await u64(l1)) & 0x00fffffffffffe00n);
    const entry = Buffer.alloc(8);
    entry.writeBigUInt64BE(0x8000000000000200n);
    await file.write(entry, 0, 8, l2);
  } finally {
    await file.close();
  }
}

/** A peer's end of a connection to QEMU, read by the number of bytes. */
export class Peer implements Disposable {
  readonly #socket: Socket;
  readonly #iterator: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  static async connect(where: string | { readonly host: string; readonly port: number }): Promise<Peer> {
    const socket = typeof where === 'string' ? connect(where) : connect(where);
    await once(socket, 'connect');
    return new Peer(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    this.#iterator = socket[Symbol.asyncIterator]();
  }

  /** Our port as the other end sees it; empty on a unix socket. */
  get port(): string {
    return this.#socket.localPort === undefined ? '' : `${this.#socket.localPort}`;
  }

  async read(bytes: number): Promise<Buffer> {
    while (this.#rest.length < bytes) {
      const { done, value } = await this.#iterator.next();
      if (done === true) throw new Error('QEMU closed the connection');
      this.#rest = Buffer.concat([this.#rest, value]);
    }
    const read = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return read;
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** The RFB handshake without a password, to its end (RFC 6143 §7.1 to §7.3). */
export async function shakeHandsRfb(peer: Peer): Promise<void> {
  await peer.read(12);
  peer.write('RFB 003.008\n');
  const [types = 0] = await peer.read(1);
  await peer.read(types);
  peer.write(Uint8Array.of(1)); // security type: none
  await peer.read(4);
  peer.write(Uint8Array.of(1)); // shared
  await peer.read(24);
}

/** The link of SPICE's main channel, with an empty ticket (spice-protocol, spice/protocol.h). */
export async function linkSpice(peer: Peer): Promise<void> {
  const message = Buffer.alloc(22);
  message.writeUInt8(1, 4); // channel type: main
  message.writeUInt32LE(1, 6); // common capabilities, one word
  message.writeUInt32LE(18, 14); // where they are
  message.writeUInt32LE(0b1011, 18); // authentication selection, SPICE authentication, mini header
  const header = Buffer.alloc(16);
  header.write('REDQ');
  header.writeUInt32LE(2, 4);
  header.writeUInt32LE(2, 8);
  header.writeUInt32LE(message.length, 12);
  peer.write(Buffer.concat([header, message]));

  const size = (await peer.read(16)).readUInt32LE(12);
  const reply = await peer.read(size);
  if (reply.readUInt32LE(0) !== 0) throw new Error(`SPICE refused the link: ${reply.readUInt32LE(0)}`);
  const key = createPublicKey({ key: reply.subarray(4, 4 + 162), format: 'der', type: 'spki' });
  const ticket = publicEncrypt(
    { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    Buffer.of(0),
  );
  peer.write(Buffer.concat([Buffer.of(1, 0, 0, 0), ticket]));
  const result = (await peer.read(4)).readUInt32LE(0);
  if (result !== 0) throw new Error(`SPICE refused the ticket: ${result}`);
}

/** A server on a unix socket for QEMU to connect to; each client is greeted with some bytes. */
export class UnixServer implements AsyncDisposable {
  readonly path: string;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  static async listen(path: string, greeting: Uint8Array = Buffer.alloc(0)): Promise<UnixServer> {
    const server = createServer();
    const made = new UnixServer(path, server, greeting);
    server.listen(path);
    await once(server, 'listening');
    return made;
  }

  private constructor(path: string, server: Server, greeting: Uint8Array) {
    this.path = path;
    this.#server = server;
    server.on('connection', (client) => {
      this.#clients.add(client);
      client.on('error', () => {});
      client.on('close', () => this.#clients.delete(client));
      client.resume();
      if (greeting.length > 0) client.write(greeting);
    });
  }

  /** Ends all connections. */
  drop(): void {
    for (const client of this.#clients) client.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.drop();
    await closed;
  }
}

/** Null, or why QEMU has no such device: its packages may leave some out. */
export function lacksDevice(name: string): string | null {
  const { error, status } = spawnSync('qemu-system-x86_64', ['-device', `${name},help`], { stdio: 'ignore' });
  return error === undefined && status === 0 ? null : `this QEMU has no ${name}`;
}
