/** Domains and items for a page to show. */
import type { Counter, DomainView, Item } from '../../../src/dashboard/protocol.ts';

const BEGAN = Date.parse('2026-11-21T09:00:00Z');

/** A domain that runs, or is as `changes` say. */
export function domain(name: string, changes: Partial<DomainView> = {}): DomainView {
  const state = changes.state ?? 'running';
  const active = state !== 'shutoff';
  return {
    key: name,
    name,
    uuid: '11111111-2222-4333-8444-555555555555',
    id: active ? 7 : null,
    incarnation: active ? 'run-1' : null,
    state,
    reason: 'booted',
    active,
    monitor: 'ready',
    since: BEGAN,
    controlled: false,
    job: null,
    waiting: 0,
    actor: {
      id: '',
      machine: 'domain',
      about: '',
      active: active ? ['active', `active.${state}`] : ['shutoff'],
      last: null,
      children: [
        {
          id: 'monitor#1',
          machine: 'monitor',
          about: '',
          active: ['linked', 'linked.ready'],
          last: null,
          children: [],
        },
      ],
    },
    ...changes,
  };
}

export const paused = (name: string, changes: Partial<DomainView> = {}): DomainView => {
  const view = domain(name, { state: 'paused', reason: 'user', ...changes });
  const last = { event: 'qemu.STOP', from: ['active.running'], to: ['active.paused'] };
  return { ...view, actor: { ...view.actor, last } };
};

/** One second after another. */
export const timeOf = (seq: number): number => BEGAN + seq * 1000;

const head = (name: string) => ({ domain: name, uuid: null, id: 7, incarnation: 'run-1' });

/** A QEMU event as it came; the domain does not change. */
export const item = (seq: number, name: string, event = `EVENT_${seq}`, data: object = {}): Item => ({
  seq,
  at: timeOf(seq),
  key: name,
  line: { kind: 'monitor-event', ...head(name), event, timestamp: null, data: { ...data } },
  domain: null,
});

/** The domain is in another state after it. */
export const stateItem = (seq: number, view: DomainView): Item => ({
  seq,
  at: timeOf(seq),
  key: view.key,
  line: {
    kind: 'state',
    ...head(view.name),
    state: view.state as 'running',
    reason: view.reason,
    active: view.active,
    monitor: view.monitor,
  },
  domain: view,
});

export const lifecycleItem = (seq: number, name: string): Item => ({
  ...item(seq, name),
  line: {
    kind: 'event',
    ...head(name),
    event: 'lifecycle',
    args: { event: 'suspended', detail: 'paused' },
  },
});

export const outcomeItem = (seq: number, name: string, status: 'done' | 'ignored' | 'failed'): Item => ({
  ...item(seq, name),
  line: { kind: 'outcome', ...head(name), type: 'nicRxFilterChanged', status },
});

export const hostItem = (seq: number, name: string, mac: string): Item => ({
  ...item(seq, name),
  line: {
    kind: 'host',
    ...head(name),
    device: 'net0',
    interface: 'macvtap0',
    change: { type: 'add-multicast', mac },
    dryRun: true,
  },
});

export const transitionItem = (seq: number, name: string): Item => ({
  ...item(seq, name),
  line: {
    kind: 'transition',
    machine: 'domain',
    actor: '',
    event: 'qemu.STOP',
    from: ['active.running'],
    to: ['active.paused'],
  },
});

export const counter = (reason: string, event: string, count: number): Counter => ({ reason, event, count });
