/**
 * What is left to do when QEMU says that a device is gone: the one way, for handlers and for whoever waited.
 *
 * Rules of this file: the device is gone, whatever becomes of what stood behind it. So it leaves the domain, and
 * that is announced, in every case; what QEMU kept is said in the outcome. Names of backends are libvirt's.
 *
 * libvirt 9.0.0 `qemu_hotplug.c:qemuDomainRemoveDevice`, `qemu_alias.c`. Differs: a backend that stays does not keep
 * the device in the domain. A video, sound, balloon or TPM device, which libvirt cannot unplug and announces all the
 * same, leaves the domain like any other.
 */
import { messageOf, StateError } from '../errors.ts';
import { type DomainDevice, findDevice, isDisk, isMemory, isVcpuAlias } from '../events/devices.ts';
import type { Outcome } from '../events/outcome.ts';
import { believesQemu } from '../machines/domain-devices.ts';
import { elementsOf, memberOf, textOf } from './discovery/ask.ts';
import type { Lease } from './lease.ts';
import { readBalloon } from './read-facts.ts';

/** A device's part on the host's side, as QEMU knows it. */
interface Backend {
  readonly command: 'blockdev-del' | 'chardev-remove' | 'netdev_del' | 'object-del';
  readonly name: string;
  /** What it is if it is not this. */
  readonly or?: Backend;
  /** QEMU may keep it, and nobody is to be told. */
  readonly mayStay?: true;
}

const chardev = (name: string): Backend => ({ command: 'chardev-remove', name });
const object = (name: string): Backend => ({ command: 'object-del', name });

function backendsOf(device: DomainDevice, alias: string): readonly Backend[] {
  // The active layer first; one that others use, or a block job, stays.
  if (isDisk(device)) return device.nodes.map((name) => ({ command: 'blockdev-del', name, mayStay: true }));
  switch (device.type) {
    case 'net':
      return [{ command: 'netdev_del', name: `host${alias}` }];
    case 'channel':
    case 'console':
    case 'parallel':
    case 'serial':
      return [chardev(`char${alias}`)];
    case 'redirdev':
      return [{ ...chardev(`char${alias}`), mayStay: true }];
    case 'fs':
      // 9pfs has none.
      return [{ ...chardev(`chr-vu-${alias}`), mayStay: true }];
    case 'memory':
      return [object(`mem${alias}`)];
    case 'rng':
      return [object(`obj${alias}`)];
    case 'shmem':
      // One without a server has memory, one with a server has a connection to it.
      return [{ ...object(`shmmem-${alias}`), or: chardev(`char${alias}`) }];
    default:
      return [];
  }
}

/** Takes a device that QEMU has let go of out of the domain, and what stood behind it out of QEMU. */
export async function removeDevice(alias: string, lease: Lease): Promise<Outcome> {
  const domain = lease.facts();
  const device = findDevice(domain.devices, alias);
  if (isVcpuAlias(alias) && (device === undefined || device.type === 'other'))
    return removeVcpu(alias, lease);
  if (device === undefined && !believesQemu(domain)) return { status: 'ignored', why: `no device ${alias}` };
  // What stands behind the device of somebody else's QEMU is theirs.
  const backends = lease.control === null || device === undefined ? [] : backendsOf(device, alias);
  const left: string[] = [];
  for (const backend of backends) {
    const why = await remove(backend, lease);
    if (why !== null && backend.mayStay !== true) left.push(`${backend.name} was not removed: ${why}`);
  }
  const known = device !== undefined && isMemory(device) ? await readMemory(alias, lease) : null;
  return {
    status: 'done',
    ...(left.length === 0 ? {} : { why: left.join('; ') }),
    facts: { removedDevices: [alias], ...(known === null ? {} : { known }) },
    emits: [{ type: 'device-removed', args: { alias } }],
  };
}

/** Null: QEMU does not have it any more; else why it still does. @throws the signal's reason */
async function remove({ command, name, or }: Backend, lease: Lease): Promise<string | null> {
  try {
    if (command === 'blockdev-del') await lease.execute(command, { 'node-name': name });
    else await lease.execute(command, { id: name });
    return null;
  } catch (error) {
    lease.signal.throwIfAborted();
    // A replay has nothing to remove it from.
    if (error instanceof StateError && error.code === 'ERR_NOT_RECORDED') return null;
    return or === undefined ? messageOf(error) : remove(or, lease);
  }
}

/** libvirt 9.0.0 `qemu_hotplug.c:qemuDomainRemoveMemoryDevice`, `qemu_process.c:qemuProcessRefreshBalloonState` */
async function readMemory(alias: string, { ask, facts }: Lease): Promise<{ balloonKiB: number } | null> {
  const { [alias]: _, ...memoryKiB } = facts().facts.memoryKiB;
  const balloonKiB = await readBalloon(ask, memoryKiB);
  return balloonKiB === null ? null : { balloonKiB };
}

/** QEMU's lists of CPUs. */
const CPU_LISTS = ['query-cpus-fast', 'query-hotpluggable-cpus'] as const;

/** Without an event of its own. libvirt 9.0.0 `qemu_hotplug.c:qemuDomainRemoveVcpu` */
async function removeVcpu(alias: string, lease: Lease): Promise<Outcome> {
  const path = `/machine/peripheral/${alias}`;
  for (const command of CPU_LISTS) {
    if (lease.lacks(command)) continue;
    const cpus = elementsOf(await lease.ask(command), Number.POSITIVE_INFINITY);
    const paths = cpus.map((cpu) => textOf(memberOf(cpu, 'qom-path')));
    if (paths.some((each) => each === path || each?.startsWith(`${path}/`) === true))
      return { status: 'failed', why: `QEMU still has ${alias}` };
  }
  return { status: 'done', facts: { removedDevices: [alias] } };
}
