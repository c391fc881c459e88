/** What holds of a domain's machine between two steps, whatever came. Numbers as in `docs/states.md`. */
import assert from 'node:assert/strict';
import type { SnapshotFrom } from 'xstate';
import { domainStates } from '../../events/domain-state.ts';
import { isAsyncJob, type JobKind } from '../../events/jobs.ts';
import { processEvents } from '../../events/process-events.ts';
import type { domainMachine } from '../../machines/domain-machine.ts';
import { reportedState } from '../../machines/reported-state.ts';

/** How many invariants `checkStructure` evaluates. */
export const STRUCTURE_CHECKS = 10;

/** @throws AssertionError that begins with the rule that is broken */
export function checkStructure(snapshot: SnapshotFrom<typeof domainMachine>): void {
  const { incarnation, reason, work, qemuJobs, facts, monitor } = snapshot.context;
  assert.notEqual(snapshot.status, 'error', 'promise 7: a domain fails by nothing that comes');
  const state = reportedState(snapshot);
  assert.equal(incarnation === null, state === 'shutoff', '11: no incarnation iff shut off');
  const reasons: readonly string[] = domainStates[state];
  assert(reasons.includes(reason), `11: ${reason} is no reason of ${state}`);
  const { holder, async, waiters } = work.jobs;
  const isLive = (id: string): boolean => Object.hasOwn(work.operations, id) || work.running?.id === id;
  for (const id of [holder, async?.holder ?? null, ...waiters.map((waiter) => waiter.id)])
    assert(id === null || isLive(id), `promise 1: the job is held for nobody: ${id}`);
  for (const { operation } of Object.values(work.takeovers))
    assert(isLive(operation), `promise 1: something waits for ${operation}, which is over`);
  assert.deepEqual(
    Object.keys(qemuJobs.byId),
    Object.keys(facts.jobs),
    'promise 1: two tables of one kind of job',
  );
  const { waiting } = work;
  const keys = waiting.flatMap(({ key, event }) => (key === null ? [] : [`${event.type} ${key}`]));
  assert.equal(new Set(keys).size, keys.length, 'promise 7: equal process events wait beside each other');
  for (const [id, child] of Object.entries(snapshot.children)) {
    const { value, context } = (child?.getSnapshot() ?? {}) as {
      value?: unknown;
      context?: { job?: unknown };
    };
    const { job } = context ?? {};
    if (value === 'running' && typeof job === 'string')
      assert(
        holder === id || (isAsyncJob(job as JobKind) && async?.holder === id),
        `promise 2: ${id} runs, and has no job`,
      );
  }
  if (incarnation === null)
    assert.equal(
      waiting.length + waiters.length + (holder === null ? 0 : 1),
      0,
      'promise 3: work of a domain that is off',
    );
  const { running } = work;
  const overtakes = running === null || processEvents[running.event.type].overtakes;
  if (incarnation === null || snapshot.matches('stopping')) {
    assert(overtakes, 'promise 3: a lease outlives its domain');
    for (const operation of Object.values(work.operations))
      assert.equal(operation, 'destroy', 'promise 3: a lease outlives its domain');
  }
  if (monitor === 'lost' && running !== null && !overtakes)
    assert.notEqual(
      snapshot.children[running.id]?.getSnapshot().value,
      'running',
      'promise 3: a lease outlives its monitor',
    );
}
