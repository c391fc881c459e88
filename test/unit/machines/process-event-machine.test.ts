import { describe, expect, test } from 'vitest';
import { createActor, createEmptyActor, fromPromise, SimulatedClock } from 'xstate';
import type { Outcome } from '../../../src/events/outcome.ts';
import { processEventMachine } from '../../../src/machines/index.ts';
import { JOB_TIMEOUT_MS } from '../../../src/machines/process-event-machine.ts';

interface Options {
  readonly timeoutMs?: number;
  readonly job?: 'query' | null;
  readonly handler?: () => Promise<Outcome>;
}

/** One process event with a domain that only listens. */
function life({ job = 'query', handler, timeoutMs = 5000 }: Options = {}) {
  const said: { type: string; outcome?: Outcome }[] = [];
  const domain = createEmptyActor();
  domain.send = (event) => void said.push(event);
  // `sendTo` relays through the system.
  Object.assign(domain, { _send: (event: { type: string }) => said.push(event) });
  const clock = new SimulatedClock();
  let signal: AbortSignal | undefined;
  const logic = processEventMachine.provide({
    actors: {
      handler: fromPromise(({ signal: given }) => {
        signal = given;
        return handler?.() ?? new Promise<never>(() => {});
      }),
    },
  });
  const input = {
    id: 'processEvent#1',
    type: 't',
    data: {},
    incarnation: 'run-1',
    job,
    timeoutMs,
    domain,
  };
  const actor = createActor(logic, { input, clock });
  actor.start();
  return { actor, said, clock, signal: () => signal };
}

const ended = (said: readonly { type: string; outcome?: Outcome }[]): (Outcome | undefined)[] =>
  said.filter(({ type }) => type === 'processEvent.ended').map(({ outcome }) => outcome);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the life of a process event: job → still active? → run → outcome', () => {
  test('it asks for the job, and runs when it is granted for its own incarnation', () => {
    const { actor, said } = life();
    expect(said).toEqual([{ type: 'domainJob.requested', id: 'processEvent#1', kind: 'query' }]);
    actor.send({ type: 'domainJob.granted', incarnation: 'run-1' });
    expect(actor.getSnapshot().value).toBe('running');
  });

  test('a job granted in another incarnation is too late: it never runs (libvirt-events.md R4, R6)', () => {
    const { actor, said, signal } = life();
    actor.send({ type: 'domainJob.granted', incarnation: 'run-2' });
    expect(signal()).toBeUndefined();
    expect(ended(said)).toEqual([{ status: 'ignored', why: 'domain gone' }]);
  });

  test('one without a job runs at once', () => {
    expect(life({ job: null }).actor.getSnapshot().value).toBe('running');
  });

  test('no job within 30 s is a failure that may be tried again (VIR_JOB_WAIT_TIME; libvirt loses it)', () => {
    const { said, clock } = life({ timeoutMs: 60_000 });
    clock.increment(JOB_TIMEOUT_MS);
    expect(ended(said)).toEqual([{ status: 'failed', why: 'no job in time', retry: true }]);
  });

  test('a handler that takes too long is stopped, its signal aborted', () => {
    const { actor, said, clock, signal } = life();
    actor.send({ type: 'domainJob.granted', incarnation: 'run-1' });
    clock.increment(5000);
    expect(signal()?.aborted).toBe(true);
    expect(ended(said)).toEqual([{ status: 'failed', why: 'took too long', retry: true }]);
  });

  test('the outcome of the handler is told once', async () => {
    const outcome: Outcome = { status: 'done', facts: { removedDevices: ['d'] } };
    const { actor, said, clock } = life({ handler: () => Promise.resolve(outcome) });
    actor.send({ type: 'domainJob.granted', incarnation: 'run-1' });
    await turn();
    clock.increment(1_000_000);
    actor.send({ type: 'domainJob.granted', incarnation: 'run-1' });
    expect(ended(said)).toEqual([outcome]);
  });

  test('a handler that rejects is a failure, and not the end of its domain (design §3)', async () => {
    const { actor, said } = life({ handler: () => Promise.reject(new Error('a bug')) });
    actor.send({ type: 'domainJob.granted', incarnation: 'run-1' });
    await turn();
    expect(ended(said)).toEqual([{ status: 'failed', why: 'Error: a bug' }]);
  });

  test('stopped by its domain, wherever it is, it aborts its handler and says nothing more', async () => {
    const { actor, said, signal } = life();
    actor.send({ type: 'domainJob.granted', incarnation: 'run-1' });
    actor.stop();
    await turn();
    expect(signal()?.aborted).toBe(true);
    expect(ended(said)).toEqual([]);
  });
});
