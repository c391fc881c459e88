/** What can be done with the stream: filter it, hold it, copy it, take it along as a recording. */
import { html, nothing, type TemplateResult } from '/assets/lit-html/lit-html.js';
import { copy } from './clipboard.ts';
import { KINDS, type Kind, type StreamFilter } from './filter.ts';
import { type Entry, indexOf } from './model.ts';
import type { Page } from './page.ts';
import { toJson } from './words.ts';

/** @param lines - those that are shown */
export function streamBar(page: Page, lines: readonly Entry[]): TemplateResult {
  const { filter, paused } = page;
  const change = (part: Partial<StreamFilter>): void => {
    page.filter = { ...filter, ...part };
    page.changed();
  };
  const toggle = (kind: Kind): void => {
    const kinds = new Set(filter.kinds);
    if (!kinds.delete(kind)) kinds.add(kind);
    change({ kinds });
  };
  return html`<div class="bar">
    <input
      type="search"
      aria-label="Filter the stream by text"
      placeholder="Text"
      .value=${filter.text}
      @input=${(event: Event) => change({ text: (event.target as HTMLInputElement).value })}
    />
    <label class="chip">
      <input
        type="checkbox"
        .checked=${filter.key !== null}
        ?disabled=${page.chosen === null}
        @change=${() => change({ key: filter.key === null ? page.chosen : null })}
      />chosen domain only</label>
    <fieldset>
      <legend class="hidden">Kinds</legend>
      ${KINDS.map(
        (kind) => html`<label class="chip">
          <input type="checkbox" .checked=${filter.kinds.has(kind)} @change=${() => toggle(kind)} />${kind}</label>`,
      )}
    </fieldset>
    <span class="end">
      <button type="button" aria-pressed=${paused !== null} @click=${() => page.setPaused(paused === null)}>
        ${paused === null ? 'Pause' : `Resume (${page.waiting} new)`}
      </button>
      <button
        type="button"
        ?disabled=${lines.length === 0}
        title="As JSON: the selected line or, if there is none, all that are shown"
        @click=${() => void copyLines(page, lines)}
      >
        ${selectedEntry(page, lines) === undefined ? 'Copy all' : 'Copy line'}
      </button>
      ${
        page.chosen === null || page.isReplay
          ? nothing
          : html`<a class="button" href=${`/recording?key=${encodeURIComponent(page.chosen)}`} download>Recording</a>`
      }
    </span>
  </div>`;
}

/** Undefined: no line is selected, or it is not shown. */
export function selectedEntry({ selected }: Page, lines: readonly Entry[]): Entry | undefined {
  const entry = selected === null ? undefined : lines[indexOf(lines, selected)];
  return entry?.seq === selected ? entry : undefined;
}

async function copyLines(page: Page, lines: readonly Entry[]): Promise<void> {
  const entry = selectedEntry(page, lines);
  const entries = entry === undefined ? lines : [entry];
  try {
    await copy(entries.map(toJson).join('\n'));
    page.notice = `Copied: ${entries.length} ${entries.length === 1 ? 'line' : 'lines'}`;
  } catch (error) {
    page.notice = `Not copied: ${error instanceof Error ? error.message : error}`;
  }
  page.changed();
}
