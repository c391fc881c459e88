/** Time travel: which of the kept entries everything is shown after. */
import { live } from '/assets/lit-html/directives/live.js';
import { html, type TemplateResult } from '/assets/lit-html/lit-html.js';
import type { Page } from './page.ts';
import { play, playingSpeed, stop } from './player.ts';
import { clock, entryWords, exactTime, printable } from './words.ts';

export function timeBar(page: Page): TemplateResult {
  const { entries } = page.model;
  const { index } = page;
  const isNow = page.position === null;
  const words = placeWords(page);
  const travel = (event: Event): void => {
    stop();
    const place = Number((event.target as HTMLInputElement).value);
    page.travelTo(entries[place]?.seq ?? null);
  };
  const step = (by: -1 | 1) => (): void => {
    stop();
    page.step(by);
  };
  return html`<section class="time" aria-label="Time" data-now=${isNow}>
    <button type="button" ?disabled=${index <= 0} @click=${step(-1)} aria-label="Previous item" title="Previous item">
      ◂
    </button>
    <button type="button" ?disabled=${isNow} @click=${step(1)} aria-label="Next item" title="Next item">▸</button>
    <input
      type="range"
      aria-label="Item"
      aria-valuetext=${words}
      min="0"
      max=${Math.max(0, entries.length - 1)}
      .value=${live(String(Math.max(0, index)))}
      ?disabled=${entries.length === 0}
      @input=${travel}
    />
    <button
      type="button"
      class="live"
      aria-pressed=${isNow}
      @click=${() => {
        stop();
        page.travelTo(null);
      }}
    >
      ${page.isReplay ? 'End' : 'Live'}
    </button>
    ${playButtons(page)}
    <p class="place" title=${page.entry === undefined ? words : `${exactTime(page.entry.at, page.isReplay)}: ${words}`}>
      <bdi>${words}</bdi>
    </p>
  </section>`;
}

function playButtons(page: Page): TemplateResult {
  const speed = playingSpeed();
  const pause = (): void => {
    stop();
    page.changed();
  };
  const button = (times: number): TemplateResult =>
    html`<button
      type="button"
      aria-label=${`Play at ${times}×`}
      aria-pressed=${speed === times}
      ?disabled=${page.model.entries.length === 0}
      @click=${() => (speed === times ? pause() : play(page, times))}
    >
      ${speed === times ? '❚❚' : '▶'}&nbsp;${times}×
    </button>`;
  return html`${button(1)}${button(10)}`;
}

/** @example `532 of 1000 · 09:41:19.123 · web1 · lifecycle: suspended (paused)` */
function placeWords(page: Page): string {
  const { entry, index, isReplay } = page;
  const { entries } = page.model;
  if (entry === undefined)
    return isReplay ? `the end, after ${entries.length} items` : `now, ${entries.length} items kept`;
  const name = printable(page.nameOf(entry), 40);
  return [`${index + 1} of ${entries.length}`, clock(entry.at, isReplay), name, entryWords(entry)]
    .filter((part) => part !== '')
    .join(' · ');
}
