/** Disks: what `query-block` shows, with the nodes of their layers. */
import type { DiskDevice } from '../../events/devices.ts';
import { type Ask, askProperty, elementsOf, memberOf, textOf } from './ask.ts';
import { type BlockNodes, chainOf, parseBlockNodes, pathsBelow, sourceOf, withGraph } from './block-nodes.ts';
import { kindOf } from './kinds.ts';
import { PERIPHERAL, type Peripheral } from './peripherals.ts';

/** A block device that is part of a guest's device. QAPI `BlockInfo`. */
export interface BlockDevice {
  /** Id of the device, or the QOM path of the part of it that has the drive. */
  readonly qdev: string;
  /** Name of a legacy drive; null if it was not made by `-drive`. */
  readonly drive: string | null;
  /** Node of the active layer; null if no medium is inserted. */
  readonly node: string | null;
}

/** Reads the reply to `query-block`. What no device uses is left out. */
export function parseBlockDevices(reply: unknown): readonly BlockDevice[] {
  return elementsOf(reply).flatMap((element) => {
    const qdev = textOf(memberOf(element, 'qdev'));
    const node = textOf(memberOf(memberOf(element, 'inserted'), 'node-name'));
    return qdev === null ? [] : [{ qdev, drive: textOf(memberOf(element, 'device')), node }];
  });
}

/** Disks by alias: of those with an id, and of legacy drives whose device has none. */
export async function discoverDisks(
  ask: Ask,
  peripherals: readonly Peripheral[],
): Promise<ReadonlyMap<string, DiskDevice>> {
  const blocks = parseBlockDevices(await ask('query-block'));
  const nodes = await askNodes(ask);
  const disks = new Map<string, DiskDevice>();
  for (const { alias, qomType } of peripherals) {
    const kind = kindOf(qomType);
    const block = blocks.find(({ qdev }) => aliasOf(qdev) === alias);
    if (!('bus' in kind) || (kind.orController === true && block === undefined)) continue;
    const bus = kind.bus ?? (await askIdeBus(ask, `${PERIPHERAL}/${alias}`));
    disks.set(alias, diskOf(alias, bus, nodes, block));
  }
  const taken = new Set(peripherals.map(({ alias }) => alias));
  for (const block of blocks) {
    const path = WITHOUT_ID.exec(block.qdev)?.[1];
    // As events name it: the alias is what follows `drive-`, as in qemu_alias.c:qemuAliasDiskDriveSkipPrefix.
    const alias = block.drive?.replace(/^drive-/, '') ?? '';
    if (path === undefined || alias === '' || taken.has(alias)) continue;
    const kind = kindOf((await askProperty(ask, path, 'type')) ?? '');
    // A legacy drive may also be a flash chip.
    if (!('bus' in kind)) continue;
    taken.add(alias);
    disks.set(alias, diskOf(alias, kind.bus ?? (await askIdeBus(ask, path)), nodes, block));
  }
  return disks;
}

/** The device's own path, in what may be the path of a part of it. */
const WITHOUT_ID = /^(\/machine\/(?:peripheral-anon|unattached)\/[^/]+)/;

/** The id in `ide0-0-0`, or in `/machine/peripheral/virtio-disk0/virtio-backend`. QEMU keeps `/` out of ids. */
const aliasOf = (qdev: string): string | null =>
  qdev.startsWith('/') ? (/^\/machine\/peripheral\/([^/]+)/.exec(qdev)?.[1] ?? null) : qdev;

function diskOf(
  alias: string,
  bus: string | null,
  nodes: BlockNodes,
  { qdev = alias, node = null }: Partial<BlockDevice> = {},
): DiskDevice {
  return {
    type: 'disk',
    alias,
    // The name that libvirt gives it is not QEMU's.
    target: null,
    source: node === null ? null : sourceOf(nodes, node),
    nodes: node === null ? [] : chainOf(nodes, node),
    paths: node === null ? {} : pathsBelow(nodes, node),
    qomName: qdev === alias ? null : qdev,
    bus,
    reservations: null,
  };
}

/** All block nodes, and which is below which where QEMU tells. */
export async function askNodes(ask: Ask): Promise<BlockNodes> {
  const nodes = parseBlockNodes(await ask('query-named-block-nodes', { flat: true }));
  const isComplete = [...nodes.values()].every(({ children }) => children !== null);
  return isComplete ? nodes : withGraph(nodes, await ask('x-debug-query-block-graph'));
}

/** QEMU has one bus type for both; libvirt names the bus of an AHCI controller `sata`. */
async function askIdeBus(ask: Ask, path: string): Promise<string | null> {
  const bus = await askProperty(ask, path, 'parent_bus');
  if (bus === null) return null;
  const controller = await askProperty(ask, bus.replace(/\/[^/]*$/, ''), 'type');
  if (controller === null) return null;
  if (/ahci$/.test(controller)) return 'sata';
  return /ide$/.test(controller) ? 'ide' : null;
}
