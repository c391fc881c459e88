/**
 * Which of many lines are in sight, and where a list stays when lines come and go: at its end, or at the line that
 * somebody reads.
 */
import { type Entry, indexOf } from './model.ts';

/** As in stream.css. */
export const ROW_PX = 22;
/** Lines in the document above and below those in sight. */
const MARGIN_ROWS = 8;

/** What is needed of the list's element. */
interface Scrollable {
  scrollTop: number;
  readonly clientHeight: number;
  readonly scrollHeight: number;
}

export class ScrollPlace {
  /** The end, or so far beyond the top of a line. */
  #place: 'end' | { readonly seq: number; readonly offset: number } = 'end';
  #height = 0;
  /** All of them, by number. */
  lines: readonly Entry[] = [];

  /** How far the list is to be scrolled, in pixels. */
  get top(): number {
    const bottom = Math.max(0, this.lines.length * ROW_PX - this.#height);
    if (this.#place === 'end') return bottom;
    const from = indexOf(this.lines, this.#place.seq) * ROW_PX + this.#place.offset;
    return Math.min(Math.max(0, from), bottom);
  }

  /** The first line that is to be in the document, and the one after the last. */
  get extent(): readonly [first: number, end: number] {
    const { top } = this;
    const first = Math.max(0, Math.floor(top / ROW_PX) - MARGIN_ROWS);
    return [first, Math.min(this.lines.length, Math.ceil((top + this.#height) / ROW_PX) + MARGIN_ROWS)];
  }

  /** Stays at the end from now on, whatever comes. */
  follow(): void {
    this.#place = 'end';
  }

  /** Stays with the lines in sight from now on, moved as far as it needs for this one to be among them. */
  show(index: number): void {
    const { top } = this;
    const line = this.lines[index];
    const first = this.lines[Math.floor(top / ROW_PX)];
    if (line === undefined || first === undefined) return;
    const at = index * ROW_PX;
    if (at < top) this.#place = { seq: line.seq, offset: 0 };
    else if (at + ROW_PX > top + this.#height) this.#place = { seq: line.seq, offset: ROW_PX - this.#height };
    else this.#place = { seq: first.seq, offset: top % ROW_PX };
  }

  /** Somebody scrolled. @returns false if the list is only where it was put */
  scrolled({ scrollTop, clientHeight, scrollHeight }: Readonly<Scrollable>): boolean {
    if (Math.abs(scrollTop - this.top) < 1) return false;
    const index = Math.floor(scrollTop / ROW_PX);
    const seq = this.lines[index]?.seq;
    const isEnd = scrollTop + clientHeight >= scrollHeight - 2;
    this.#place = isEnd || seq === undefined ? 'end' : { seq, offset: scrollTop - index * ROW_PX };
    return true;
  }

  /** Scrolls the list, after it was rendered. @returns whether it is larger or smaller than before */
  apply(element: Scrollable): boolean {
    const isResized = this.#height !== element.clientHeight;
    this.#height = element.clientHeight;
    const { top } = this;
    if (Math.abs(element.scrollTop - top) >= 1) element.scrollTop = top;
    return isResized;
  }
}
