/**
 * Worlds around a domain: the real machines of a domain, its process events, operations and QEMU jobs; handlers that
 * may end as they like, at any moment; and QEMU, its monitor and the callers of the API as events from outside.
 *
 * What is left out: process events that are submitted again because they took too long. They would come again
 * without end, and are the same to the domain as new ones.
 */

import type { Outcome } from '../../../src/events/outcome.ts';
import { noPolicies } from '../../../src/events/policies.ts';
import type { DomainContext, DomainInput } from '../../../src/machines/domain-context.ts';
import type { OperationName } from '../../../src/machines/domain-operations.ts';
import { domainMachine } from '../../../src/machines/index.ts';
import type {
  OutsideEvent,
  WorldChild,
  WorldOptions,
  WorldOutcome,
  WorldView,
} from '../../../src/model/index.ts';
import { atRest, invariants, livesOf, observers } from './domain-rules.ts';

/** Two runs of QEMU under one name. */
export const runs = { one: 1, two: 2 } as const;
export type Run = keyof typeof runs;

export const contextOf = (world: WorldView): DomainContext =>
  world.snapshot('domain')?.context as DomainContext;

/** A run that ended does not answer any more, and they do not come in another order. */
export const mayAnswer =
  (run: Run) =>
  (world: WorldView): boolean => {
    const lives = livesOf(world);
    return lives[run] !== 'stopped' && (run === 'one' ? lives.two === undefined : lives.one !== undefined);
  };

/** What a run tells comes after its contact; also when it has ended. */
export const isMet =
  (run: Run) =>
  (world: WorldView): boolean =>
    livesOf(world)[run] !== undefined;

/** QEMU answers: it is this run, and so it is found. */
export const ready = (run: Run, runState = 'running') => ({
  type: 'monitor.ready',
  contact: { incarnation: run, id: runs[run], runState, name: 'web1', uuid: null },
});

/** A QEMU event of a run. */
export const qemu = (run: Run, name: string, data: object = {}) => ({
  type: `qemu.${name}`,
  incarnation: run,
  timestamp: null,
  data,
});

export const toDomain = (event: OutsideEvent['event'], more: Partial<OutsideEvent> = {}): OutsideEvent => ({
  to: 'domain',
  event,
  ...more,
});

export const operation = (id: string, name: OperationName, data: object = {}): OutsideEvent =>
  toDomain(
    { type: 'operation.requested', id: `operation#${id}`, operation: name, data, timeoutMs: 1000 } as never,
    { name: `${name}()` },
  );

export const canceled = (id: string): OutsideEvent =>
  toDomain({ type: 'operation.canceled', id: `operation#${id}`, why: 'given up' } as never, {
    name: `${id} is given up`,
  });

export const deviceDeleted = (run: Run) =>
  qemu(run, 'DEVICE_DELETED', { device: 'disk1', path: '/machine/peripheral/disk1' });

export const nicChanged = (run: Run) =>
  qemu(run, 'NIC_RX_FILTER_CHANGED', { name: 'net0', path: '/machine/peripheral/net0' });

export const lost = { type: 'monitor.lost', protocolError: false } as const;
export const attemptFailed = { type: 'monitor.attemptFailed', attempt: 'refused' } as const;

/** The outcome of whoever handles that a device is gone. */
export const removed: Outcome = {
  status: 'done',
  facts: { removedDevices: ['disk1'] },
  emits: [{ type: 'device-removed', args: { alias: 'disk1' } }],
};

const done = (more: Partial<Outcome> = {}): WorldOutcome => ({ output: { status: 'done', ...more } });
const failed: WorldOutcome = { output: { status: 'failed', why: 'QEMU said no' } };
const ignored: WorldOutcome = { output: { status: 'ignored', why: 'nothing to do' } };

/** What each handler may come to; others are done, or fail. */
const outcomesByType: Readonly<Record<string, readonly WorldOutcome[]>> = {
  attached: [done()],
  reset: [done()],
  deviceDeleted: [{ output: removed }, failed],
  monitorEof: [done({ facts: { gone: true } }), ignored],
};

const handlerOutcomes = ({ input }: WorldChild): readonly WorldOutcome[] =>
  outcomesByType[(input as { readonly type: string }).type] ?? [done(), failed];

export const domainInput: DomainInput = {
  key: 'web1',
  devices: null,
  policies: noPolicies,
  monitored: false,
};

/** A world of one domain, and what is to hold of it. */
export const domainWorld = (
  world: Pick<WorldOptions, 'outside' | 'timeouts' | 'mailboxes'>,
  domain: WorldOptions['actors'][string] = { machine: domainMachine, input: domainInput },
): WorldOptions => ({
  actors: { domain },
  outcomes: { handler: handlerOutcomes },
  timeouts: false,
  invariants,
  atRest,
  observers,
  ...world,
});
