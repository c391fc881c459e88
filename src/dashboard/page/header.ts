/** The top line: how many domains there are and how they are, and whether the server is there. */
import { html, nothing, type TemplateResult } from '/assets/lit-html/lit-html.js';
import { hasNoMonitor } from './filter.ts';
import type { Page } from './page.ts';
import { clock, duration, exactTime, printable } from './words.ts';

export function header(page: Page): TemplateResult {
  const { model } = page;
  return html`<header>
    <h1>qemu-actors</h1>
    ${
      model.replay === null
        ? nothing
        : html`<p class="note" title=${printable(model.replay, 1000)}>Replay of <bdi>${printable(model.replay, 60)}</bdi></p>`
    }
    ${summary(page)}
    <p class="link" data-link=${page.link.state} role="status">
      ${linkWords(page)}${
        page.restartedAt === null
          ? nothing
          : html`<span title=${exactTime(page.restartedAt, false)}>
              · server restarted at ${clock(page.restartedAt, false).slice(0, 8)}</span>`
      }${page.unreadable === 0 ? nothing : ` · messages not understood: ${page.unreadable}`}
    </p>
  </header>`;
}

function linkWords({ link }: Page): TemplateResult | string {
  if (link.state !== 'reconnecting') return link.state;
  return html`<span title=${exactTime(link.since, false)}>reconnecting since ${clock(link.since, false).slice(0, 8)}</span>
    <span aria-hidden="true">(${duration(Date.now() - link.since)})</span>`;
}

/** @example `200 domains · 180 running · 20 paused · 1 without monitor` */
function summary({ domains }: Page): TemplateResult {
  const counts = new Map<string, number>();
  let silent = 0;
  for (const view of domains.values()) {
    const state = view?.state ?? 'not known';
    counts.set(state, (counts.get(state) ?? 0) + 1);
    if (hasNoMonitor(view)) silent += 1;
  }
  const states = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return html`<ul class="summary" aria-label="Summary">
    <li>${domains.size} ${domains.size === 1 ? 'domain' : 'domains'}</li>
    ${states.map(([state, count]) => html`<li data-state=${state}>${count} ${state}</li>`)}
    ${silent === 0 ? nothing : html`<li class="bad">${silent} without monitor</li>`}
  </ul>`;
}
