/** What subscribers of one domain are told, beside the order of its lifecycle: whether it fits together. */
import assert from 'node:assert/strict';
import type { DomainEvent } from '../../domain.ts';
import { type DomainDevices, findDevice } from '../../events/devices.ts';
import { hasBegun, type Lifecycles } from './lifecycles.ts';

/** What may follow the `stopped` of an incarnation. A drop is nobody's any more. */
const AFTER_STOPPED = ['state', 'job-completed', 'drop', 'detached'];

export class Story {
  readonly #lifecycles: Lifecycles;
  #state = 'shutoff';
  #incarnation: string | null = null;
  /** A lifecycle event was told since the last state. */
  #isExplained = false;
  /** Of the present incarnation: devices that are gone, and those of which that is still to be told. */
  #removed = new Set<string>();
  #toRemove = new Set<string>();
  /** Incarnations of which a `destroy()` came to its end. */
  readonly #destroyed = new Set<string>();
  #controlErrors = 0;
  /** How often somebody wrote what is no QMP. */
  spoiled = 0;

  constructor(lifecycles: Lifecycles) {
    this.#lifecycles = lifecycles;
  }

  /** @throws AssertionError */
  tell(event: DomainEvent): void {
    const { type, incarnation } = event;
    const isOver = this.#lastOf(incarnation).startsWith('stopped');
    assert(!isOver || AFTER_STOPPED.includes(type), `promise 4: ${type} after stopped`);
    if (type === 'lifecycle') this.#isExplained = true;
    else if (type === 'state') this.#follow(event);
    else if (type === 'device-removed') {
      const { alias } = event.args;
      assert(!this.#removed.has(alias), `promise 1: ${alias} is removed a second time`);
      this.#removed.add(alias);
      this.#toRemove.delete(alias);
    } else if (type === 'control-error') {
      this.#controlErrors += 1;
      assert(this.#controlErrors <= this.spoiled, 'promise 7: control-error, and all that came was QMP');
    }
  }

  /** QEMU has let go of one of the devices. */
  isToRemove(devices: DomainDevices, alias: string | null): void {
    if (alias !== null && findDevice(devices, alias) !== undefined) this.#toRemove.add(alias);
  }

  /** A caller of `destroy()` was told that it is done. */
  destroyed(incarnation: string): void {
    this.#destroyed.add(incarnation);
  }

  /** What holds once nothing is left to be told. @throws AssertionError */
  checkSettled(): void {
    assert.deepEqual([...this.#toRemove], [], 'promise 1: it is told of each device that is gone');
    for (const incarnation of this.#destroyed) {
      const last = this.#lastOf(incarnation);
      if (last.startsWith('stopped'))
        assert.equal(last, 'stopped destroyed', 'promise 4: what was destroyed has stopped otherwise');
    }
  }

  /** Each change is announced, but of a run that did not begin, and a reset of one that crashed. */
  #follow({ args, incarnation }: Extract<DomainEvent, { type: 'state' }>): void {
    const { state } = args;
    const isSilent = this.#state === 'crashed' && state === 'paused';
    if (args.attached !== true && state !== this.#state && !isSilent && this.#hasBegun())
      assert(
        this.#isExplained,
        `promise 6: it is ${state}, and was ${this.#state}; nothing was told of that`,
      );
    this.#isExplained = false;
    this.#state = state;
    if (incarnation !== this.#incarnation) {
      this.#removed = new Set();
      this.#toRemove = new Set();
    }
    this.#incarnation = incarnation;
  }

  #hasBegun(): boolean {
    const run = this.#lifecycles.runs.get(this.#incarnation ?? '');
    return run !== undefined && hasBegun(run);
  }

  #lastOf(incarnation: string | null): string {
    return this.#lifecycles.runs.get(incarnation ?? '')?.told.at(-1) ?? '';
  }
}
