/** A sequence diagram as SVG: a column for each participant, a row for each message. */
import type { Sequence, SequenceRow } from '../sequence.ts';
import { escapeXml } from '../xml.ts';
import { headingWidth, nameWidth, SIZES, textWidth, wrap } from './measure.ts';
import { styleOf, type Theme } from './style.ts';

const MARGIN = 16;
const HEAD = 30;
const TITLE = 24;
const LINE = SIZES.lineHeight;
/** Between two columns at least. */
const MIN_GAP = 130;
const MAX_GAP = 340;

interface Row {
  readonly row: SequenceRow;
  readonly lines: readonly string[];
  /** Of the first line of text. */
  readonly y: number;
}

/**
 * Stands alone, as {@link toSvg} does; the same sequence gives the same bytes. Each row is a
 * `<g class="message">`, `<g class="note">` or `<g class="divider">`.
 */
export function sequenceToSvg(
  sequence: Sequence,
  { theme = 'auto' }: { readonly theme?: Theme } = {},
): string {
  const { title, participants, left } = sequence;
  const more: SequenceRow[] = left === 0 ? [] : [{ kind: 'divider', text: `… and ${left} more` }];
  const columns = columnsOf(sequence);
  const { rows, bottom } = place([...sequence.rows, ...more]);
  const last = columns.get(participants.at(-1) ?? '') ?? MARGIN;
  const room = Math.max(0, ...rows.map((one) => rightOf(one, columns)));
  const width = Math.ceil(Math.max(last + 60, room, nameWidth(title) + MARGIN) + MARGIN);
  const height = bottom + MARGIN;
  const at = (name: string): number => columns.get(name) ?? MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" class="statechart sequence">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${styleOf(theme)}.life{stroke:var(--line);stroke-dasharray:3 4;stroke-opacity:.6}.answer{stroke-dasharray:5 3}.note>.box{fill:var(--path)}.heading{font-weight:600;fill:var(--text)}.message>.line,.heading{paint-order:stroke;stroke:var(--ground);stroke-width:4px}</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path class="head" d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>',
    `<rect class="ground" width="${width}" height="${height}"/>`,
    text('name', title, MARGIN, 18),
    ...participants.map((name) => headOf(name, at(name), bottom)),
    ...rows.map((one) => drawRow(one, at, width)),
    '</svg>',
    '',
  ].join('\n');
}

const boxWidth = (name: string): number => nameWidth(name) + 20;

/** Where each participant stands: as far apart as what neighbours say to each other is wide. */
function columnsOf({ participants, rows }: Sequence): Map<string, number> {
  const order = new Map(participants.map((name, at) => [name, at]));
  const gaps = participants.map((name, at) => {
    const next = participants[at + 1];
    return next === undefined ? 0 : Math.max(MIN_GAP, (boxWidth(name) + boxWidth(next)) / 2 + 20);
  });
  for (const row of rows) {
    if (row.kind !== 'message') continue;
    const [one, other] = [order.get(row.from) ?? 0, order.get(row.to) ?? 0].sort((a, b) => a - b) as [
      number,
      number,
    ];
    const widest = Math.max(...wrap(row.text).map((line) => textWidth(line, SIZES.text))) + 24;
    if (other - one === 1) gaps[one] = Math.min(MAX_GAP, Math.max(gaps[one] ?? 0, widest));
  }
  let x = MARGIN + boxWidth(participants[0] ?? '') / 2;
  return new Map(
    participants.map((name, at) => {
      const here = x;
      x += gaps[at] ?? 0;
      return [name, here];
    }),
  );
}

function place(rows: readonly SequenceRow[]): { rows: Row[]; bottom: number } {
  let y = TITLE + HEAD + 22;
  const placed = rows.map((row) => {
    const lines = row.kind === 'divider' ? [row.text] : wrap(row.text);
    const here = { row, lines, y };
    y += lines.length * LINE + (row.kind === 'message' ? 12 : 14) + (isToSelf(row) ? 10 : 0);
    return here;
  });
  return { rows: placed, bottom: y };
}

const isToSelf = (row: SequenceRow): boolean => row.kind === 'message' && row.from === row.to;

const widestOf = (lines: readonly string[]): number =>
  Math.max(...lines.map((line) => textWidth(line, SIZES.text)));

/** How far to the right a row reaches. */
function rightOf({ row, lines }: Row, columns: ReadonlyMap<string, number>): number {
  if (row.kind === 'divider') return MARGIN + headingWidth(row.text);
  const width = widestOf(lines);
  if (row.kind === 'note') return (columns.get(row.over) ?? 0) + width / 2 + 10;
  const [one, other] = [columns.get(row.from) ?? 0, columns.get(row.to) ?? 0];
  return isToSelf(row) ? one + 40 + width : (one + other) / 2 + width / 2;
}

const widths = {
  name: nameWidth,
  heading: headingWidth,
  line: (words: string) => textWidth(words, SIZES.text),
};

function text(kind: keyof typeof widths, words: string, x: number, y: number, anchor = 'start'): string {
  const width = widths[kind](words);
  const style = kind === 'heading' ? 'line heading' : kind;
  return `<text class="${style}" x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" textLength="${width}" lengthAdjust="spacingAndGlyphs">${escapeXml(words)}</text>`;
}

const n = (value: number): string => String(Math.round(value * 10) / 10);

function headOf(name: string, x: number, bottom: number): string {
  const width = boxWidth(name);
  return [
    `<g class="participant"><path class="life" d="M${n(x)} ${TITLE + HEAD} V${bottom}"/>`,
    `<rect class="box" x="${n(x - width / 2)}" y="${TITLE}" width="${n(width)}" height="${HEAD}" rx="5"/>`,
    `${text('name', name, x, TITLE + 20, 'middle')}</g>`,
  ].join('');
}

function drawRow({ row, lines, y }: Row, at: (name: string) => number, width: number): string {
  const words = (x: number, anchor: string): string =>
    lines.map((line, number) => text('line', line, x, y + number * LINE, anchor)).join('');
  const under = y + (lines.length - 1) * LINE + 6;
  switch (row.kind) {
    case 'divider':
      return `<g class="divider"><path class="rule" d="M0 ${n(y - 14)} H${width}"/>${text('heading', row.text, MARGIN, y)}</g>`;
    case 'note': {
      const [x, wide] = [at(row.over), widestOf(lines) + 16];
      const box = `<rect class="box" x="${n(x - wide / 2)}" y="${n(y - 13)}" width="${n(wide)}" height="${lines.length * LINE + 4}" rx="3"/>`;
      return `<g class="note">${box}${words(x, 'middle')}</g>`;
    }
    case 'message': {
      const [from, to] = [at(row.from), at(row.to)];
      const kind = `way${row.isAnswer === true ? ' answer' : ''}`;
      if (isToSelf(row))
        return `<g class="message"><path class="${kind}" d="M${n(from)} ${n(y - 6)} h28 v${n(under - y + 12)} h-24" marker-end="url(#head)"/>${words(from + 36, 'start')}</g>`;
      return `<g class="message"><path class="${kind}" d="M${n(from)} ${n(under)} H${n(to)}" marker-end="url(#head)"/>${words((from + to) / 2, 'middle')}</g>`;
    }
  }
}
