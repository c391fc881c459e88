/** Plays what is kept from the entry that is shown, as fast as it happened or faster, up to now. */
import type { Page } from './page.ts';

/** How many times as fast as it happened; null: nothing is played. */
let speed: number | null = null;
let frame = 0;

export const playingSpeed = (): number | null => speed;

/** From now, as from the end, it begins at the oldest entry. */
export function play(page: Page, times: number): void {
  stop();
  const start = page.entry ?? page.model.entries[0];
  if (start === undefined) return;
  speed = times;
  page.travelTo(start.seq);
  const began = performance.now();
  const goOn = (time: number): void => {
    const { entries } = page.model;
    const until = start.at + (time - began) * times;
    let next = page.index;
    while ((entries[next + 1]?.at ?? Number.POSITIVE_INFINITY) <= until) next += 1;
    if (next >= entries.length - 1) {
      stop();
      page.travelTo(null);
      return;
    }
    if (next !== page.index) page.travelTo(entries[next]?.seq ?? null);
    frame = requestAnimationFrame(goOn);
  };
  frame = requestAnimationFrame(goOn);
}

export function stop(): void {
  cancelAnimationFrame(frame);
  speed = null;
}
