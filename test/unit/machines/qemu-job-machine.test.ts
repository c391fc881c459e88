import { describe, expect, test } from 'vitest';
import { createActor, createEmptyActor } from 'xstate';
import type { QemuJobStatus } from '../../../src/events/qemu-jobs.ts';
import { qemuJobMachine } from '../../../src/machines/index.ts';
import type { QemuJobTold } from '../../../src/machines/qemu-job-machine.ts';

/** One job with a domain that only listens; a status with `!` was found after a gap. */
function life(statuses: string, foundAs: QemuJobStatus = 'undefined') {
  const said: string[] = [];
  const domain = createEmptyActor();
  const hear = (event: QemuJobTold): void =>
    void said.push(
      `${event.type}${event.reconstructed ? ' (reconstructed)' : ''} ${event.actor} ${event.id}`,
    );
  // `sendTo` relays through the system.
  Object.assign(domain, { _send: hear });
  const input = { actor: 'qemuJob#1', id: 'constructor', foundAs, domain };
  const actor = createActor(qemuJobMachine, { input });
  actor.start();
  for (const status of statuses.split(' ').filter((word) => word !== ''))
    actor.send({
      type: `status.${status.replace('!', '') as QemuJobStatus}`,
      reconstructed: status.endsWith('!'),
    });
  const words = said.map((word) => word.replace('qemuJob.', '').replace(' qemuJob#1 constructor', ''));
  return { state: actor.getSnapshot().value, said: words };
}

describe('the life of a QEMU job', () => {
  // The recordings: block-jobs, block-job-cancel-error, blockdev-create-job.
  test.each([
    ['a mirror', 'created running ready waiting pending concluded null', ['ready', 'concluded', 'dismissed']],
    ['a backup', 'created running paused running waiting pending concluded null', ['concluded', 'dismissed']],
    ['cancelled', 'created running aborting concluded null', ['concluded', 'dismissed']],
    ['not dismissed', 'created running waiting pending concluded', ['concluded']],
  ])('%s: %s (QEMU job.c:JobSTT)', (_, statuses, said) => {
    const { state, said: heard } = life(statuses);
    expect(heard).toEqual(said);
    expect(state).toEqual(said.includes('dismissed') ? 'null' : 'concluded');
  });

  test('it says its own id and its actor', () => {
    const said: QemuJobTold[] = [];
    const domain = createEmptyActor();
    Object.assign(domain, { _send: (event: QemuJobTold) => said.push(event) });
    const input = { actor: 'qemuJob#7', id: 'a', foundAs: 'running', domain } as const;
    const actor = createActor(qemuJobMachine, { input }).start();
    actor.send({ type: 'status.concluded', reconstructed: false });
    expect(said).toEqual([{ type: 'qemuJob.concluded', id: 'a', actor: 'qemuJob#7', reconstructed: false }]);
  });

  test('that it is ready is told once, although a drain makes it ready again (qemuBlockJobEventProcessReady)', () => {
    const { said, state } = life('created running ready standby ready standby ready');
    expect(said).toEqual(['ready']);
    expect(state).toEqual({ working: 'ready' });
  });

  test.each(['ready', 'standby'] as const)('one that was found %s is not told as ready', (status) => {
    expect(life('', status)).toEqual({ state: { working: status }, said: [] });
    expect(life('standby ready', status).said).toEqual([]);
  });

  test.each(['created', 'running', 'paused', 'waiting', 'pending', 'aborting'] as const)(
    'one that was found %s is so, and nothing is told',
    (status) => {
      expect(life('', status)).toEqual({ state: { working: status }, said: [] });
      expect(life('ready', status).said).toEqual(['ready']);
    },
  );

  test('one whose command failed never ran: nothing is told of an end (QEMU job.c:job_early_fail)', () => {
    expect(life('created null')).toEqual({ state: 'null', said: ['neverRan'] });
  });

  test('what was found after a gap is marked so', () => {
    expect(life('created ready!').said).toEqual(['ready (reconstructed)']);
    expect(life('created running concluded!').said).toEqual(['concluded (reconstructed)']);
  });

  test('one that is gone after a gap has concluded, even if it was only created before', () => {
    const said = ['concluded (reconstructed)', 'dismissed (reconstructed)'];
    expect(life('created null!')).toEqual({ state: 'null', said });
    expect(life('created running null!')).toEqual({ state: 'null', said });
  });

  test.each(['concluded', 'null'])('one that is %s does not come back', (status) => {
    const before = life(`created running ${status}`);
    expect(life(`created running ${status} ready running concluded`)).toEqual(before);
  });
});
