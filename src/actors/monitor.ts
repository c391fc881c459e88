/**
 * The link: one connection of a domain's monitor, from connect to its end.
 *
 * Receives nothing. Sends `link.*` to the monitor machine, and QEMU's events straight to the domain, in the
 * order of the wire. Cleans up: closes the connection, stops asking.
 *
 * libvirt 9.0.0 `src/qemu/qemu_monitor.c:qemuMonitorIO`, `qemu_process.c:qemuConnectMonitor`.
 */
import { type CallbackActorLogic, type EventObject, fromCallback } from 'xstate';
import { ConnectError, messageOf, ProtocolError, QemuError, StateError } from '../errors.ts';
import type { ConnectAttempt } from '../events/process-events.ts';
import { isInRunState } from '../events/qemu-events.ts';
import type { DropReason } from '../events/reports.ts';
import type { Incarnation } from '../machines/domain-context.ts';
import { type MonitorMachineEvent, monitorMachine } from '../machines/monitor-machine.ts';
import { describeAddress, openStream } from '../qmp/address.ts';
import { backoffDelayMs } from '../qmp/backoff.ts';
import { QmpConnection } from '../qmp/connection.ts';
import type { QmpEvent } from '../qmp/message.ts';
import { askWho, identify, makeContact } from './contact.ts';
import { type DomainRecord, type Environment, recordOf } from './environment.ts';
import { routeEvent } from './route-event.ts';

/** Made once: a reason of its own for each is a stack for nobody. */
const RELEASED = new StateError('the link was released', { code: 'ERR_CLOSED' });
/** Events that are kept until it is known whose they are; the oldest give way. */
const MAX_EARLY_EVENTS = 1000;

/** The monitor machine with its link and its backoff. */
export function createMonitorLogic(environment: Environment): typeof monitorMachine {
  return monitorMachine.provide({
    actors: { link: createLinkLogic(environment) },
    delays: {
      reconnectDelay: ({ context }) =>
        context.attempts === 0 ? 0 : backoffDelayMs(context.attempts - 1, environment.runtime.random()),
    },
  });
}

function createLinkLogic(environment: Environment): CallbackActorLogic<EventObject, { key: string }> {
  return fromCallback<EventObject, { key: string }>(({ sendBack, input }) => {
    const link = new Link(environment, recordOf(environment, input.key), sendBack);
    link.run().catch((error: unknown) => link.fail(error));
    return () => link.stop();
  });
}

class Link {
  readonly #environment: Environment;
  readonly #record: DomainRecord;
  readonly #send: (event: MonitorMachineEvent) => void;
  readonly #abort = new AbortController();
  #connection: QmpConnection | null = null;
  /** Whose events these are; null until it is known. */
  #incarnation: Incarnation | null = null;
  /** Events that came before it was known whose they are. */
  #early: QmpEvent[] = [];
  #replies = 0;
  #ended = false;
  #stopAsking: () => void = () => {};

  constructor(environment: Environment, record: DomainRecord, send: (event: MonitorMachineEvent) => void) {
    this.#environment = environment;
    this.#record = record;
    this.#send = send;
  }

