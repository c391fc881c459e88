/** Tells those who do not see the chart what the chosen domain did; the newest only, and not without a pause. */
import type { Page } from './page.ts';
import { printable, stateOf, transitionWords } from './words.ts';

const PAUSE_MS = 2000;

/** @returns what to call when something may have changed */
export function announceTransitions(element: HTMLElement): (page: Page) => void {
  let key: string | null = null;
  let said = '';
  let next = '';
  let pausing = false;

  const speak = (): void => {
    if (next === '' || pausing) return;
    element.textContent = next;
    next = '';
    pausing = true;
    setTimeout(() => {
      pausing = false;
      speak();
    }, PAUSE_MS);
  };

  return ({ chosen, domain }) => {
    const last = domain?.actor.last ?? null;
    const words =
      domain === null || last === null
        ? ''
        : `${printable(domain.name)}: ${printable(transitionWords(last))}; ${stateOf(domain)}, ${printable(domain.reason)}`;
    if (chosen === key && words !== said) {
      next = words;
      speak();
    }
    key = chosen;
    said = words;
  };
}
