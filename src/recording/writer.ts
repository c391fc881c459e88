/**
 * Writes an observer's recording: what passes on a domain's monitor, of one QEMU and of those after it.
 *
 * Whether a QEMU is gone is known only after its connection ended. Until then the lines that follow are held
 * back, so that the `eof` line stands where it belongs, with the time at which it happened.
 */
import type { DomainRecord } from '../actors/environment.ts';
import type { DomainConfig } from '../config.ts';
import type { DomainEvent, EventArgs } from '../domain.ts';
import { messageOf } from '../errors.ts';
import type { HostInterface, HostNetwork } from '../host/host-network.ts';
import type { Runtime } from '../loop/runtime.ts';

/** What is held back is written when it is more than this: then as well as it is known. */
const MAX_HELD = 10_000;

export interface RecorderOptions {
  /** Takes one line, without the newline; at once, in order. */
  write(line: string): void;
  readonly runtime: Pick<Runtime, 'monotonic'>;
  /** The domain as it was configured; name and uuid that QEMU tells go before it. */
  readonly config?: Pick<DomainConfig, 'name' | 'uuid' | 'devices' | 'onPoweroff' | 'onReboot' | 'onCrash'>;
}

/** What tells the meaning of what passes: which domain it is, and what became of it. */
export type Heard = {
  [I in 'state' | 'control-error']: {
    readonly type: I;
    readonly args: EventArgs[I];
    readonly domain: { readonly name: string; readonly uuid: string | null };
    readonly incarnation: string | null;
  };
}['state' | 'control-error'];

/** Where it listens: a driver whose only domain is the one to record. */
interface Door {
  on<I extends Heard['type']>(type: I, callback: (event: DomainEvent<I>) => void): Disposable;
}

export interface Recorder {
  /** For `driver.attach({ trace })`. */
  readonly trace: NonNullable<DomainRecord['trace']>;
  /** For `openDriver({ host })`: what handlers read of the host is recorded too. */
  network(host: HostNetwork): HostNetwork;
  /** Listens to the driver. Call it before `attach`. */
  listen(driver: Door): Disposable;
  /** Instead of `listen`: for who has the events already. */
  hear(event: Heard): void;
  /** Writes what is held back. Nothing is written afterwards. */
  close(): void;
}

interface Line {
  readonly t: number;
  readonly kind: 'send' | 'reply' | 'event' | 'eof' | 'host';
  readonly [member: string]: unknown;
}

/**
 * @example
 * ```ts
 * const recorder = createRecorder({ write: (line) => file.write(`${line}\n`), runtime, config: { devices } });
 * using listening = recorder.listen(driver);
 * await driver.attach({ monitor, wait: true, devices, trace: recorder.trace });
 * ```
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const recording = new ObserverRecording(options);
  return {
    trace: (direction, message) => recording.pass(direction, message),
    network: (host) => ({
      ...host,
      async read(name, signal) {
        try {
          const found = await host.read(name, signal);
          recording.look(name, { found });
          return found;
        } catch (error) {
          if (!signal.aborted) recording.look(name, { error: messageOf(error) });
          throw error;
        }
      },
    }),
    listen(driver) {
      const listening = [
        driver.on('state', (event) => recording.hear(event)),
        driver.on('control-error', (event) => recording.hear(event)),
      ];
      return {
        [Symbol.dispose]() {
          for (const each of listening) each[Symbol.dispose]();
        },
      };
    },
    hear: (event) => recording.hear(event),
    close: () => recording.close(),
  };
}

class ObserverRecording {
  readonly #options: RecorderOptions;
  readonly #start: number;
  /** Lines that wait for the domain's name, or for the meaning of the `eof` in front of them. */
  #held: Line[] = [];
  #begun = false;
  #closed = false;
  /** An end of the connection was told, and not what it means. */
  #lost = false;
  #protocolError = false;
  #incarnation: string | null = null;
  #lastT = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#start = options.runtime.monotonic();
  }

  pass(kind: 'send' | 'reply' | 'event' | 'eof', message: object): void {
    this.#add(kind === 'eof' ? { kind, monitor: 'observer' } : { kind, message });
  }

  look(name: string, seen: { found: HostInterface | null } | { error: string }): void {
    this.#add({ kind: 'host', interface: name, ...seen });
  }

  #add(line: Omit<Line, 't'>): void {
    if (this.#closed) return;
    const t = Math.max(this.#lastT, Math.floor(this.#options.runtime.monotonic() - this.#start));
    this.#lastT = t;
    this.#held.push({ t, ...line } as Line);
    if (this.#held.length > MAX_HELD) this.#giveUp();
    else this.#flush();
  }

  hear({ type, args, domain, incarnation }: Heard): void {
    if (this.#closed) return;
    if (type === 'control-error') {
      this.#protocolError = true;
      return;
    }
    if (!this.#begun) this.#begin(domain);
    if (args.active && args.monitor === 'lost') this.#lost = true;
    else if (this.#lost) {
      this.#lost = false;
      const another = args.active && incarnation !== this.#incarnation;
      this.#resolve({ gone: another || !args.active, ...(another ? { foundLater: true } : {}) });
    }
    this.#incarnation = incarnation;
    this.#flush();
  }

  close(): void {
    if (this.#closed) return;
    this.#giveUp();
    this.#closed = true;
  }

  /** What a held `eof` means will not be known any more: the domain was not found gone. */
  #giveUp(): void {
    this.#begin(null);
    while (this.#held.some((line) => line.kind === 'eof' && line.gone === undefined))
      this.#resolve({ gone: false });
    this.#flush();
  }

  #begin(domain: Heard['domain'] | null): void {
    if (this.#begun) return;
    this.#begun = true;
    const { name, uuid, devices, ...policies } = this.#options.config ?? {};
    const known = domain?.name ?? name;
    this.#write({
      kind: 'domain',
      mode: 'observer',
      ...(known === undefined ? {} : { name: known }),
      uuid: domain?.uuid ?? uuid ?? null,
      ...policies,
      ...(devices === undefined ? {} : { devices: devices.map(withoutNulls) }),
    });
  }

  /** The first `eof` whose meaning was open. */
  #resolve(found: { gone: boolean; foundLater?: true }): void {
    const at = this.#held.findIndex((line) => line.kind === 'eof' && line.gone === undefined);
    const line = this.#held[at];
    if (line === undefined) return;
    this.#held[at] = { ...line, ...found, ...(this.#protocolError ? { protocolError: true } : {}) };
    this.#protocolError = false;
  }

  #flush(): void {
    if (!this.#begun) return;
    const open = this.#held.findIndex((line) => line.kind === 'eof' && line.gone === undefined);
    const ready = open < 0 ? this.#held : this.#held.slice(0, open);
    this.#held = open < 0 ? [] : this.#held.slice(open);
    for (const line of ready) this.#write(line);
  }

  #write(line: object): void {
    this.#options.write(JSON.stringify(line));
  }
}

/** A device without an alias was checked as one whose alias is null. */
const withoutNulls = (device: object): object =>
  Object.fromEntries(Object.entries(device).filter(([, value]) => value !== null));
