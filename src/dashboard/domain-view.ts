/** How a domain is now, as the page shows it: plain, bounded, without what changes with each event. */
import type { AnyActorRef } from 'xstate';
import type { DomainRecord } from '../actors/environment.ts';
import { reportedState } from '../machines/reported-state.ts';
import type { ActorView, DomainView } from './protocol.ts';
import { shorten } from './shorten.ts';
import { machineStateOf, pathsOf } from './state-paths.ts';

/** Of the children of one actor; QEMU may have any number of jobs. */
const MAX_CHILDREN = 64;

/** What is shown of a domain's record; a replay has the same. */
export type ShownRecord = Pick<DomainRecord, 'name' | 'uuid' | 'control' | 'actor'>;

type LastOf = (actor: object) => ActorView['last'];

export function viewDomain(key: string, record: ShownRecord, since: number, lastOf: LastOf): DomainView {
  const { actor, name, uuid, control } = record;
  const snapshot = actor.getSnapshot();
  const { reason, monitor, incarnation, work } = snapshot.context;
  const { holder, async, waiters } = work.jobs;
  return {
    key,
    name: shorten(name),
    uuid: uuid === null ? null : shorten(uuid),
    id: incarnation?.id ?? null,
    incarnation: incarnation?.uuid ?? null,
    state: reportedState(snapshot),
    reason,
    active: incarnation !== null,
    monitor,
    since,
    controlled: control,
    job: holder ?? async?.holder ?? null,
    waiting: work.waiting.length + waiters.length,
    actor: {
      id: '',
      machine: 'domain',
      about: '',
      active: pathsOf(snapshot.value),
      last: lastOf(actor),
      children: viewChildren(snapshot.children, lastOf),
    },
  };
}

const ranks = { monitor: 0, domain: 1, 'process-event': 1, 'qemu-job': 2 } as const;

function viewChildren(
  children: Readonly<Record<string, AnyActorRef | undefined>>,
  lastOf: LastOf,
): ActorView[] {
  const views: ActorView[] = [];
  for (const child of Object.values(children)) {
    const state = child === undefined ? null : machineStateOf(child.getSnapshot());
    if (child === undefined || state === null) continue;
    views.push({
      id: shorten(child.id),
      machine: state.machine,
      about: shorten(aboutOf(state.machine, state.context)),
      active: pathsOf(state.value),
      last: lastOf(child),
      children: viewChildren(state.children, lastOf),
    });
    if (views.length === MAX_CHILDREN) break;
  }
  return views.sort((one, other) => ranks[one.machine] - ranks[other.machine]);
}

/** The type of a process event or operation; QEMU's id of a job. */
function aboutOf(machine: ActorView['machine'], context: unknown): string {
  if (machine === 'process-event') return (context as { readonly type: string }).type;
  return machine === 'qemu-job' ? (context as { readonly id: string }).id : '';
}
