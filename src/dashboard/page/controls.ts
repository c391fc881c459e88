/** Operations on the chosen domain, where the server and the domain allow them. */
import { html, nothing, type TemplateResult } from '/assets/lit-html/lit-html.js';
import type { DomainView } from '../protocol.ts';
import type { Page } from './page.ts';
import { printable } from './words.ts';

const OPERATIONS = ['suspend', 'resume', 'reset', 'shutdown', 'reboot', 'destroy'] as const;

type Operation = (typeof OPERATIONS)[number];

export function controls(page: Page, domain: DomainView): TemplateResult | typeof nothing {
  if (page.model.readOnly || !domain.controlled) return nothing;
  // What is done is done now, whatever is shown.
  const isPast = page.position !== null;
  const begin = (operation: Operation, event: Event): void => {
    if (operation !== 'destroy') return void operate(page, domain, operation);
    (event.currentTarget as Element).closest('.controls')?.querySelector('dialog')?.showModal();
  };
  const end =
    (destroys: boolean) =>
    (event: Event): void => {
      (event.currentTarget as Element).closest('dialog')?.close();
      if (destroys) void operate(page, domain, 'destroy');
    };
  return html`<div class="controls" role="group" aria-label="Operations">
    ${OPERATIONS.map(
      (operation) =>
        html`<button type="button" ?disabled=${isPast || !domain.active} @click=${(event: Event) => begin(operation, event)}>
          ${operation}
        </button>`,
    )}
    <span class="message" role="status">${isPast ? 'The past cannot be changed.' : page.message}</span>
    <dialog aria-labelledby="confirm">
      <p id="confirm">Destroy <bdi>${printable(domain.name)}</bdi>? It loses power at once; its guest is not asked.</p>
      <button type="button" autofocus @click=${end(false)}>Leave it running</button>
      <button type="button" class="danger" @click=${end(true)}>Destroy</button>
    </dialog>
  </div>`;
}

async function operate(page: Page, { key, name }: DomainView, operation: Operation): Promise<void> {
  const what = `${operation} ${printable(name, 60)}`;
  page.say(`${what} …`);
  try {
    const response = await fetch('/control', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key, operation }),
    });
    page.say(response.ok ? `${what}: done` : `${what} failed: ${await errorOf(response)}`);
  } catch (error) {
    page.say(
      `${what} failed: the server was not reached (${error instanceof Error ? error.message : error})`,
    );
  }
}

/** @example `ERR_STATE: monitor is lost` */
async function errorOf(response: Response): Promise<string> {
  const error: { readonly code?: unknown; readonly message?: unknown } | null = await response
    .json()
    .catch(() => null);
  if (typeof error?.message !== 'string') return `the server answers ${response.status}`;
  return printable(`${error.code}: ${error.message}`, 1000);
}
