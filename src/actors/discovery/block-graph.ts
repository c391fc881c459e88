/**
 * Which disk a block job works on: QEMU's graph of block nodes shows who uses a node.
 *
 *   block-backend /machine/peripheral/vd0/virtio-backend ─root→ #block739 ─backing→ top ─file→ …
 *   block-job     copy                              ─main node→ #block739
 *
 * A job is not named by its disk: ids are anybody's choice. Its main node is in the chain of one guest's disk, or its
 * disk is not known.
 */
import { type DiskDevice, type DomainDevices, findDisk } from '../../events/devices.ts';
import type { DiskContents } from '../../events/qemu-jobs.ts';
import { type Ask, elementsOf, memberOf, textOf } from './ask.ts';
import { type BlockNodes, chainOf, parseBlockNodes, pathsBelow, sourceOf, withGraph } from './block-nodes.ts';
import { askNodes, type BlockDevice, parseBlockDevices } from './disks.ts';

/** Of all disks together. */
const MAX_ELEMENTS = 10_000;

/** What the graph tells besides which node is below which. */
export interface BlockUsers {
  /** Main node by the id of the block job. */
  readonly jobs: ReadonlyMap<string, string>;
  /** Root node by the name of the backend: of its drive, else of the guest's device. */
  readonly backends: ReadonlyMap<string, string>;
}

/** Reads the reply to `x-debug-query-block-graph`, an unstable command since QEMU 4.0. */
export function parseBlockUsers(reply: unknown): BlockUsers {
  const elements = new Map<unknown, { readonly name: string; readonly type: unknown }>();
  for (const element of elementsOf(memberOf(reply, 'nodes'), MAX_ELEMENTS)) {
    const name = textOf(memberOf(element, 'name'));
    if (name !== null) elements.set(memberOf(element, 'id'), { name, type: memberOf(element, 'type') });
  }
  const jobs = new Map<string, string>();
  const backends = new Map<string, string>();
  for (const edge of elementsOf(memberOf(reply, 'edges'), MAX_ELEMENTS)) {
    const parent = elements.get(memberOf(edge, 'parent'));
    const child = elements.get(memberOf(edge, 'child'));
    const name = memberOf(edge, 'name');
    if (parent === undefined || child?.type !== 'block-driver') continue;
    if (parent.type === 'block-job' && name === 'main node') jobs.set(parent.name, child.name);
    if (parent.type === 'block-backend' && name === 'root') backends.set(parent.name, child.name);
  }
  return { jobs, backends };
}

/** Alias of the disk that a block job works on, while QEMU has the job; null if that cannot be proven. */
export async function findDiskOfJob(ask: Ask, devices: DomainDevices, id: string): Promise<string | null> {
  const blocks = parseBlockDevices(await ask('query-block'));
  const diskOf = (block: BlockDevice): string | null => findDiskOf(devices, block)?.alias ?? null;
  const graph = await ask('x-debug-query-block-graph');
  const { jobs, backends } = parseBlockUsers(graph);
  const main = jobs.get(id);
  if (main === undefined) {
    // Gone already. An id that was not chosen is the name of the drive (blockjob.c:block_job_create).
    const block = blocks.find(({ drive }) => drive === id);
    return block === undefined ? null : diskOf(block);
  }
  const nodes = await askGraphNodes(ask, graph);
  const found = blocks.filter((block) => {
    const root = backends.get(block.drive ?? block.qdev);
    return root !== undefined && chainOf(nodes, root).includes(main);
  });
  const [only] = found;
  return only === undefined || found.length > 1 ? null : diskOf(only);
}

/** What a disk has now; null if QEMU does not tell. */
export async function readContents(
  ask: Ask,
  devices: DomainDevices,
  alias: string,
): Promise<DiskContents | null> {
  const blocks = parseBlockDevices(await ask('query-block'));
  const node = blocks.find((block) => findDiskOf(devices, block)?.alias === alias)?.node ?? null;
  if (node === null) return null;
  const nodes = await askNodes(ask);
  if (!nodes.has(node)) return null;
  return { source: sourceOf(nodes, node), nodes: chainOf(nodes, node), paths: pathsBelow(nodes, node) };
}

/** By the guest's device; by the drive's name where that has none. */
const findDiskOf = (devices: DomainDevices, { drive, qdev }: BlockDevice): DiskDevice | undefined =>
  findDisk(devices, { qom: qdev }) ?? findDisk(devices, { drive: drive ?? '' });

async function askGraphNodes(ask: Ask, graph: unknown): Promise<BlockNodes> {
  return withGraph(parseBlockNodes(await ask('query-named-block-nodes', { flat: true })), graph);
}
