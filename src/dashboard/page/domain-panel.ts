/** The chosen domain: what is known about it, its chart, and the charts of the actors that it has. */
import { html, nothing, type TemplateResult } from '/assets/lit-html/lit-html.js';
import type { ActorView, DomainView, MachineName } from '../protocol.ts';
import { Chart } from './chart.ts';
import { controls } from './controls.ts';
import { hasNoMonitor } from './filter.ts';
import type { Page } from './page.ts';
import { duration, exactTime, innermost, printable, transitionWords } from './words.ts';

/** Sizes to choose from, beside as large as there is room. */
const SCALES = [0.5, 0.75, 1, 1.5, 2];

/** Null: as large as there is room. */
let scale: number | null = null;
/** Machines whose charts are unfolded. */
const unfolded = new Set<MachineName>();
/** Those that are shown, by machine and actor. */
let charts = new Map<string, Chart>();

export function domainPanel(page: Page): TemplateResult {
  const shown = new Map<string, Chart>();
  const chartOf = (actor: ActorView): Chart => {
    const id = actor.machine === 'domain' ? 'domain' : `${actor.machine} ${actor.id}`;
    const chart = charts.get(id) ?? new Chart(actor.machine);
    shown.set(id, chart);
    chart.show(actor);
    return chart;
  };
  const { domain } = page;
  const panel =
    domain === null
      ? html`<p class="empty">${whyNone(page)}</p>`
      : html`${facts(page, domain)}${controls(page, domain)}${mainChart(page, chartOf(domain.actor))}
          ${nested(page, domain, chartOf)}`;
  charts = shown;
  return html`<section class="domain" aria-label="Chosen domain">${panel}</section>`;
}

function whyNone({ chosen, domains, model }: Page): string {
  if (chosen === null) return 'Choose a domain to see its chart.';
  if (domains.has(chosen)) return 'How this domain was then is not known: it changed before what is kept.';
  return model.domains.has(chosen)
    ? 'This domain was not attached then.'
    : 'This domain is not attached any more.';
}

function facts(page: Page, domain: DomainView): TemplateResult {
  const { name, state, reason, since, id, uuid, job, waiting, actor } = domain;
  return html`<h2 title=${printable(name, 1000)}><bdi>${printable(name)}</bdi></h2>
    <p class="now">
      <span class="state" data-state=${state}>${state}</span>
      <span class="reason">${printable(reason)}</span>
      <span title=${exactTime(since, page.isReplay)}>for ${duration(page.now - since)}</span>
      ${hasNoMonitor(domain) ? html`<span class="badge">monitor ${domain.monitor}</span>` : nothing}
    </p>
    <dl class="facts">
      <div><dt>Id</dt><dd>${id ?? '–'}</dd></div>
      <div><dt>Uuid</dt><dd title=${printable(uuid ?? '')}>${printable(uuid ?? '–')}</dd></div>
      <div><dt>Job held by</dt><dd>${job === null ? 'nobody' : printable(job)}</dd></div>
      <div><dt>Waiting</dt><dd>${waiting}</dd></div>
      <div class="last">
        <dt>Last transition</dt>
        <dd title=${lastWords(actor)}>${lastWords(actor)}</dd>
      </div>
    </dl>`;
}

const lastWords = ({ last }: ActorView): string =>
  last === null ? 'none yet' : printable(transitionWords(last));

function mainChart(page: Page, chart: Chart): TemplateResult {
  chart.zoom(scale);
  const zoom = (next: number | null): void => {
    scale = next;
    page.changed();
  };
  // What fits is not known before the chart is there and has its place, so not before somebody asks.
  const smaller = (): number => SCALES.findLast((size) => size < chart.scale - 0.01) ?? Math.min(...SCALES);
  const larger = (): number => SCALES.find((size) => size > chart.scale + 0.01) ?? Math.max(...SCALES);
  return html`<div class="chart-bar" role="group" aria-label="Size of the chart">
      <button type="button" @click=${() => zoom(smaller())} aria-label="Smaller" title="Smaller">−</button>
      <button type="button" @click=${() => zoom(larger())} aria-label="Larger" title="Larger">+</button>
      <button type="button" aria-pressed=${scale === null} @click=${() => zoom(null)}>Fit</button>
    </div>
    ${chart.element}`;
}

function nested(page: Page, { actor }: DomainView, chartOf: (actor: ActorView) => Chart): TemplateResult {
  const below = allBelow(actor);
  const group = (machine: MachineName, words: string, none: string): TemplateResult => {
    const actors = below.filter((one) => one.machine === machine);
    const toggle = (event: Event): void => {
      if ((event.target as HTMLDetailsElement).open) unfolded.add(machine);
      else unfolded.delete(machine);
      page.changed();
    };
    return html`<details ?open=${unfolded.has(machine)} @toggle=${toggle} data-machine=${machine}>
      <summary>
        ${words} <span class="soft">${actors.length === 0 ? none : actors.map(actorWords).join(' · ')}</span>
      </summary>
      ${
        unfolded.has(machine)
          ? actors.map(
              (one) => html`<figure>
                <figcaption>${actorWords(one)}; last: ${lastWords(one)}</figcaption>
                ${chartOf(one).element}
              </figure>`,
            )
          : nothing
      }
    </details>`;
  };
  return html`<div class="nested">
    ${group('monitor', 'Monitor', 'none')}${group('process-event', 'Handlers', 'none runs')}${group('qemu-job', 'QEMU jobs', 'none')}
  </div>`;
}

const allBelow = ({ children }: ActorView): readonly ActorView[] =>
  children.flatMap((child) => [child, ...allBelow(child)]);

/** @example `processEvent#3 nicRxFilterChanged: running` */
const actorWords = ({ id, about, active }: ActorView): string =>
  printable(`${[id, about].filter((word) => word !== '').join(' ')}: ${innermost(active)}`);
