/** What happened, a line each, newest at the bottom. Of thousands of lines only those in sight are in the document. */
import { repeat } from '/assets/lit-html/directives/repeat.js';
import { html, nothing, type TemplateResult } from '/assets/lit-html/lit-html.js';
import { type Entry, indexOf, isItem } from './model.ts';
import type { Page } from './page.ts';
import { ROW_PX, ScrollPlace } from './scroll-place.ts';
import { selectedEntry, streamBar } from './stream-bar.ts';
import { clock, entryWords, exactTime, printable, toJson } from './words.ts';

const PAGE_ROWS = 10;

const place = new ScrollPlace();
/** The entry that was shown last; another one is brought in sight. */
let shown: number | null = null;

export function streamPanel(page: Page): TemplateResult {
  place.lines = page.lines;
  const present = page.entry?.seq ?? null;
  if (present !== shown) {
    if (present === null) place.follow();
    else place.show(indexOf(place.lines, present));
    shown = present;
  }
  return html`<section class="stream" aria-label="Stream">
    ${streamBar(page, place.lines)}
    <div
      class="lines"
      role="listbox"
      tabindex="0"
      aria-label="Items"
      aria-activedescendant=${isInDocument(page.selected) ? `entry-${page.selected}` : nothing}
      @scroll=${(event: Event) => place.scrolled(event.currentTarget as HTMLElement) && page.changed()}
      @keydown=${(event: KeyboardEvent) => moveByKey(page, event)}
    >
      ${place.lines.length === 0 ? html`<p class="empty">Nothing to show.</p>` : lines(page)}
    </div>
    ${detail(page)}
  </section>`;
}

function isInDocument(seq: number | null): boolean {
  if (seq === null) return false;
  const [first, end] = place.extent;
  const index = indexOf(place.lines, seq);
  return place.lines[index]?.seq === seq && index >= first && index < end;
}

function lines(page: Page): TemplateResult {
  const [first, end] = place.extent;
  const here = page.entry?.seq;
  return html`<div class="all" role="presentation" .style=${`height: ${place.lines.length * ROW_PX}px`}>
    <div class="sight" role="presentation" .style=${`transform: translateY(${first * ROW_PX}px)`}>
      ${repeat(
        place.lines.slice(first, end),
        ({ seq }) => seq,
        (entry, index) => line(page, entry, first + index, here),
      )}
    </div>
  </div>`;
}

function line(page: Page, entry: Entry, index: number, here: number | undefined): TemplateResult {
  const { seq, at } = entry;
  const words = entryWords(entry);
  const name = printable(page.nameOf(entry));
  const kind = isItem(entry) ? entry.line.kind : 'lost';
  return html`<div
    id=${`entry-${seq}`}
    class="entry"
    role="option"
    data-kind=${kind}
    data-future=${here !== undefined && seq > here}
    aria-selected=${seq === page.selected}
    aria-current=${seq === here ? 'true' : nothing}
    aria-posinset=${index + 1}
    aria-setsize=${place.lines.length}
    title=${`${exactTime(at, page.isReplay)}  ${name}  ${kind}\n${words}`}
    @click=${() => select(page, index)}
    @dblclick=${() => page.travelTo(seq)}
  >
    <time>${clock(at, page.isReplay)}</time><bdi class="name">${name}</bdi><span class="kind">${kind}</span><bdi
      class="words"
      >${words}</bdi
    >
  </div>`;
}

function detail(page: Page): TemplateResult {
  const entry = selectedEntry(page, place.lines);
  return html`<div class="detail">
    ${
      entry === undefined
        ? html`<p class="soft">
            Arrow keys select a line; Enter shows everything as it was after it. <span role="status">${page.notice}</span>
          </p>`
        : html`<p class="bar">
              <button type="button" @click=${() => page.travelTo(entry.seq)}>Show the state after it</button>
              <button type="button" @click=${() => unselect(page)}>Unselect</button>
              <span role="status">${page.notice}</span>
            </p>
            <pre tabindex="0" aria-label="The selected item">${JSON.stringify(JSON.parse(toJson(entry)), null, 1)}</pre>`
    }
  </div>`;
}

/** The newest lines are followed again. */
function unselect(page: Page): void {
  place.follow();
  page.selected = null;
  page.notice = '';
  page.changed();
}

/** Selects a line and brings it in sight. */
function select(page: Page, index: number): void {
  const entry = place.lines[index];
  if (entry === undefined) return;
  page.selected = entry.seq;
  page.notice = '';
  place.show(index);
  page.changed();
}

function moveByKey(page: Page, event: KeyboardEvent): void {
  const last = place.lines.length - 1;
  const index = page.selected === null ? last + 1 : indexOf(place.lines, page.selected);
  const to = new Map([
    ['ArrowUp', index - 1],
    ['ArrowDown', index + 1],
    ['PageUp', index - PAGE_ROWS],
    ['PageDown', index + PAGE_ROWS],
    ['Home', 0],
    ['End', last],
  ]).get(event.key);
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (to !== undefined) select(page, Math.min(Math.max(to, 0), last));
  else if (event.key === 'Enter' && page.selected !== null) page.travelTo(page.selected);
  else if (event.key === 'Escape') unselect(page);
  else return;
  event.preventDefault();
}

/** After each rendering: the same lines stay in sight, or the newest if those were. */
export function keepPlace(page: Page): void {
  const element = document.querySelector<HTMLElement>('.lines');
  // Of another height, other lines are in sight.
  if (element !== null && place.apply(element)) page.changed();
}
