/**
 * The familiar entry: a machine's tests by XState's own `createTestModel` (`xstate/graph`, the same as in `@xstate/test`).
 *
 * The QEMU job machine has neither `invoke` nor `after`, and its context does not grow; so it is one that this takes.
 */

import { describe, expect, test } from 'vitest';
import { createActor, createEmptyActor, fromTransition } from 'xstate';
import { createTestModel } from 'xstate/graph';
import { jobStatuses } from '../../src/events/qemu-events.ts';
import {
  domainMachine,
  monitorMachine,
  processEventMachine,
  type QemuJobMachineEvent,
  qemuJobMachine,
} from '../../src/machines/index.ts';

const job = { actor: 'qemuJob#1', id: 'job0', foundAs: 'undefined' } as const;

const statuses = jobStatuses.map(
  (status): QemuJobMachineEvent => ({ type: `status.${status}`, reconstructed: false }),
);

/** The system under test: the machine as it lives below a domain that notes what it is told. */
function startJob() {
  const told: string[] = [];
  const domain = createActor(
    fromTransition((state: null, { type }) => {
      told.push(type);
      return state;
    }, null),
  ).start();
  return { actor: createActor(qemuJobMachine, { input: { ...job, domain } }).start(), told };
}

const model = createTestModel(qemuJobMachine);
const input = { ...job, domain: createEmptyActor() };

type Path = ReturnType<typeof model.getShortestPaths>[number];

/** Walks a path. Nothing is told twice on it (the machine's own rule). */
async function walk(path: Path): Promise<void> {
  const { actor, told } = startJob();
  const send = ({ event }: { event: QemuJobMachineEvent }) => actor.send(event);
  await path.test({
    events: Object.fromEntries(statuses.map(({ type }) => [type, send])),
    states: { '*': ({ value }) => expect(actor.getSnapshot().value).toEqual(value) },
  });
  expect(told).toEqual([...new Set(told)]);
}

describe('a QEMU job, on the shortest way to each of its states by each transition', () => {
  const paths = model.getShortestPaths({ events: statuses, input });

  const titled = paths.map((path) => {
    const [, ...types] = path.steps.map(({ event }) => event.type);
    return [types.join(', '), path] as const;
  });

  test.each(titled)('%s', (_, path) => walk(path));

  test('these are all of its states', () => {
    const reached = paths.flatMap(({ steps }) => steps.map(({ state }) => JSON.stringify(state.value)));
    expect(new Set(reached).size).toBe(jobStatuses.length);
  });
});

test('a QEMU job that comes back to `ready` is told so once: no shortest way leads there twice', async () => {
  const events = (['ready', 'standby', 'ready'] as const).map(
    (status): QemuJobMachineEvent => ({ type: `status.${status}`, reconstructed: false }),
  );
  const [path] = model.getPathsFromEvents(events, { input });
  expect(path?.steps).toHaveLength(events.length + 1);
  await walk(path as Path);
});

describe('what createTestModel does not take, and `qemu-actors/model` is there for', () => {
  test('a machine that invokes', () => {
    expect(() => createTestModel(monitorMachine)).toThrow('Invocations on test machines are not supported');
  });

  test('a machine that has time-outs', () => {
    expect(() => createTestModel(processEventMachine)).toThrow(
      'After events on test machines are not supported',
    );
  });

  test('a machine whose context grows, however few its states are', () => {
    const input = {
      key: 'web1',
      devices: null,
      policies: { onPoweroff: null, onReboot: null, onCrash: null },
      monitored: false,
    };
    const incarnation = 'run-1';
    const contact = { incarnation, id: 1, runState: 'running', name: null, uuid: null };
    const events = [
      { type: 'monitor.ready', contact } as const,
      { type: 'qemu.DEVICE_DELETED', data: { device: 'net0' }, timestamp: null, incarnation } as const,
    ];
    expect(() => createTestModel(domainMachine).getShortestPaths({ events, input, limit: 1000 })).toThrow(
      'Traversal limit exceeded',
    );
  });
});
