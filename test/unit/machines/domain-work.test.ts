/** What the domain machine makes of work that its run did not outlive. */
import { expect, test } from 'vitest';
import { Walk } from './walk.ts';

/** A domain that lost its monitor, and asks whether its process is gone. */
function asking(): { walk: Walk; id: string; incarnation: string } {
  const walk = new Walk();
  walk.contact('running');
  walk.send({ type: 'monitor.lost', protocolError: false });
  walk.send({ type: 'monitor.attemptFailed', attempt: 'failed' });
  const { running } = walk.snapshot.context.work;
  return { walk, id: running?.id ?? '', incarnation: walk.incarnation };
}

test('the outcome of an earlier incarnation is ignored, whatever it says (promise 3)', () => {
  const { walk, id, incarnation } = asking();
  walk.contact('running');
  const outcome = { status: 'done', facts: { gone: true } } as const;
  const step = walk.send({ type: 'processEvent.ended', id, incarnation, outcome });
  expect(step).toEqual({ state: 'running booted', emitted: ['outcome monitorEof ignored domain gone'] });
});

test('an operation that began while the monitor was lost ends before `stopped` (promise 4; design §3 "Lease")', () => {
  const { walk, id, incarnation } = asking();
  walk.send({
    type: 'operation.requested',
    id: 'operation#1',
    operation: 'suspend',
    data: {},
    timeoutMs: 1000,
  });
  const outcome = { status: 'done', facts: { gone: true } } as const;
  const step = walk.send({ type: 'processEvent.ended', id, incarnation, outcome });
  expect(step.emitted).toEqual(['outcome monitorEof done', 'operation ignored', 'lifecycle stopped failed']);
  expect(walk.snapshot.context.work.operations).toEqual({});
});
