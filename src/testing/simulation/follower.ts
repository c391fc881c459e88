/**
 * Follows one attached domain from the outside: what came from QEMU, what its machine made of it, what was sent, and
 * what its subscribers were told.
 */
import assert from 'node:assert/strict';
import type { Domain, DomainEvent } from '../../domain.ts';
import type { DomainContext, DomainEmitted } from '../../machines/domain-context.ts';
import { checkStructure, STRUCTURE_CHECKS } from './invariants.ts';
import { hasBegun, Lifecycles } from './lifecycles.ts';
import { Story } from './story.ts';
import { Wire } from './wire.ts';

/** With these it is found out whose QEMU answers; sent before anything is known. */
const CONTACT = ['qmp_capabilities', 'query-status', 'query-name', 'query-uuid'];

/** What callers send by themselves, whatever becomes of the domain. */
const OF_CALLERS = ['stop', 'cont', 'query-status', 'no-such-command'];

const CHANGEABLE = ['stoppingFrom', 'facts', 'devices', 'work', 'qemuJobs', 'power', 'reason'] as const;

export class Follower {
  readonly domain: Domain;
  readonly #onBroken: (error: unknown) => void;
  readonly #presentRun: () => number;
  readonly lifecycles = new Lifecycles();
  readonly story = new Story(this.lifecycles);
  readonly #wire = new Wire();
  /** What the machine told and its subscribers did not hear of yet. */
  readonly #expected: Exclude<DomainEmitted, { type: 'operation.ended' }>[] = [];
  /** QEMU events on the wire of which no `monitor-event` was delivered yet. */
  readonly #arrived: string[] = [];
  readonly #counts = { arrived: 0, toMachine: 0, dropsBefore: 0 };
  #changed = true;
  #detached = false;
  /** The incarnation that was met last, and which of QEMU's processes was there then. */
  #met: { readonly incarnation: string | null; readonly run: number } = { incarnation: null, run: 0 };
  /** Incarnations that had begun when they were met. */
  readonly #begunWhenMet = new Set<string>();

  /**
   * @param onBroken - is told of what breaks in the middle of the library's work, which must not see it
   * @param presentRun - the number of QEMU's present process
   */
  constructor(domain: Domain, onBroken: (error: unknown) => void, presentRun: () => number) {
    this.domain = domain;
    this.#onBroken = onBroken;
    this.#presentRun = presentRun;
    this.#watchMachine();
  }

  get context(): DomainContext {
    return this.domain.actor.getSnapshot().context;
  }

  /** What happened and was not told yet. */
  get untold(): number {
    return this.#expected.length;
  }

  /** Whether the present incarnation is the present process of QEMU. */
  get isOfPresentRun(): boolean {
    return this.#met.run === this.#presentRun();
  }

  /** Each message as it passes. @throws AssertionError */
  passed(direction: 'send' | 'reply' | 'event' | 'eof', message: object): void {
    const command = this.#wire.passed(direction, message);
    if (direction === 'event') {
      this.#counts.arrived += 1;
      this.#arrived.push('event' in message ? String(message.event) : '');
    }
    if (command === null) return;
    const { incarnation, monitor } = this.context;
    const isKnownLost = incarnation === null || monitor === 'lost';
    assert(
      !isKnownLost || CONTACT.includes(command),
      `promise 3: ${command} is sent to a domain that was lost`,
    );
    assert(
      !this.domain.actor.getSnapshot().matches('stopping') ||
        [...CONTACT, ...OF_CALLERS, 'quit'].includes(command),
      `promise 3: ${command} is sent to a domain that we end`,
    );
  }

  /** The host is changed in its name. @param ifindex - of its interface now. @throws AssertionError */
  hostChanged(ifindex: number | null): void {
    const { incarnation, monitor, work, facts } = this.context;
    assert(
      incarnation !== null && monitor !== 'lost',
      'promise 3: the host is changed for a domain that was lost',
    );
    assert(work.running !== null, 'promise 3: the host is changed by nobody');
    const first = facts.nics.net0?.interface?.ifindex;
    assert(
      first === undefined || first === ifindex,
      'promise 3: the interface is not the one that was there at first',
    );
  }

