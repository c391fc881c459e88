/** A simulated host: QEMUs, the drivers that follow them, and everything that is found to be wrong. */
import type { Domain, DomainEvent } from '../../domain.ts';
import type { Driver } from '../../driver.ts';
import { messageOf } from '../../errors.ts';
import { Follower } from './follower.ts';
import { ABORTED, SimulatedDomain } from './simulated-domain.ts';
import { SimulatedDriver } from './simulated-driver.ts';
import { KERNEL_GROUP } from './simulated-host.ts';
import { SimulatedRuntime } from './simulated-runtime.ts';
import type { Trace } from './trace.ts';
import type { Violation } from './violation.ts';

/** So few that one that closes leaves the others alone. */
const DOMAINS_OF_A_DRIVER = 10;
/** A violation as an assertion tells it: `promise 4: why`. */
const RULE = /^(promise \d+|\d+(?:, \d+)*): /;

export class World {
  readonly runtime: SimulatedRuntime;
  readonly domains: SimulatedDomain[] = [];
  /** Why calls are given up. */
  readonly aborted = ABORTED;
  readonly faults = new Map<string, number>();
  /** The first one; nothing is worth looking at after it. */
  violation: Violation | null = null;
  checks = 0;
  step = 0;
  readonly #trace: Trace;
  readonly #byDomain = new Map<Domain, SimulatedDomain>();
  readonly #drivers = new Map<number, SimulatedDriver>();
  readonly #hooks: WorldHooks;

