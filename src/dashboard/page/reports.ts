/** What came of it all: outcomes of handlers, changes of the host, and what did nothing. */
import { html, nothing, type TemplateResult } from '/assets/lit-html/lit-html.js';
import type { Item } from '../protocol.ts';
import { type Entry, isItem } from './model.ts';
import type { Page } from './page.ts';
import { clock, exactTime, hostWords, printable } from './words.ts';

type HostItem = Item & { readonly line: Extract<Item['line'], { kind: 'host' }> };
type Outcomes = Readonly<Record<'done' | 'ignored' | 'failed', number>>;

const MAX_HOST_CHANGES = 100;
const NONE: Outcomes = { done: 0, ignored: 0, failed: 0 };

interface Digest {
  readonly outcomes: ReadonlyMap<string, Outcomes>;
  /** Of the chosen domain, newest first. */
  readonly host: readonly HostItem[];
}

const isHostItem = (item: Item): item is HostItem => item.line.kind === 'host';

function digest(entries: readonly Entry[], end: number, key: string | null): Digest {
  const outcomes = new Map<string, Outcomes>();
  const host: HostItem[] = [];
  for (let index = end - 1; index >= 0; index -= 1) {
    const entry = entries[index];
    if (entry === undefined || !isItem(entry)) continue;
    const { line } = entry;
    if (line.kind === 'outcome') {
      const counts = outcomes.get(line.type) ?? NONE;
      outcomes.set(line.type, { ...counts, [line.status]: counts[line.status] + 1 });
    } else if (isHostItem(entry) && entry.key === key && host.length < MAX_HOST_CHANGES) host.push(entry);
  }
  return { outcomes, host };
}

export function reports(page: Page): TemplateResult {
  const { outcomes, host } = digest(page.model.entries, page.index + 1, page.chosen);
  return html`<section class="reports" aria-label="Reports">
    ${outcomeTable(outcomes)}${counterTable(page)}${hostTable(page, host)}
  </section>`;
}

function outcomeTable(outcomes: Digest['outcomes']): TemplateResult {
  const rows = [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1));
  return html`<details open>
    <summary>Outcomes of handlers <span class="soft">in the items kept</span></summary>
    ${
      rows.length === 0
        ? html`<p class="empty">None yet.</p>`
        : html`<table>
            <thead>
              <tr>
                <th scope="col">Handler</th>
                <th scope="col" class="number">done</th>
                <th scope="col" class="number">ignored</th>
                <th scope="col" class="number">failed</th>
              </tr>
            </thead>
            <tbody>
              ${rows.map(
                ([type, { done, ignored, failed }]) => html`<tr>
                  <th scope="row" title=${printable(type)}>${printable(type)}</th>
                  <td class="number">${done}</td>
                  <td class="number">${ignored}</td>
                  <td class=${failed > 0 ? 'number bad' : 'number'}>${failed}</td>
                </tr>`,
              )}
            </tbody>
          </table>`
    }
  </details>`;
}

function counterTable({ model, position }: Page): TemplateResult {
  const counters = [...model.counters.values()].sort((a, b) =>
    a.reason === b.reason ? (a.event < b.event ? -1 : 1) : a.reason < b.reason ? -1 : 1,
  );
  return html`<details open>
    <summary>
      Counters <span class="soft">events that did nothing${position === null ? '' : ', until now'}</span>
    </summary>
    ${
      counters.length === 0
        ? html`<p class="empty">All zero.</p>`
        : html`<table>
            <thead>
              <tr>
                <th scope="col">Reason</th>
                <th scope="col">Event</th>
                <th scope="col" class="number">Count</th>
              </tr>
            </thead>
            <tbody>
              ${counters.map(
                ({ reason, event, count }) => html`<tr>
                  <td title=${printable(reason)}>${printable(reason)}</td>
                  <td title=${printable(event)}><bdi>${printable(event)}</bdi></td>
                  <td class="number">${count}</td>
                </tr>`,
              )}
            </tbody>
          </table>`
    }
  </details>`;
}

function hostTable({ chosen, isReplay }: Page, host: Digest['host']): TemplateResult | typeof nothing {
  if (chosen === null) return nothing;
  return html`<details open>
    <summary>Host changes <span class="soft">of the chosen domain</span></summary>
    ${
      host.length === 0
        ? html`<p class="empty">None.</p>`
        : html`<ul class="host" tabindex="0" aria-label="Host changes">
      ${host.map(
        ({ at, line }) => html`<li>
          <time title=${exactTime(at, isReplay)}>${clock(at, isReplay)}</time>
          <bdi>${printable(hostWords(line))}</bdi>
          ${line.dryRun ? html`<span class="soft">dry run</span>` : nothing}
          ${line.error === undefined ? nothing : html`<span class="bad">failed: ${printable(line.error)}</span>`}
        </li>`,
      )}
    </ul>`
    }
  </details>`;
}
