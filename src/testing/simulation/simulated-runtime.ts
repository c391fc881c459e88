/** A Runtime in which nothing is real and nothing happens by itself. */
import type { Duplex } from 'node:stream';
import type { Address, Files, Runtime } from '../../loop/runtime.ts';
import { nextTurn } from '../../loop/turn.ts';
import type { OpenListener } from '../fake-network.ts';
import { Agenda } from './agenda.ts';
import type { Choice, Choices } from './choices.ts';
import { Random } from './random.ts';
import { SimulatedHost } from './simulated-host.ts';
import { SimulatedLoop } from './simulated-loop.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import { SimulatedProcesses } from './simulated-processes.ts';

/** A number that `below` fills in full: 2^30 is exact in a double. */
const PARTS = 2 ** 30;

/**
 * Virtual time, and sockets, files, processes and a host's network that exist only here. What can happen next is in
 * `choices`; `step()` lets one of it happen, by the seed. The same seed and the same calls give the same run, on any
 * machine.
 *
 * @example
 * ```ts
 * const runtime = new SimulatedRuntime(7);
 * await using qemu = await FakeQemu.start({ path: '/web1', runtime, listener: runtime.listener });
 * await using driver = await openDriver({ runtime });
 * const attaching = driver.attach({ monitor: '/web1' });
 * const vm = await runtime.until(attaching);
 * ```
 *
 * @public
 */
export class SimulatedRuntime implements Runtime {
  readonly loop: SimulatedLoop;
  readonly processes: SimulatedProcesses;
  readonly files: Files;
  readonly host = new SimulatedHost();
  /** Files by their path, beside sockets and /proc/net/dev_mcast. */
  readonly texts = new Map<string, string>();
  /** Where a FakeQemu listens that a driver of this runtime can reach. */
  readonly listener: OpenListener;
  readonly #agenda = new Agenda();
  readonly #network: SimulatedNetwork;
  /** What the library takes by chance is apart from what is chosen next. */
  readonly #chance: Random;
  readonly #order: Random;

  /** @param seed - an integer of 32 bits */
  constructor(seed = 0) {
    this.#chance = new Random(seed);
    this.#order = new Random(seed ^ 0x5bd1e995);
    this.loop = new SimulatedLoop(this.#agenda);
    this.#network = new SimulatedNetwork(this.#agenda);
    this.listener = this.#network.listener;
    this.processes = new SimulatedProcesses(this.#agenda, this.host);
    const later = <T>(label: string, value: () => T): Promise<T> => this.#agenda.operation(label, value);
    this.files = {
      read: (path) =>
        later(`read ${path}`, () => {
          if (path === '/proc/net/dev_mcast') return this.host.multicastText;
          const text = this.texts.get(path);
          if (text !== undefined) return text;
          throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
        }),
      identity: (path) => later(`stat ${path}`, () => this.#network.files.get(path)?.identity ?? null),
      // One network namespace.
      link: (path) => later(`link ${path}`, () => (path.endsWith('/ns/net') ? 'net:[1]' : null)),
      list: () => Promise.resolve(null),
      deviceNumber: () => Promise.resolve(null),
    };
  }

  /** What can happen next. */
  get choices(): Choices {
    return this.#agenda.choices;
  }

  /** Milliseconds of virtual time since the beginning. */
  get elapsedMs(): number {
    return this.#agenda.elapsedMs;
  }

  /** The next moment for which something waits; null if nothing does. */
  get nextDueMs(): number | null {
    return this.#agenda.nextDueMs;
  }

  now(): number {
    return this.#agenda.nowMs;
  }

  monotonic(): number {
    return this.#agenda.elapsedMs;
  }

  random(): number {
    return this.#chance.below(PARTS) / PARTS;
  }

  uuid(): string {
    return this.#chance.uuid();
  }

  connect(address: Address, signal: AbortSignal): Promise<Duplex> {
    return this.#network.connect(address, signal);
  }

  /** Nothing keeps a simulated process alive. */
  hold(): () => void {
    return () => {};
  }

  /** Lets time pass: what is due becomes a choice, and happens when it is chosen. */
  pass(ms: number): void {
    this.#agenda.pass(ms);
  }

  /** Resolves when every promise has gone on that can by itself. */
  settle(): Promise<void> {
    return nextTurn();
  }

  /** Lets one thing happen, and every promise that can go on by itself. */
  happen(choice: Choice, pick = 0): Promise<void> {
    return this.#agenda.happen(choice, pick);
  }

  /**
   * One thing happens, by the seed; if nothing can, time passes to the next moment for which something waits.
   *
   * @returns false if nothing is left that could ever happen
   */
  async step(): Promise<boolean> {
    if (this.choices.size === 0) {
      const { nextDueMs } = this;
      if (nextDueMs === null) return false;
      this.pass(nextDueMs - this.now());
    }
    const choice = this.choices.at(this.#order.below(PARTS));
    if (choice !== undefined) await this.happen(choice, this.#order.below(PARTS));
    return true;
  }

  /**
   * Steps until the promise settles.
   *
   * @throws what it rejects with; Error if it does not settle within `steps`, or nothing is left to happen
   */
  async until<T>(promise: Promise<T>, steps = 100_000): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    await this.settle();
    for (let n = 0; n < steps && !settled; n += 1) if (!(await this.step())) break;
    if (!settled) throw new Error(`not settled at ${this.elapsedMs} ms, nothing more happens`);
    return promise;
  }
}