  /** @param indexes - of the domains that it has */
  static async create(
    seed: number,
    indexes: readonly number[],
    trace: Trace,
    hooks: WorldHooks,
  ): Promise<World> {
    const world = new World(seed, trace, hooks);
    for (const index of indexes) {
      const domain = await SimulatedDomain.start(index, world.runtime);
      world.domains.push(domain);
      const number = Math.floor(index / DOMAINS_OF_A_DRIVER);
      if (!world.#drivers.has(number)) await world.#addDriver(number);
    }
    return world;
  }

  private constructor(seed: number, trace: Trace, hooks: WorldHooks) {
    this.runtime = new SimulatedRuntime(seed);
    this.#trace = trace;
    this.#hooks = hooks;
    this.runtime.processes.onCommand = (args, input) => this.#hostCommand(args, input);
  }

  driverOf(domain: SimulatedDomain): SimulatedDriver {
    return this.#drivers.get(Math.floor(domain.index / DOMAINS_OF_A_DRIVER)) as SimulatedDriver;
  }

  /** What holds of the domains that may have changed. */
  check(): void {
    for (const { follower, label } of this.domains) {
      if (follower === null) continue;
      try {
        this.checks += follower.check();
      } catch (error) {
        this.violate(label, messageOf(error));
      }
    }
  }

  /** Runs a check, or something of the library that must not fail. */
  guard(domain: string | null, check: () => void): void {
    try {
      check();
    } catch (error) {
      this.violate(domain, messageOf(error));
    }
  }

  /** @param why - begins with its rule */
  violate(domain: string | null, why: string): void {
    const [, rule] = RULE.exec(why) ?? [];
    const violation: Violation = {
      rule: rule === undefined ? 'promise 7' : /^\d/.test(rule) ? `invariant ${rule}` : rule,
      domain,
      why: why.replace(RULE, ''),
      step: this.step,
    };
    this.#trace.line({ step: this.step, violation });
    this.violation ??= violation;
  }

  trace(line: object): void {
    this.#trace.line({ step: this.step, ...line });
  }

  /** Something that happens when it is chosen. */
  later(label: string, happen: () => void): void {
    const choice = {
      label,
      happen: (): void => {
        this.runtime.choices.delete(choice);
        happen();
      },
    };
    this.runtime.choices.add(choice);
  }

  call(domain: SimulatedDomain, name: string, promise: Promise<unknown>): void {
    const { follower, run } = domain;
    // Else another QEMU is there already, of which is not known yet.
    const isOfThisRun = follower?.isOfPresentRun === true;
    const incarnation = follower?.context.incarnation ?? null;
    domain.call(name, promise, (outcome, error) => {
      this.trace({ domain: domain.label, call: name, outcome: outcome ?? messageOf(error) });
      if (name === 'destroy' && outcome === 'done') {
        if (incarnation !== null) follower?.story.destroyed(incarnation.uuid);
        if (isOfThisRun && domain.qemu.alive && domain.run === run)
          this.violate(domain.label, 'promise 4: destroy() is done, and QEMU lives');
      }
      if (outcome === null) this.violate(domain.label, `promise 7: ${name}() fails with ${String(error)}`);
    });
  }

  async attach(domain: SimulatedDomain): Promise<void> {
    const simulated = this.driverOf(domain);
    await simulated.open();
    const { driver } = simulated;
    if (driver === null || domain.follower !== null) return;
    const name = domain.label;
    const attaching = domain.attach(driver, {
      trace: (direction, message) => {
        this.#hooks.onMessage?.(name, direction, message);
        this.checks += 1;
        this.guard(name, () => follower.passed(direction, message));
      },
    });
    const attached = driver.domains.at(-1) as Domain;
    const follower = new Follower(
      attached,
      (error) => this.violate(name, messageOf(error)),
      () => domain.run,
    );
    domain.follower = follower;
    domain.interfaceReplaced = this.runtime.host.macOf(domain.interface) === null;
    this.#byDomain.set(attached, domain);
    this.call(domain, 'attach', attaching);
  }

  attachTwice(domain: SimulatedDomain): void {
    const { driver } = this.driverOf(domain);
    const attached = domain.follower?.domain;
    if (driver !== null && attached !== undefined && driver.domains.includes(attached))
      this.call(domain, 'attach twice', domain.attach(driver, {}));
  }

  detach(domain: SimulatedDomain): void {
    const attached = domain.follower?.domain;
    if (attached !== undefined) this.call(domain, 'detach', attached.detach());
  }

  hostFails(how: 'failing' | 'hanging', on: boolean): void {
    this.runtime.processes[how] = on;
  }

  replaceInterface(domain: SimulatedDomain, gone: boolean): void {
    this.runtime.host.removeInterface(domain.interface);
    if (!gone) this.runtime.host.addInterface(domain.interface, '52:54:00:00:00:00');
  }

  /** No faults from now on, but for QEMUs that hang. Each guest changes its filter once more. */
  async heal(): Promise<void> {
    this.hostFails('failing', false);
    this.hostFails('hanging', false);
    for (const domain of this.domains) {
      const { qemu, index } = domain;
      qemu.faults.clear();
      if (this.runtime.host.macOf(domain.interface) === null) this.replaceInterface(domain, false);
      await qemu.faults.refuse(false);
      await this.attach(domain);
      // Whoever attaches waits for it; of the others half stay off.
      if (!qemu.alive && (index % 2 === 0 || domain.calls.size > 0)) await domain.restart(false);
      if (qemu.alive) domain.changeFilter(index);
    }
  }

  /** Lets go of everything, and ends the QEMUs; nothing of it is waited for. */
  close(): void {
    for (const driver of this.#drivers.values()) driver.close();
    for (const { qemu } of this.domains) qemu.kill();
  }

  /** What is there still of what was let go of; null: nothing. */
  get left(): string | null {
    for (const { label, driver, isClosing } of this.#drivers.values())
      if (driver !== null || isClosing) return `${label} does not close`;
    const { handles, timeouts } = this.runtime.loop.size;
    return handles + timeouts === 0
      ? null
      : `${handles} handles and ${timeouts} timeouts outlive their drivers`;
  }

  async #addDriver(index: number): Promise<void> {
    const driver = new SimulatedDriver(index, this.runtime, {
      told: (event) => this.#told(event),
      violate: (rule, why) => this.violate(null, `${rule}: ${why}`),
      opened: (opened) => this.#hooks.onDriver?.(opened, this.runtime),
    });
    this.#drivers.set(index, driver);
    await driver.open();
  }

  #told(event: DomainEvent): void {
    const domain = this.#byDomain.get(event.domain);
    const { type, args, id, reconstructed } = event;
    this.trace({ domain: domain?.label, type, args, id, ...(reconstructed ? { reconstructed } : {}) });
    const follower = domain?.follower;
    if (
      domain === undefined ||
      follower === undefined ||
      follower === null ||
      follower.domain !== event.domain
    )
      return this.violate(domain?.label ?? null, `promise 5: ${type} of a domain that was let go`);
    this.checks += 1;
    this.guard(domain.label, () => follower.told(event));
    if (type !== 'detached') return;
    this.#byDomain.delete(event.domain);
    domain.follower = null;
  }

  /** The library starts a command of the host. */
  #hostCommand(args: readonly string[], input: string): void {
    const name = args[0] === 'maddress' ? args.at(-1) : /^link set dev (\S+)/.exec(input)?.[1];
    if (name === undefined) return;
    const domain = this.domains.find((one) => one.interface === name);
    if (domain === undefined) return this.violate(null, `promise 3: nobody's interface ${name} is changed`);
    if (args.includes('del') && args.includes(KERNEL_GROUP))
      this.violate(domain.label, "promise 3: a group that is the kernel's is removed");
    this.trace({ domain: domain.label, ip: args.join(' '), input });
    const { follower } = domain;
    this.checks += 1;
    this.guard(domain.label, () => {
      if (follower === null) throw new Error('promise 3: the host is changed for a domain that was let go');
      follower.hostChanged(this.runtime.host.indexOf(name));
    });
  }
}

/** For a recording. */
export interface WorldHooks {
  /** A driver opened; nothing is attached yet. */
  onDriver?(driver: Driver, runtime: SimulatedRuntime): void;
  /** Each message of a domain as it passes. */
  onMessage?(domain: string, direction: 'send' | 'reply' | 'event' | 'eof', message: object): void;
}
