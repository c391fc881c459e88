import { beforeAll, describe, expect, test } from 'vitest';
import { isWithin } from '../../src/diagram/graph.ts';
import { diagramOf, toSvg } from '../../src/diagram/index.ts';
import {
  type Box,
  type Direction,
  type Layout,
  layOut,
  type PlacedArrow,
} from '../../src/diagram/svg/layout.ts';
import { viewOf } from '../../src/diagram/view.ts';
import { escapeXml } from '../../src/diagram/xml.ts';
import { overlap as overlapBy } from '../support/boxes.ts';
import { machines } from './machines/index.ts';

/** More than a rounding error. */
const SLACK = 0.5;

const overlap = (one: Box, other: Box): boolean => overlapBy(one, other, SLACK);

const isInside = (box: Box, outer: Box): boolean =>
  box.x >= outer.x - SLACK &&
  box.y >= outer.y - SLACK &&
  box.x + box.width <= outer.x + outer.width + SLACK &&
  box.y + box.height <= outer.y + outer.height + SLACK;

/** Whether a point lies on the border. */
const isOn = ({ x, y }: { readonly x: number; readonly y: number }, box: Box | undefined): boolean =>
  box !== undefined &&
  isInside({ x, y, width: 0, height: 0 }, box) &&
  [x - box.x, box.x + box.width - x, y - box.y, box.y + box.height - y].some((far) => far <= SLACK);

const nameOf = ({ arrow }: PlacedArrow): string => `${arrow?.from} → ${arrow?.to}`;

const withLabel = ({ arrows }: Layout): (PlacedArrow & { readonly label: Box })[] =>
  arrows.flatMap((arrow) => (arrow.label === null ? [] : [{ ...arrow, label: arrow.label }]));

/** Whether a part of a way has a place in common with a box. */
const runsThrough = (points: PlacedArrow['points'], box: Box): boolean =>
  points.some((to, at) => {
    const from = points[at - 1] ?? to;
    const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
    return overlap({ x, y, width: Math.abs(from.x - to.x) + 1, height: Math.abs(from.y - to.y) + 1 }, box);
  });

/** Which pairs of labels have a place in common. */
function labelsOnLabels(layout: Layout): string[] {
  const all = withLabel(layout);
  return all.flatMap((one, at) =>
    all
      .slice(at + 1)
      .filter((other) => overlap(one.label, other.label))
      .map((other) => `${nameOf(one)} and ${nameOf(other)}`),
  );
}

/** Which labels cover a state that the arrow is not in: a state without states, or the name of another. */
function labelsOnStates(layout: Layout): string[] {
  return withLabel(layout).flatMap((one) =>
    layout.states
      .filter(({ view, lines, ...box }) => {
        const isOuter = view.state.states.length > 0 && view.state.path !== '';
        const bottom = Math.max(box.y + 24, ...lines.map(({ y, height }) => y + height));
        return overlap(one.label, isOuter ? { ...box, height: bottom - box.y } : box);
      })
      .map(({ view }) => `${nameOf(one)} on ${view.state.path || 'any state'}`),
  );
}

describe.each(machines)('the picture of $name', ({ machine }) => {
  const layouts = new Map<Direction, Layout>();

  beforeAll(async () => {
    const view = viewOf(machine);
    for (const direction of ['down', 'right'] as const) layouts.set(direction, await layOut(view, direction));
  });

  test.each(['down', 'right'] as const)('%s: no label lies on another one, or on a state', (direction) => {
    const layout = layouts.get(direction) as Layout;
    expect({ onLabels: labelsOnLabels(layout), onStates: labelsOnStates(layout) }).toEqual({
      onLabels: [],
      onStates: [],
    });
  });

  test.each(['down', 'right'] as const)(
    '%s: a state lies in the state that has it, and on no other',
    (direction) => {
      const { states, width, height } = layouts.get(direction) as Layout;
      const picture = { x: 0, y: 0, width, height };
      for (const [at, one] of states.entries()) {
        expect(isInside(one, picture)).toBe(true);
        for (const other of states.slice(at + 1)) {
          const [inner, outer] = [other.view.state.path, one.view.state.path];
          if (inner !== '' && isWithin(inner, outer)) expect(isInside(other, one)).toBe(true);
          else expect(overlap(one, other)).toBe(false);
        }
      }
    },
  );

  test('no arrow runs through the name of a state', () => {
    for (const { states, arrows } of layouts.values()) {
      const struck = states.flatMap(({ name, view }) =>
        arrows.filter(({ points }) => runsThrough(points, name)).map(() => view.state.path),
      );
      expect(struck).toEqual([]);
    }
  });

  test('all text lies in its state or its label, and in the picture', () => {
    for (const { states, arrows, width, height } of layouts.values()) {
      for (const state of states)
        for (const line of [state.name, ...state.lines]) expect(isInside(line, state)).toBe(true);
      for (const { label, lines } of arrows)
        for (const line of lines) {
          expect(isInside(line, label as Box)).toBe(true);
          expect(isInside(line, { x: 0, y: 0, width, height })).toBe(true);
        }
    }
  });

  test('each arrow ends at its states, and has each of its lines', () => {
    const { states, arrows } = layouts.get('down') as Layout;
    const boxes = new Map(states.map((state) => [state.view.state.path, state]));
    for (const one of arrows) {
      const [first, last] = [one.points[0], one.points.at(-1)];
      if (first === undefined || last === undefined) throw new Error(`${nameOf(one)} has no way`);
      if (one.arrow === null) continue;
      const ends = [isOn(first, boxes.get(one.arrow.from)), isOn(last, boxes.get(one.arrow.to))];
      expect([nameOf(one), ...ends]).toEqual([nameOf(one), true, true]);
      expect(new Set(one.lines.map(({ of }) => of))).toEqual(new Set(one.arrow.lines));
    }
  });

  test('as SVG it is the same bytes each time, with each state, and each event in its text or a title', async () => {
    const options = { direction: 'down' } as const;
    const svg = await toSvg(machine, options);
    expect(await toSvg(machine, options)).toBe(svg);
    const diagram = diagramOf(machine);
    const found = [...svg.matchAll(/data-state="([^"]*)"/g)].map(([, path]) => path);
    const all = viewOf(machine);
    expect(found).toHaveLength(all.states.length + (all.anywhere === null ? 0 : 1));
    const titles = [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, text]) => text).join('\n');
    for (const { id, targets } of diagram.transitions)
      if (targets.length > 0) expect(titles).toContain(escapeXml(id));
  });
});