  async run(): Promise<void> {
    const { runtime } = this.#environment;
    const { signal } = this.#abort;
    const before = await identify(this.#environment, this.#record);
    if (this.#ended) return;
    const stream = await openStream(runtime, this.#record.address, { signal });
    if (this.#ended) return void stream.destroy();
    const connection = new QmpConnection(stream, {
      loop: runtime.loop,
      greetingTimeoutMs: this.#record.times.greetingMs,
      onEvent: this.#receive,
      onClose: (error) => this.#end(error, 'failed'),
      trace: this.#pass,
    });
    this.#connection = connection;
    this.#send({ type: 'link.connected' });
    await connection.greet(signal);
    this.#send({ type: 'link.greeted' });
    await connection.negotiate({ signal });
    const answer = await askWho(this.#environment, this.#record, connection, before, signal);
    if (this.#ended || connection.closed) return;
    const contact = makeContact(this.#environment, this.#record, answer);
    this.#record.met(contact);
    this.#record.lastError = null;
    this.#record.connection = connection;
    this.#send({ type: 'link.ready', contact });
    this.#incarnation = { uuid: contact.incarnation, id: contact.id };
    const early = this.#early;
    this.#early = [];
    for (const event of early) this.#receive(event);
    this.#stopAsking = this.#askRegularly(connection);
  }

  /** The connection could not be made, or not be used. */
  fail(error: unknown): void {
    const attempt = attemptOf(error);
    const known =
      error instanceof QemuError
        ? error
        : new ConnectError(`${describeAddress(this.#record.address)}: ${messageOf(error)}`, { cause: error });
    this.#end(known, attempt);
  }

  stop(): void {
    this.#ended = true;
    this.#release();
  }

  readonly #pass = (direction: 'send' | 'reply' | 'event', message: object): void => {
    // The second reply, after the negotiation's, is the run state: what came before it is in it.
    if (direction === 'reply' && this.#incarnation === null && ++this.#replies === 2) this.#dropStateEvents();
    this.#record.trace?.(direction, message);
  };

  /** Told as they are by the state that was read: what would be made of them again is not the truth. */
  #dropStateEvents(): void {
    const early = this.#early;
    this.#early = [];
    for (const event of early) {
      if (!isInRunState(event.event)) this.#early.push(event);
      else this.#drop('ignored-in-state', event.event);
    }
  }

  #drop(reason: DropReason, event: string): void {
    this.#environment.tell(this.#record, { type: 'drop', args: { reason, event }, incarnation: null });
  }

  readonly #receive = (event: QmpEvent): void => {
    if (this.#incarnation === null) {
      if (this.#early.push(event) > MAX_EARLY_EVENTS) {
        this.#early.shift();
        this.#environment.counters.add('overflow', event.event.slice(0, 100));
      }
    } else routeEvent(this.#environment, this.#record, this.#incarnation, event);
  };

  #end(error: QemuError | null, attempt: ConnectAttempt): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    if (this.#incarnation === null) {
      // Nobody's, now.
      for (const { event } of this.#early.splice(0)) this.#drop('stale', event);
      this.#record.attemptFailed(error);
    } else {
      this.#record.lastError = error;
      this.#record.trace?.('eof', {});
    }
    this.#send({ type: 'link.closed', attempt, protocolError: error instanceof ProtocolError });
  }

  #release(): void {
    this.#stopAsking();
    this.#abort.abort(RELEASED);
    if (this.#record.connection === this.#connection) this.#record.connection = null;
    this.#connection?.close();
  }

  /** A QEMU from which nothing comes is asked; one that does not answer is unresponsive until it does. */
  #askRegularly(connection: QmpConnection): () => void {
    const { loop } = this.#environment.runtime;
    const { pingIntervalMs, pingTimeoutMs } = this.#record.times;
    let received = connection.bytesReceived;
    let asking = false;
    let silent = false;
    const hasSpoken = (): boolean => {
      if (connection.bytesReceived === received) return false;
      received = connection.bytesReceived;
      if (silent) this.#send({ type: 'link.answered' });
      silent = false;
      return true;
    };
    const timer = loop.addTimeout(Math.min(pingIntervalMs, 1000), () => {
      if (silent) hasSpoken();
    });
    const asker = loop.addTimeout(pingIntervalMs, () => {
      // One that is silent is asked too: what timed out may have waited here, and never have come to it.
      if (asking || hasSpoken()) return;
      asking = true;
      connection
        .execute('query-status', {}, { timeoutMs: pingTimeoutMs })
        .catch(() => {
          if (connection.closed || silent || connection.bytesReceived !== received) return;
          silent = true;
          this.#send({ type: 'link.silent' });
        })
        .finally(() => {
          asking = false;
        });
    });
    return () => {
      loop.removeTimeout(timer);
      loop.removeTimeout(asker);
    };
  }
}

function attemptOf(error: unknown): ConnectAttempt {
  const cause = error instanceof ConnectError ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'ECONNREFUSED' ? 'refused' : code === 'ENOENT' ? 'missing' : 'failed';
}
