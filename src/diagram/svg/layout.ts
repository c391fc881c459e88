/** Where everything stands: the view as a graph of ELK, laid out in layers. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk.bundled.js';
import { type DiagramState, statesOf } from '../graph.ts';
import { type Arrow, nameOf, type View, type ViewState } from '../view.ts';
import { nameWidth, SIZES, textWidth, wrap } from './measure.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line of text: of a state, or of an arrow. */
export interface PlacedLine extends Box {
  readonly text: string;
  readonly of: ViewState['lines'][number];
}

export interface PlacedState extends Box {
  readonly view: ViewState;
  /** Lines of the name, with the place where they stand in the middle. */
  readonly name: Box & { readonly lines: readonly string[] };
  readonly lines: readonly PlacedLine[];
}

export interface PlacedArrow {
  /** Null: where a state begins, or leads as long as there is no history. */
  readonly arrow: Arrow | null;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly lines: readonly PlacedLine[];
  /** Around the lines; null if there are none. */
  readonly label: Box | null;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Outer ones first; the one that stands for any state, if there is one, is the last. */
  readonly states: readonly PlacedState[];
  readonly arrows: readonly PlacedArrow[];
  /** Where states begin. */
  readonly starts: readonly Box[];
}

export type Direction = 'down' | 'right';

const START = 10;
const PADDING = 10;
const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.randomSeed': '1',
  'elk.padding': '[top=8,left=8,bottom=8,right=8]',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
};
/** ELK looks at these in each node that has nodes. */
const SPACING = {
  'elk.spacing.nodeNode': '24',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '10',
  'elk.spacing.edgeLabel': '3',
  'elk.spacing.labelNode': '6',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
};

/** The same view gives the same layout. */
export async function layOut(view: View, direction: Direction): Promise<Layout> {
  // Loaded when it is needed: that takes half a second.
  const { default: elk } = await import('elkjs/lib/elk.bundled.js');
  const placed = await new elk.default().layout(toElk(view, direction));
  const nodes = new Map<string, ElkNode>();
  collect(placed, nodes);
  const edges = new Map((placed.edges ?? []).map((edge) => [edge.id, edge]));
  const box = (id: string): Box => boxOf(nodes.get(id) as ElkNode);
  const drawn = [...view.states, ...(view.anywhere === null ? [] : [view.anywhere])];
  const arrows = [
    ...beginningsOf(view).map((_, at) => placeArrow(null, edges.get(`begin ${at}`) as ElkExtendedEdge)),
    ...view.arrows.map((arrow, at) => placeArrow(arrow, edges.get(`arrow ${at}`) as ElkExtendedEdge)),
  ];
  const states = drawn.map((one) => placeState(one, box(idOf(one.state.path)), arrows));
  return {
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    states,
    arrows,
    starts: startsOf(view).map(({ path }) => box(startOf(path))),
  };
}

const idOf = (path: string): string => `state ${path}`;
const startOf = (path: string): string => `start ${path}`;

function toElk(view: View, direction: Direction): ElkNode {
  const byPath = new Map(view.states.map((one) => [one.state.path, one]));
  return {
    id: 'root',
    layoutOptions: { ...OPTIONS, ...SPACING, 'elk.direction': direction === 'down' ? 'DOWN' : 'RIGHT' },
    children: [
      ...(view.anywhere === null ? [] : [leafOf(view.anywhere)]),
      ...childrenOf(view.diagram.root, byPath, direction),
    ],
    edges: [
      ...beginningsOf(view).map(({ from, to }, at) => ({
        id: `begin ${at}`,
        sources: [from],
        targets: [idOf(to)],
      })),
      ...view.arrows.map(({ from, to, lines }, at) => ({
        id: `arrow ${at}`,
        sources: [idOf(from)],
        targets: [idOf(to)],
        labels: [labelOf(lines)],
      })),
    ],
  };
}

const hasStart = ({ type, initial }: DiagramState): boolean => type === 'compound' && initial.length > 0;

const startsOf = ({ diagram }: View): DiagramState[] => statesOf(diagram.root).filter(hasStart);

/** Arrows without a label: from where states begin, and where a history state leads without a history. */
const beginningsOf = ({ diagram }: View): { readonly from: string; readonly to: string }[] =>
  statesOf(diagram.root).flatMap((state) =>
    state.initial.map((to) => ({ from: hasStart(state) ? startOf(state.path) : idOf(state.path), to })),
  );

function childrenOf(
  state: DiagramState,
  byPath: ReadonlyMap<string, ViewState>,
  direction: Direction,
): ElkNode[] {
  const start = hasStart(state) ? [{ id: startOf(state.path), width: START, height: START }] : [];
  return [...start, ...state.states.map((child) => nodeOf(child, byPath, direction))];
}

