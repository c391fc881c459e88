/**
 * The block nodes of QEMU, and which of them are the layers of a disk.
 *
 *   libvirt-2-format ─file→ libvirt-2-storage
 *          │backing
 *   libvirt-1-format ─file→ libvirt-1-storage
 */
import { elementsOf, memberOf, textOf } from './ask.ts';

/** Of all disks together. */
const MAX_NODES = 10_000;
/** Of one disk: libvirt 9.0.0 `qemu_block.h` allows 200 layers, each with a format and a storage node. */
const MAX_NODES_OF_A_DISK = 400;
/** A format, its storage, and a filter for each thing that QEMU filters; also the end of a circle. */
const MAX_NODES_OF_A_LAYER = 16;
/** Drivers of files on this host, whose `file` is then a path and nothing else. QAPI `BlockdevDriver`. */
const LOCAL_DRIVERS = new Set(['file', 'host_device', 'host_cdrom']);
/** Layers, top first. Other children (of a quorum, of a running backup) are not layers of this disk. */
const LAYERS = ['file', 'data-file', 'backing'] as const;

export interface BlockNode {
  readonly driver: string | null;
  readonly file: string | null;
  /** Names of its child nodes by what they are to it, for example `backing`; null: it does not say. */
  readonly children: ReadonlyMap<string, string> | null;
}

export type BlockNodes = ReadonlyMap<string, BlockNode>;

/** Reads the reply to `query-named-block-nodes`. Children are told since QEMU 10.1. */
export function parseBlockNodes(reply: unknown): BlockNodes {
  const nodes = new Map<string, BlockNode>();
  for (const element of elementsOf(reply, MAX_NODES)) {
    const name = textOf(memberOf(element, 'node-name'));
    if (name === null || nodes.has(name)) continue;
    nodes.set(name, {
      driver: textOf(memberOf(element, 'drv')),
      file: textOf(memberOf(element, 'file')),
      children: childrenOf(memberOf(element, 'children')),
    });
  }
  return nodes;
}

function childrenOf(value: unknown): BlockNode['children'] {
  if (!Array.isArray(value)) return null;
  const children = new Map<string, string>();
  for (const element of elementsOf(value)) {
    const child = textOf(memberOf(element, 'child'));
    const node = textOf(memberOf(element, 'node-name'));
    if (child !== null && node !== null && !children.has(child)) children.set(child, node);
  }
  return children;
}

/**
 * Adds the children that `x-debug-query-block-graph` tells. The command is unstable (QAPI, since 4.0), but nothing
 * else says before QEMU 10.1 which node is below which: paths do not, as several nodes may be of one file.
 */
export function withGraph(nodes: BlockNodes, reply: unknown): BlockNodes {
  const names = new Map<unknown, string>();
  for (const element of elementsOf(memberOf(reply, 'nodes'), MAX_NODES)) {
    const id = memberOf(element, 'id');
    const name = textOf(memberOf(element, 'name'));
    if (name !== null && !names.has(id)) names.set(id, name);
  }
  const children = new Map<string, Map<string, string>>();
  for (const edge of elementsOf(memberOf(reply, 'edges'), MAX_NODES)) {
    const parent = names.get(memberOf(edge, 'parent'));
    const child = names.get(memberOf(edge, 'child'));
    const name = textOf(memberOf(edge, 'name'));
    if (parent === undefined || child === undefined || name === null) continue;
    const known = children.get(parent) ?? new Map<string, string>();
    if (!known.has(name)) known.set(name, child);
    children.set(parent, known);
  }
  return new Map(
    [...nodes].map(([name, node]) => [
      name,
      { ...node, children: node.children ?? children.get(name) ?? null },
    ]),
  );
}

/** Names of the nodes of a disk, the active layer first, each format before its storage. */
export function chainOf(nodes: BlockNodes, top: string): readonly string[] {
  const chain = new Set<string>();
  const waiting = [top];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (chain.has(name)) continue;
    if (chain.size === MAX_NODES_OF_A_DISK) break;
    chain.add(name);
    const children = nodes.get(name)?.children;
    const next = LAYERS.map((layer) => children?.get(layer)).filter((child) => child !== undefined);
    waiting.push(...next.reverse());
  }
  return [...chain];
}

/** Path of the layer that begins at a node; null if it is no file of this host, or one that only QEMU can name. */
export function sourceOf(nodes: BlockNodes, top: string): string | null {
  const storage = nodes.get(layerAt(nodes, top).at(-1) ?? top);
  // One that goes on has no end that is known.
  if (storage === undefined || below(storage) !== undefined) return null;
  const { driver, file } = storage;
  if (driver === null || file === null || !LOCAL_DRIVERS.has(driver)) return null;
  // `json:` where options do not fit a path; `/dev/fdset/N` names a descriptor that was handed over.
  return /^(json:|fd:|\/dev\/fdset\/)/.test(file) ? null : file;
}

/** Paths of the layers below the active one, by node. */
export function pathsBelow(nodes: BlockNodes, top: string): Readonly<Record<string, string>> {
  const active = layerAt(nodes, top);
  return Object.fromEntries(
    chainOf(nodes, top)
      .filter((name) => !active.includes(name))
      .map((name) => [name, sourceOf(nodes, name)] as const)
      .filter((entry): entry is readonly [string, string] => entry[1] !== null),
  );
}

/** A node and what is below it in the same layer, storage last. */
function layerAt(nodes: BlockNodes, top: string): readonly string[] {
  const layer: string[] = [];
  let next: string | undefined = top;
  while (next !== undefined && layer.length < MAX_NODES_OF_A_LAYER) {
    layer.push(next);
    next = below(nodes.get(next));
  }
  return layer;
}

/** A format has a file; what has only a backing node is the filter of a running job, and part of that layer. */
const below = (node: BlockNode | undefined): string | undefined =>
  node?.children?.get('file') ?? node?.children?.get('backing');
