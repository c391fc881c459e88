/** The layers of a disk, the active one first: the block nodes of each, and its path. */
import type { DiskDevice } from '../events/devices.ts';
import type { DiskContents } from '../events/qemu-jobs.ts';

export interface Layer {
  /** The format before its storage. */
  readonly nodes: readonly string[];
  /** Null if it has none, or that is not known. */
  readonly path: string | null;
}

/** A format and its storage. */
const NODES_OF_A_LAYER = 2;

/** Nodes of one path are one layer; the active one is what is above all that have another path. */
export function layersOf({
  nodes,
  paths,
  source,
}: Pick<DiskDevice, 'nodes' | 'paths' | 'source'>): readonly Layer[] {
  if (nodes.length === 0) return [];
  const pathOf = (node: string): string | null => (Object.hasOwn(paths, node) ? (paths[node] ?? null) : null);
  const other = nodes.findIndex((node) => pathOf(node) !== null);
  const end = other === -1 ? Math.min(NODES_OF_A_LAYER, nodes.length) : other;
  const layers: Layer[] = [{ nodes: nodes.slice(0, end), path: source }];
  for (const node of nodes.slice(end)) {
    const path = pathOf(node);
    const last = layers.at(-1);
    if (path !== null && layers.length > 1 && last?.path === path)
      layers[layers.length - 1] = { path, nodes: [...last.nodes, node] };
    else layers.push({ nodes: [node], path });
  }
  return layers;
}

export const contentsOf = (layers: readonly Layer[]): DiskContents => ({
  source: layers[0]?.path ?? null,
  nodes: layers.flatMap(({ nodes }) => nodes),
  paths: Object.fromEntries(
    layers
      .slice(1)
      .flatMap(({ nodes, path }) => (path === null ? [] : nodes.map((node) => [node, path] as const))),
  ),
});

/** The layers from that of a node on. */
export const layersFrom = (layers: readonly Layer[], node: string): readonly Layer[] => {
  const at = layers.findIndex(({ nodes }) => nodes.includes(node));
  return at === -1 ? [] : layers.slice(at);
};
