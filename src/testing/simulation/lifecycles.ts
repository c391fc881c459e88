/**
 * What holds of the lifecycle events of a domain, over all its incarnations. The numbers are libvirt's invariants as they
 * were found (`docs/states.md`).
 */
import assert from 'node:assert/strict';
import type { Lifecycle } from '../../events/domain-state.ts';

export interface LifecycleItem {
  readonly args: Lifecycle;
  readonly incarnation: string | null;
  readonly id: number | null;
}

/** The lifecycle of one incarnation, as it was told. */
interface Run {
  readonly id: number | null;
  readonly told: string[];
  /** Met while it was active, or started by a manager: no STARTED is owed at its beginning. */
  readonly begin: 'met' | 'started' | 'managed';
  stopped: boolean;
}

/** Whether it owes a `stopped`: else it was never seen running. */
export const hasBegun = ({ begin, told }: Run): boolean =>
  begin !== 'managed' || told.some((one) => one.startsWith('started'));

/** Follows the lifecycle events of a domain, live or not: 1–3, 6, 7, 11, 12. Throws an AssertionError where one is broken. */
export class Lifecycles {
  readonly runs = new Map<string, Run>();
  #lastId = 0;

  /** An incarnation that was met while it was active, or that a manager starts. */
  met(incarnation: string, id: number | null, begin: 'met' | 'managed'): void {
    if (!this.runs.has(incarnation)) this.#add(incarnation, id, begin);
  }

  tell({ args: { event, detail }, incarnation, id }: LifecycleItem): void {
    if (event === 'defined' || event === 'undefined') return;
    assert(incarnation !== null, `22: ${event} ${detail} of no incarnation`);
    const known = this.runs.get(incarnation);
    const run = known ?? this.#add(incarnation, id, 'started');
    if (known === undefined)
      assert.equal(event, 'started', '6: STARTED is the first event of an incarnation');
    assert.equal(id, run.id, '11: each event carries the id of its incarnation');
    assert(!run.stopped, `1, 2: ${event} ${detail} after STOPPED`);
    if (event === 'started' && detail !== 'wakeup') {
      const starts = run.told.filter((one) => one.startsWith('started') && one !== 'started wakeup');
      assert.deepEqual(starts, [], '7: one STARTED');
      if (run.begin === 'started') assert.deepEqual(run.told, [], '6: STARTED is the first event');
    }
    if (event === 'stopped') run.stopped = true;
    if (event === 'shutdown')
      assert.notEqual(run.told.at(-1)?.split(' ')[0], 'shutdown', '3: a second SHUTDOWN');
    run.told.push(`${event} ${detail}`);
  }

  #add(incarnation: string, id: number | null, begin: Run['begin']): Run {
    assert(id !== null && id > this.#lastId, '12: ids grow');
    for (const [other, { stopped }] of this.runs)
      assert(stopped, `12: ${incarnation} begins before the STOPPED of ${other}`);
    this.#lastId = id;
    const run: Run = { id, told: [], begin, stopped: false };
    this.runs.set(incarnation, run);
    return run;
  }
}
