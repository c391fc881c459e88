/** The list of domains: a grid whose rows are chosen with the arrow keys. Only rows that changed are rendered again. */
import { guard } from '/assets/lit-html/directives/guard.js';
import { repeat } from '/assets/lit-html/directives/repeat.js';
import { html, nothing, type TemplateResult } from '/assets/lit-html/lit-html.js';
import { type Column, hasNoMonitor, type ListOptions, type Row } from './filter.ts';
import type { Page } from './page.ts';
import { duration, exactTime, printable, stateOf } from './words.ts';

const PAGE_ROWS = 10;

export function domainList(page: Page): TemplateResult {
  const { rows } = page;
  const change = (options: Partial<ListOptions>): void => {
    page.list = { ...page.list, ...options };
    page.changed();
  };
  // One row can be reached by the tabulator: the chosen one, if it is shown.
  const reachable = rows.some(({ key }) => key === page.chosen) ? page.chosen : rows[0]?.key;
  return html`<section class="domains" aria-label="Domains">
    <div class="bar">
      <input
        type="search"
        aria-label="Filter by name or uuid"
        placeholder="Name or uuid"
        .value=${page.list.text}
        @input=${(event: Event) => change({ text: (event.target as HTMLInputElement).value })}
      />
      ${stateFilter(page, change)}
    </div>
    <div class="scroll">
      <table role="grid" aria-label="Domains" aria-rowcount=${rows.length + 1}>
        <thead>
          <tr>
            ${heading(page, 'name', 'Name', change)}${heading(page, 'state', 'State', change)}
            <th scope="col">Reason</th>
            ${heading(page, 'since', 'Since', change)}
          </tr>
        </thead>
        <tbody
          @click=${(event: Event) => chooseRow(page, (event.target as Element).closest('tr'))}
          @keydown=${(event: KeyboardEvent) => moveByKey(page, event)}
        >
          ${repeat(
            rows,
            ({ key }) => key,
            (row) => domainRow(page, row, row.key === reachable),
          )}
        </tbody>
      </table>
      ${rows.length === 0 ? html`<p class="empty">${emptyWords(page)}</p>` : nothing}
    </div>
  </section>`;
}

function emptyWords(page: Page): string {
  if (page.model.server === null) return 'Waiting for the server.';
  return page.domains.size === 0 ? 'No domain is attached.' : 'No domain matches.';
}

function stateFilter(page: Page, change: (options: Partial<ListOptions>) => void): TemplateResult {
  const states = new Set([...page.domains.values()].map(stateOf));
  if (page.list.state !== '' && page.list.state !== 'monitor') states.add(page.list.state);
  return html`<select
    aria-label="Filter by state"
    @change=${(event: Event) => change({ state: (event.target as HTMLSelectElement).value })}
  >
    <option value="" ?selected=${page.list.state === ''}>all states</option>
    ${[...states]
      .sort()
      .map((state) => html`<option value=${state} ?selected=${page.list.state === state}>${state}</option>`)}
    <option value="monitor" ?selected=${page.list.state === 'monitor'}>without monitor</option>
  </select>`;
}

function heading(
  { list }: Page,
  column: Column,
  words: string,
  change: (options: Partial<ListOptions>) => void,
): TemplateResult {
  const isSorted = list.sortBy === column;
  const order = list.descending ? 'descending' : 'ascending';
  return html`<th scope="col" aria-sort=${isSorted ? order : 'none'} data-column=${column}>
    <button type="button" @click=${() => change({ sortBy: column, descending: isSorted && !list.descending })}>
      ${words}<span aria-hidden="true">${isSorted ? (list.descending ? ' ▾' : ' ▴') : ''}</span>
    </button>
  </th>`;
}

function domainRow(page: Page, { key, name, view }: Row, isReachable: boolean): unknown {
  const isChosen = key === page.chosen;
  const since = view === null ? '' : duration(page.now - view.since);
  return guard([name, view, isChosen, isReachable, since], () => {
    const state = stateOf(view);
    return html`<tr aria-selected=${isChosen} tabindex=${isReachable ? 0 : -1} .domainKey=${key}>
      <th scope="row" title=${printable(name, 1000)}>
        <bdi>${printable(name)}</bdi>${hasNoMonitor(view) ? html` <span class="badge">${view.monitor}</span>` : nothing}
      </th>
      <td><span class="state" data-state=${state}>${state}</span></td>
      <td title=${view?.reason ?? ''}>${printable(view?.reason ?? '')}</td>
      <td class="since" title=${view === null ? '' : exactTime(view.since, page.isReplay)}>${since}</td>
    </tr>`;
  });
}

type RowElement = HTMLTableRowElement & { readonly domainKey?: string };

function chooseRow(page: Page, row: RowElement | null): void {
  if (row?.domainKey === undefined) return;
  page.choose(row.domainKey);
  page.renderNow();
  row.focus();
}

/** Where a key leads from the row at `index`, of `count`; null: nowhere. */
function destination(key: string, index: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return Math.min(index + 1, count - 1);
    case 'ArrowUp':
      return Math.max(index - 1, 0);
    case 'PageDown':
      return Math.min(index + PAGE_ROWS, count - 1);
    case 'PageUp':
      return Math.max(index - PAGE_ROWS, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    case 'Enter':
    case ' ':
      return index;
    default:
      return null;
  }
}

function moveByKey(page: Page, event: KeyboardEvent): void {
  const row = (event.target as Element).closest('tr');
  const body = event.currentTarget as HTMLTableSectionElement;
  if (row === null || event.altKey || event.ctrlKey || event.metaKey) return;
  const to = destination(event.key, row.sectionRowIndex, body.rows.length);
  if (to === null) return;
  event.preventDefault();
  chooseRow(page, body.rows[to] ?? null);
}