function nodeOf(state: DiagramState, byPath: ReadonlyMap<string, ViewState>, direction: Direction): ElkNode {
  const leaf = leafOf(byPath.get(state.path) as ViewState);
  if (state.states.length === 0) return leaf;
  const { id, width, height } = leaf;
  const children = childrenOf(state, byPath, direction);
  const inner = Math.max(...children.map((child) => child.width ?? 0));
  // ELK knows no minimum here. The name has room beside an arrow in the middle.
  const wanted = Math.max(width, 2 * Math.max(...wrap(nameOf(state)).map(nameWidth)) + 3 * PADDING);
  const side = Math.max(14, Math.ceil((wanted - inner) / 2));
  return {
    id,
    width: inner + 2 * side,
    layoutOptions: {
      ...SPACING,
      'elk.direction': direction === 'down' ? 'DOWN' : 'RIGHT',
      'elk.padding': `[top=${height + 6},left=${side},bottom=14,right=${side}]`,
    },
    children,
  };
}

function leafOf(view: ViewState): { id: string; width: number; height: number } {
  const { width, height } = headOf(view);
  return { id: idOf(view.state.path), width, height };
}

interface Head {
  readonly width: number;
  readonly height: number;
  readonly name: readonly string[];
  readonly lines: readonly { readonly text: string; readonly of: ViewState['lines'][number] }[];
}

/** Name and lines of a state, with the room that they take. */
function headOf({ state, lines }: ViewState): Head {
  const name = wrap(nameOf(state));
  const wrapped = wrapLines(lines);
  const inner = Math.max(
    ...name.map((line) => nameWidth(line)),
    ...wrapped.map(({ text }) => textWidth(text, SIZES.text)),
  );
  return {
    name,
    lines: wrapped,
    width: Math.max(state.type === 'history' ? 30 : 48, inner + 2 * PADDING),
    height: 12 + name.length * 16 + (wrapped.length === 0 ? 0 : wrapped.length * SIZES.lineHeight + 4),
  };
}

const wrapLines = <L extends ViewState['lines'][number]>(
  lines: readonly L[],
): { readonly text: string; readonly of: L }[] =>
  lines.flatMap((of) => wrap(of.text).map((text, at) => ({ text: at === 0 ? text : `  ${text}`, of })));

function labelOf(lines: Arrow['lines']): { text: string; width: number; height: number } {
  const wrapped = wrapLines(lines);
  return {
    text: wrapped.map(({ text }) => text).join('\n'),
    width: Math.max(...wrapped.map(({ text }) => textWidth(text, SIZES.text))) + 4,
    height: wrapped.length * SIZES.lineHeight,
  };
}

function collect(node: ElkNode, nodes: Map<string, ElkNode>): void {
  nodes.set(node.id, node);
  for (const child of node.children ?? []) collect(child, nodes);
}

const boxOf = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box => ({ x, y, width, height });

function placeState(view: ViewState, box: Box, arrows: readonly PlacedArrow[]): PlacedState {
  const { name, lines } = headOf(view);
  const top = box.y + 6 + name.length * 16;
  return {
    ...box,
    view,
    name: { ...placeName(name, box, arrows), lines: name },
    lines: lines.map(({ text, of }, at) => ({
      text,
      of,
      x: box.x + PADDING,
      y: top + 4 + at * SIZES.lineHeight,
      width: textWidth(text, SIZES.text),
      height: SIZES.lineHeight,
    })),
  };
}

/** In the middle; if an arrow runs through it there, on the left or on the right. */
function placeName(lines: readonly string[], box: Box, arrows: readonly PlacedArrow[]): Box {
  const width = Math.max(...lines.map(nameWidth));
  const y = box.y + 6;
  const places = [(box.width - width) / 2, PADDING, box.width - width - PADDING].map((left) => ({
    x: box.x + left,
    y,
    width,
    height: lines.length * 16,
  }));
  const isFree = (place: Box): boolean => !arrows.some(({ points }) => runsThrough(points, place));
  return places.find(isFree) ?? (places[0] as Box);
}

/** @param points - the corners of a way whose parts are upright or level */
function runsThrough(points: PlacedArrow['points'], { x, y, width, height }: Box): boolean {
  return points.some((to, at) => {
    const from = points[at - 1] ?? to;
    return (
      Math.min(from.x, to.x) < x + width &&
      Math.max(from.x, to.x) > x &&
      Math.min(from.y, to.y) < y + height &&
      Math.max(from.y, to.y) > y
    );
  });
}

function placeArrow(arrow: Arrow | null, { sections = [], labels = [] }: ElkExtendedEdge): PlacedArrow {
  const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [
    startPoint,
    ...bendPoints,
    endPoint,
  ]);
  const [first] = labels;
  if (arrow === null || first === undefined) return { arrow, points, lines: [], label: null };
  const label = boxOf(first);
  return {
    arrow,
    points,
    label,
    lines: wrapLines(arrow.lines).map(({ text, of }, at) => ({
      text,
      of,
      x: label.x + 2,
      y: label.y + at * SIZES.lineHeight,
      width: textWidth(text, SIZES.text),
      height: SIZES.lineHeight,
    })),
  };
}
