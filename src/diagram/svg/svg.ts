/** SVG: a picture that stands alone. */
import type { AnyStateMachine } from 'xstate';
import type { Diagram } from '../graph.ts';
import { type PictureOptions, viewOf } from '../view.ts';
import { escapeXml } from '../xml.ts';
import {
  type Box,
  type Direction,
  layOut,
  type PlacedArrow,
  type PlacedLine,
  type PlacedState,
} from './layout.ts';
import { nameWidth } from './measure.ts';
import { styleOf, type Theme } from './style.ts';

export interface SvgOptions extends PictureOptions {
  /** `auto`: as the reader's system has it. @defaultValue `auto` */
  readonly theme?: Theme;
  /** Where arrows lead, mostly. `auto`: as it fits a wide page best. @defaultValue `auto` */
  readonly direction?: Direction | 'auto';
}

/**
 * Laid out by ELK, with nothing to load: fonts are the reader's, colours follow the theme. The same machine and options
 * give the same bytes.
 *
 * Each state is a `<g class="state" data-state="active.running">`, each arrow a
 * `<g class="transition" data-from="shutoff" data-to="active.running">`, so that a page can find them. A title on each
 * arrow names its transitions.
 *
 * @throws RangeError, TypeError for a selection that does not fit
 */
export async function toSvg(source: AnyStateMachine | Diagram, options: SvgOptions = {}): Promise<string> {
  const { theme = 'auto', direction = 'auto' } = options;
  const view = viewOf(source, options);
  const directions: readonly Direction[] = direction === 'auto' ? ['down', 'right'] : [direction];
  const layouts = await Promise.all(directions.map((one) => layOut(view, one)));
  const layout = layouts.reduce((best, next) => (sizeOf(next) < sizeOf(best) ? next : best));
  const { width, height, states, arrows, starts } = layout;
  const { id } = view.diagram;
  const note = view.hidden === 0 ? '' : `, without those that leave no state: ${view.hidden}`;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" class="statechart">`,
    `<title>${escapeXml(id)}: states and transitions${note}</title>`,
    `<style>${styleOf(theme)}</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path class="head" d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>',
    `<rect class="ground" width="${width}" height="${height}"/>`,
    ...states.map(drawState),
    ...starts.map(
      ({ x, y, width: size }) =>
        `<circle class="start" cx="${n(x + size / 2)}" cy="${n(y + size / 2)}" r="${n(size / 2)}"/>`,
    ),
    ...arrows.map(drawArrow),
    '</svg>',
    '',
  ];
  return lines.join('\n');
}

/** How much a page of 16 to 10 must be shrunk to show all. */
const sizeOf = ({ width, height }: { readonly width: number; readonly height: number }): number =>
  Math.max(width / 16, height / 10);

/** Short, and the same everywhere. */
const n = (value: number): string => String(Math.round(value * 10) / 10);

const rect = ({ x, y, width, height }: Box, more: string): string =>
  `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" ${more}/>`;

function drawState(placed: PlacedState): string {
  const { view, name, lines, x, y, width } = placed;
  const { state, mark } = view;
  const outer = state.path !== '' && state.states.length > 0;
  const kinds = [
    'state',
    state.path === '' ? 'anywhere' : state.type,
    ...(outer ? ['outer'] : []),
    ...(mark === null ? [] : [mark]),
  ];
  const radius = state.type === 'history' ? placed.height / 2 : 7;
  const inset = { x: x + 3, y: y + 3, width: width - 6, height: placed.height - 6 };
  const names = name.lines.map((text, at) => {
    const size = nameWidth(text);
    return `<text class="name" x="${n(name.x + name.width / 2)}" y="${n(name.y + 13 + at * 16)}" text-anchor="middle" textLength="${size}" lengthAdjust="spacingAndGlyphs">${escapeXml(text)}</text>`;
  });
  const rule =
    lines[0] === undefined ? '' : `<path class="rule" d="M${n(x)} ${n(lines[0].y - 1)} h${n(width)}"/>`;
  return [
    `<g class="${kinds.join(' ')}" data-state="${escapeXml(state.path)}">`,
    ...(state.description === null ? [] : [`<title>${escapeXml(state.description)}</title>`]),
    rect(placed, `rx="${n(radius)}" class="box"`),
    ...(state.type === 'final' ? [rect(inset, 'rx="5" class="inset"')] : []),
    ...names,
    rule,
    ...lines.map(drawLine),
    '</g>',
  ].join('');
}

function drawLine({ text, of, x, y, width }: PlacedLine): string {
  const kind = of.mark === null ? 'line' : `line ${of.mark}`;
  return `<text class="${kind}" x="${n(x)}" y="${n(y + 11)}" textLength="${width}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escapeXml(text)}</text>`;
}

function drawArrow({ arrow, points, lines }: PlacedArrow): string {
  const path = `<path class="way" d="${wayOf(points)}" marker-end="url(#head)"/>`;
  if (arrow === null) return `<g class="begin">${path}</g>`;
  const mark = arrow.lines.map((line) => line.mark).find((one) => one !== null);
  const ids = arrow.lines.flatMap((line) => line.ids);
  return [
    `<g class="transition${mark === undefined ? '' : ` ${mark}`}" data-from="${escapeXml(arrow.from)}" data-to="${escapeXml(arrow.to)}">`,
    `<title>${escapeXml(ids.join('\n'))}</title>`,
    path,
    ...lines.map(drawLine),
    '</g>',
  ].join('');
}

const CORNER = 5;

/** With round corners. */
function wayOf(points: PlacedArrow['points']): string {
  return points
    .map((point, at) => {
      const before = points[at - 1];
      const next = points[at + 1];
      if (before === undefined) return `M${n(point.x)} ${n(point.y)}`;
      if (next === undefined) return `L${n(point.x)} ${n(point.y)}`;
      const [from, to] = [towards(point, before), towards(point, next)];
      return `L${n(from.x)} ${n(from.y)} Q${n(point.x)} ${n(point.y)} ${n(to.x)} ${n(to.y)}`;
    })
    .join(' ');
}

type Point = PlacedArrow['points'][number];

function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
