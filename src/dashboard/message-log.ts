/**
 * The last QMP messages of a domain, as a recording that can be replayed.
 *
 * They are kept in two parts: when the newer one is full, the older one is forgotten. A part that begins while QEMU
 * is up begins with the answers that an observer would have got from it then, so a recording always begins somewhere.
 */
import type { DomainRecord, Told } from '../actors/environment.ts';
import type { Runtime } from '../loop/runtime.ts';
import { reportedState } from '../machines/reported-state.ts';
import { createRecorder, type Recorder } from '../recording/writer.ts';
import type { MessageDirection } from '../taps.ts';

type Recorded = Pick<DomainRecord, 'name' | 'uuid' | 'actor'>;

interface Part {
  /** The domain, as it was when the part began. */
  readonly domain: object;
  /** What QEMU would have answered then; nothing if it was not met. */
  readonly contact: readonly object[];
  readonly lines: string[];
  chars: number;
}

export class MessageLog {
  readonly #record: Recorded;
  readonly #maxChars: number;
  readonly #recorder: Recorder;
  #older: Part | null = null;
  #newer: Part;
  #leftOut = 0;

  /** @param maxChars - of all that is kept; a message of more than half of it is left out */
  constructor(record: Recorded, runtime: Pick<Runtime, 'monotonic'>, maxChars: number) {
    this.#record = record;
    this.#maxChars = maxChars;
    this.#newer = this.#begin(0);
    this.#recorder = createRecorder({ runtime, write: (line) => this.#write(line) });
    const snapshot = record.actor.getSnapshot();
    const { reason, monitor, incarnation } = snapshot.context;
    this.#recorder.hear({
      type: 'state',
      args: { state: reportedState(snapshot), reason, active: incarnation !== null, monitor },
      domain: record,
      incarnation: incarnation?.uuid ?? null,
    });
  }

  pass(direction: MessageDirection, message: object): void {
    this.#recorder.trace(direction, message);
  }

  told({ type, args, incarnation }: Told): void {
    if (type === 'state' || type === 'control-error')
      // Type and arguments come together.
      this.#recorder.hear({
        type,
        args,
        domain: this.#record,
        incarnation: incarnation?.uuid ?? null,
      } as Parameters<Recorder['hear']>[0]);
  }

  /** In the format of recordings. `leftOut` in its first line counts messages that were too long. */
  text(): string {
    const { domain, contact } = this.#older ?? this.#newer;
    const head = [{ ...domain, ...(this.#leftOut > 0 ? { leftOut: this.#leftOut } : {}) }, ...contact];
    const lines = [
      ...head.map((line) => JSON.stringify(line)),
      ...(this.#older?.lines ?? []),
      ...this.#newer.lines,
    ];
    return lines.map((line) => `${line}\n`).join('');
  }

  #write(line: string): void {
    // The recorder's own first line; each part has one.
    if (line.startsWith('{"kind":"domain"')) return;
    const half = this.#maxChars / 2;
    if (line.length > half) {
      this.#leftOut += 1;
      return;
    }
    if (this.#newer.chars + line.length > half) {
      this.#older = this.#newer;
      this.#newer = this.#begin(timeOf(line));
    }
    this.#newer.lines.push(line);
    this.#newer.chars += line.length;
  }

  #begin(t: number): Part {
    const { name, uuid, actor } = this.#record;
    const { incarnation, monitor, devices, devicesFound } = actor.getSnapshot().context;
    const told = devicesFound ? null : devices;
    return {
      domain: {
        kind: 'domain',
        mode: 'observer',
        name,
        uuid,
        ...(told === null ? {} : { devices: told.map(withoutNulls) }),
      },
      contact: incarnation !== null && monitor !== 'lost' ? this.#contact(t) : [],
      lines: [],
      chars: 0,
    };
  }

  /** What an observer asks, and what it would have been answered. */
  #contact(t: number): object[] {
    const { name, uuid, actor } = this.#record;
    const status = runStateOf(actor);
    const answers = {
      'query-status': { status, running: status === 'running' },
      'query-name': { name },
      'query-uuid': { UUID: uuid ?? NO_UUID },
    };
    return Object.entries(answers).flatMap(([execute, value], index) => {
      const id = `dashboard-${index}`;
      return [
        { t, kind: 'send', message: { execute, id } },
        { t, kind: 'reply', message: { return: value, id } },
      ];
    });
  }
}

/** As the recorder writes it: first of all. */
const timeOf = (line: string): number => Number(/^\{"t":(\d+)/.exec(line)?.[1] ?? 0);

const NO_UUID = '00000000-0000-0000-0000-000000000000';

/** QAPI `RunState` that makes an observer see the state, and its reason where it shows. */
function runStateOf(actor: Recorded['actor']): string {
  const snapshot = actor.getSnapshot();
  const { reason } = snapshot.context;
  switch (reportedState(snapshot)) {
    case 'paused':
      return pausedAs[reason] ?? 'paused';
    case 'crashed':
      return 'guest-panicked';
    case 'pmsuspended':
      return 'suspended';
    case 'shutdown':
      return 'shutdown';
    default:
      return 'running';
  }
}

const pausedAs: Readonly<Record<string, string>> = {
  ioerror: 'io-error',
  watchdog: 'watchdog',
  migration: 'postmigrate',
  'starting-up': 'prelaunch',
};

/** A device without an alias was checked as one whose alias is null. */
const withoutNulls = (device: object): object =>
  Object.fromEntries(Object.entries(device).filter(([, value]) => value !== null));
