/**
 * How a domain's devices are, asked of QEMU: what events would have told, had we heard them.
 *
 * What QEMU refuses to say, or says in a way that QAPI does not, stays as it was known.
 *
 * libvirt 9.0.0 `qemu_process.c:qemuProcessRefreshState`, `qemuProcessRefreshDisks`, `qemuRefreshVirtioChannelState`.
 */
import { type DomainDevices, findDevice, findDisk, isChannel, isMemory } from '../events/devices.ts';
import type { DomainEventItem, GraphicsAddress } from '../events/domain-events.ts';
import { type DomainFacts, type GraphicsClient, MAX_CLIENTS, ownOf } from '../events/facts.ts';
import { migrationStatuses } from '../events/qemu-events.ts';
import { type Ask, askProperty, elementsOf, memberOf, textOf } from './discovery/ask.ts';

const KIB = 1024;

const isBytes = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

type Trays = DomainFacts['trays'];

/** Trays of removable media, by alias. */
export async function readTrays(ask: Ask, devices: DomainDevices): Promise<Trays> {
  const trays: Record<string, 'open' | 'closed'> = {};
  for (const block of elementsOf(await ask('query-block'))) {
    const drive = textOf(memberOf(block, 'device'));
    const open = memberOf(block, 'tray_open');
    if (memberOf(block, 'removable') !== true || typeof open !== 'boolean') continue;
    const disk = findDisk(devices, { drive: drive ?? '', qom: textOf(memberOf(block, 'qdev')) });
    if (disk !== undefined) trays[disk.alias] = open ? 'open' : 'closed';
  }
  return trays;
}

/** What is announced of trays that moved unseen. libvirt 9.0.0 `qemu_process.c:qemuProcessRefreshDisks` */
export const trayChanges = (before: Trays, now: Trays): DomainEventItem[] =>
  Object.entries(now)
    .filter(([alias, tray]) => (ownOf(before, alias) ?? 'closed') !== tray)
    .map(([alias, tray]) => ({
      type: 'tray-change',
      args: { alias, reason: tray === 'open' ? 'open' : 'close' },
    }));

/** What virtio-mem devices have plugged, by alias. */
export async function readMemory(ask: Ask, devices: DomainDevices): Promise<DomainFacts['memoryKiB']> {
  const sizes: Record<string, number> = {};
  if (devices?.some((device) => isMemory(device) && device.model === 'virtio-mem') !== true) return sizes;
  for (const entry of elementsOf(await ask('query-memory-devices'))) {
    const data = memberOf(entry, 'data');
    const alias = textOf(memberOf(data, 'id'));
    const size = memberOf(data, 'size');
    if (memberOf(entry, 'type') !== 'virtio-mem' || alias === null || !isBytes(size)) continue;
    if (findDevice(devices, alias) !== undefined) sizes[alias] = Math.ceil(size / KIB);
  }
  return sizes;
}

/** Whether guests have their channels open, by alias. */
async function readChannels(ask: Ask, devices: DomainDevices): Promise<DomainFacts['channels']> {
  const channels: Record<string, 'connected' | 'disconnected'> = {};
  const known = (devices ?? []).filter(isChannel);
  if (known.length === 0) return channels;
  const open = new Map<string, boolean>();
  for (const chardev of elementsOf(await ask('query-chardev'))) {
    const label = textOf(memberOf(chardev, 'label'));
    const isOpen = memberOf(chardev, 'frontend-open');
    if (label !== null && typeof isOpen === 'boolean') open.set(label, isOpen);
  }
  for (const { alias } of known) {
    // libvirt names a chardev after its device; others are asked for.
    const label = open.has(`char${alias}`)
      ? `char${alias}`
      : await askProperty(ask, `/machine/peripheral/${alias}`, 'chardev');
    const isOpen = label === null ? undefined : open.get(label);
    if (isOpen !== undefined) channels[alias] = isOpen ? 'connected' : 'disconnected';
  }
  return channels;
}

/** What the guest has, virtio-mem and all; null if QEMU does not tell. */
export async function readBalloon(ask: Ask, memoryKiB: DomainFacts['memoryKiB']): Promise<number | null> {
  const actual = memberOf(await ask('query-balloon'), 'actual');
  if (!isBytes(actual)) return null;
  return Object.values(memoryKiB).reduce((sum, size) => sum + size, Math.ceil(actual / KIB));
}

async function readMigration(ask: Ask): Promise<DomainFacts['migration']> {
  const status = memberOf(await ask('query-migrate'), 'status');
  const known = migrationStatuses.find((word) => word === status);
  return known === undefined ? null : { status: known, pass: null };
}

function addressOf(client: unknown, port: 'service' | 'port'): GraphicsAddress | null {
  const node = textOf(memberOf(client, 'host'));
  const service = textOf(memberOf(client, port));
  if (node === null || service === null) return null;
  const family = memberOf(client, 'family');
  return { family: family === 'ipv6' || family === 'unix' ? family : 'ipv4', node, service };
}

/** Who looks at the guest's screen; that they are through with their setup is not told. */
async function readClients(ask: Ask): Promise<GraphicsClient[]> {
  const lists = [
    ['vnc', 'service', memberOf(await ask('query-vnc'), 'clients')],
    ['spice', 'port', memberOf(await ask('query-spice'), 'channels')],
  ] as const;
  return lists
    .flatMap(([protocol, port, clients]) =>
      elementsOf(clients, MAX_CLIENTS).flatMap((client) => {
        const remote = addressOf(client, port);
        return remote === null ? [] : [{ protocol, remote, phase: 'connect' as const }];
      }),
    )
    .slice(0, MAX_CLIENTS);
}

/** All of it. @throws the signal's reason, and nothing else */
export async function readFacts(ask: Ask, devices: DomainDevices): Promise<Partial<DomainFacts>> {
  const memoryKiB = await readMemory(ask, devices);
  const balloonKiB = await readBalloon(ask, memoryKiB);
  const trays = await readTrays(ask, devices);
  const channels = await readChannels(ask, devices);
  const migration = await readMigration(ask);
  const clients = await readClients(ask);
  return {
    memoryKiB,
    trays,
    channels,
    clients,
    ...(balloonKiB === null ? {} : { balloonKiB }),
    ...(migration === null ? {} : { migration }),
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What was read, but for what an event told while it was being read: an answer may be older than that.
 *
 * @param before - what was known when the first question was asked
 * @param now - what is known after the last answer
 */
export function notOlder(
  before: DomainFacts,
  now: DomainFacts,
  read: Partial<DomainFacts>,
): Partial<DomainFacts> {
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(read)) {
    const was: unknown = before[name as keyof DomainFacts];
    const is: unknown = now[name as keyof DomainFacts];
    if (is === was) known[name] = value;
    else if (isRecord(is) && isRecord(was) && isRecord(value)) {
      const told = Object.entries(is).filter(([key, each]) => ownOf(was, key) !== each);
      known[name] = { ...value, ...Object.fromEntries(told) };
    }
  }
  // Each member is of one of the three.
  return known as Partial<DomainFacts>;
}