  /** One of QEMU's processes gets a signal of ours. */
  signalled(run: number): void {
    if (run !== this.#met.run) this.#onBroken('promise 3: a signal to a process that was not met');
  }

  /** A subscriber to everything heard it. @throws AssertionError */
  told(event: DomainEvent): void {
    assert(!this.#detached, `promise 5: ${event.type} after detached`);
    this.story.tell(event);
    if (event.type === 'detached') this.#detached = true;
    else if (event.type === 'monitor-event') this.#follow(event.args.event);
    else if (event.type === 'state') this.#meet(event);
    else if (event.type === 'host' || isOfDetaching(event)) return;
    else if (event.type === 'drop' && this.#expected[0]?.args !== event.args) this.#counts.dropsBefore += 1;
    else {
      const next = this.#expected.shift();
      assert.equal(next?.type, event.type, 'promise 2: told in the order in which it happened');
      assert.equal(next?.args, event.args, 'promise 2: told in the order in which it happened');
    }
    if (event.type !== 'lifecycle') return;
    if (event.incarnation !== null && !this.lifecycles.runs.has(event.incarnation)) this.#forgetUnbegun();
    if (event.args.event === 'stopped') this.#requireBegun(event.incarnation);
    this.lifecycles.tell(event);
  }

  /**
   * Whether the invariants hold now; nothing is evaluated again that cannot have changed.
   *
   * @returns how many were evaluated
   * @throws AssertionError
   */
  check(): number {
    if (!this.#changed) return 0;
    this.#changed = false;
    checkStructure(this.domain.actor.getSnapshot());
    return STRUCTURE_CHECKS;
  }

  /** What holds once nothing is left to happen. @throws AssertionError */
  checkSettled(): number {
    const { arrived, toMachine, dropsBefore } = this.#counts;
    assert.deepEqual(this.#expected, [], 'promise 1: what happened was told');
    assert.equal(toMachine + dropsBefore, arrived, 'promise 1: each QEMU event is accounted for');
    for (const [incarnation, run] of this.lifecycles.runs)
      if (incarnation !== this.context.incarnation?.uuid)
        assert(run.stopped, `promise 4: no stopped of incarnation ${run.id}`);
    this.story.checkSettled();
    return 4;
  }

  /** Each QEMU event that reaches the machine is an effect or exactly one drop. */
  #watchMachine(): void {
    const { actor } = this.domain;
    actor.subscribe({
      next: ({ context }) => {
        this.#changed = true;
        const incarnation = context.incarnation?.uuid ?? null;
        if (incarnation === null || incarnation === this.#met.incarnation) return;
        this.#met = { incarnation, run: this.#presentRun() };
        if (context.begun === 'yes') this.#begunWhenMet.add(incarnation);
      },
      error: (error) => this.#onBroken(`promise 7: a domain fails: ${String(error)}`),
    });
    let emitted = 0;
    let drops = 0;
    actor.on('*', (item) => {
      if (item.type === 'operation.ended') return;
      this.#expected.push(item);
      emitted += 1;
      if (item.type === 'drop') drops += 1;
    });
    const send = actor.send.bind(actor);
    actor.send = (event) => {
      if (!event.type.startsWith('qemu.')) return send(event);
      this.#counts.toMachine += 1;
      this.#guard(() => this.#wire.reached(event.type.slice('qemu.'.length)));
      const before = actor.getSnapshot();
      if (event.type === 'qemu.DEVICE_DELETED')
        this.story.isToRemove(before.context.devices, event.data.device);
      emitted = 0;
      drops = 0;
      send(event);
      const after = actor.getSnapshot();
      const isChanged =
        before.value !== after.value ||
        CHANGEABLE.some((name) => before.context[name] !== after.context[name]);
      if (drops > 1) this.#onBroken(`promise 1: ${event.type} was dropped ${drops} times`);
      if (emitted === 0 && !isChanged) this.#onBroken(`promise 1: ${event.type} was lost silently`);
    };
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#onBroken(error);
    }
  }

  /** Those that came before it was known whose they are may be missing. */
  #follow(name: string): void {
    const at = this.#arrived.indexOf(name);
    assert(at !== -1, `promise 2: ${name} is told, and did not come, or came before another that was told`);
    this.#arrived.splice(0, at + 1);
  }

  /** One that was never seen running owes no `stopped`. */
  #forgetUnbegun(except: string | null = null): void {
    for (const [incarnation, run] of this.lifecycles.runs)
      if (incarnation !== except && !hasBegun(run)) run.stopped = true;
  }

  #requireBegun(incarnation: string | null): void {
    const run = incarnation === null ? undefined : this.lifecycles.runs.get(incarnation);
    assert(run === undefined || hasBegun(run), 'promise 4: stopped of a run that did not begin');
  }

  #meet({ args, incarnation, id }: Extract<DomainEvent, { type: 'state' }>): void {
    const isMet = args.attached === true && incarnation !== null;
    if (isMet || !args.active) this.#forgetUnbegun(incarnation);
    if (isMet && !this.lifecycles.runs.has(incarnation))
      this.lifecycles.met(incarnation, id, this.#begunWhenMet.has(incarnation) ? 'met' : 'managed');
  }
}

/** What still waited when the domain was let go. */
const isOfDetaching = (event: DomainEvent): boolean =>
  event.type === 'outcome' && event.args.why === 'detached';
