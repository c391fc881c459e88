/**
 * A QEMU answers, for the first time or again: what it has, and how that is.
 *
 * libvirt 9.0.0 `qemu_process.c:qemuProcessRefreshState`, `qemuProcessReconnect`.
 */
import { messageOf } from '../../errors.ts';
import { believesQemu } from '../../machines/domain-devices.ts';
import { discoverDevices } from '../discovery/discover-devices.ts';
import { PERIPHERAL, parsePeripherals } from '../discovery/peripherals.ts';
import type { Lease } from '../lease.ts';
import { goneDevices, missedEvents } from '../missed.ts';
import { notOlder, readFacts } from '../read-facts.ts';
import { recoverJobs } from '../recover-jobs.ts';
import { actionsFor } from '../set-actions.ts';
import type { Handler } from './handler.ts';

/**
 * Only looks, but for the actions that policies of a domain of ours need. Devices that the embedder told are not
 * doubted. After a gap, what changed meanwhile is announced.
 */
export const attached: Handler<'attached'> = async (_, lease) => {
  const { ask, process, runtime, signal } = lease;
  await lease.probe();
  const peripherals = parsePeripherals(await ask('qom-list', { path: PERIPHERAL }));
  const plugged = peripherals?.map(({ alias }) => alias) ?? null;
  const found = believesQemu(lease.facts())
    ? await discoverDevices({ peripherals, execute: ask, runtime, process, signal })
    : null;
  const before = lease.facts().facts;
  const answers = await readFacts(ask, found ?? lease.facts().devices);
  const { qemuJobs } = await recoverJobs(lease);
  const { devices, facts, work } = lease.facts();
  const read = notOlder(before, facts, answers);
  // One whose event has come is told by that.
  const told = work.waiting.flatMap(({ event }) =>
    event.type === 'deviceDeleted' ? [event.data.alias] : [],
  );
  const gone = goneDevices(facts.plugged, plugged).filter((alias) => !told.includes(alias));
  const emits = facts.plugged === null ? [] : missedEvents(found ?? devices, gone, facts, read);
  const known = { ...read, ...(plugged === null ? {} : { plugged }) };
  return {
    ...(await setActions(lease)),
    facts: { known, qemuJobs, removedDevices: gone, ...(found === null ? {} : { devices: found }) },
    emits,
  };
};

/** What the policies need of QEMU. */
async function setActions(lease: Lease): Promise<{ status: 'done' | 'failed'; why?: string }> {
  const actions = lease.control === null ? null : actionsFor(lease.facts().policies);
  if (actions === null) return { status: 'done' };
  try {
    await lease.execute('set-action', actions);
    return { status: 'done', why: `set-action ${JSON.stringify(actions)}` };
  } catch (error) {
    if (lease.signal.aborted) throw error;
    return { status: 'failed', why: `the policies are not in effect: ${messageOf(error)}` };
  }
}
