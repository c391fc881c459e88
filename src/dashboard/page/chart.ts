/** A machine's chart, drawn by the server, with the active states and the last transition of an actor lit in it. */
import type { ActorView, MachineName } from '../protocol.ts';

const drawings = new Map<MachineName, Promise<Element>>();

/**
 * The chart of a machine, read from the server once. A request for a document, since a string would have to be
 * trusted before it is parsed.
 */
function drawingOf(machine: MachineName): Promise<Element> {
  let drawing = drawings.get(machine);
  if (drawing === undefined) {
    drawing = new Promise<Element>((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open('GET', `/charts/${machine}.svg`);
      request.responseType = 'document';
      request.addEventListener('loadend', () => {
        const svg = request.responseXML?.documentElement;
        if (request.status === 200 && svg?.localName === 'svg') resolve(svg);
        else reject(new Error(`the server answers ${request.status === 0 ? 'nothing' : request.status}`));
      });
      request.send();
    });
    drawings.set(machine, drawing);
    // The next chart asks again.
    drawing.catch(() => drawings.delete(machine));
  }
  return drawing;
}

export class Chart {
  /** To be put into the page; empty until the drawing is there. */
  readonly element = document.createElement('div');
  readonly #machine: MachineName;
  #svg: SVGSVGElement | null = null;
  #actor: ActorView | null = null;
  #scale: number | null = null;

  constructor(machine: MachineName) {
    this.#machine = machine;
    this.element.className = 'chart';
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'group');
    void this.#load();
  }

  /** Lights it for an actor of the machine that it shows. */
  show(actor: ActorView): void {
    if (actor === this.#actor) return;
    this.#actor = actor;
    this.#light();
  }

  /** @param scale - 1: as it was drawn; null: as large as there is room */
  zoom(scale: number | null): void {
    if (scale === this.#scale) return;
    this.#scale = scale;
    this.#resize();
  }

  /** How large it is now; 1: as it was drawn. */
  get scale(): number {
    const { width, height } = this.#svg?.viewBox.baseVal ?? { width: 0, height: 0 };
    if (this.#scale !== null || width === 0 || height === 0) return this.#scale ?? 1;
    return Math.min(this.element.clientWidth / width, this.element.clientHeight / height);
  }

  async #load(): Promise<void> {
    try {
      const drawing = await drawingOf(this.#machine);
      const svg = document.importNode(drawing, true) as unknown as SVGSVGElement;
      svg.setAttribute('role', 'img');
      this.#svg = svg;
      this.element.replaceChildren(svg);
      this.#resize();
      this.#light();
    } catch (error) {
      this.element.textContent = `The chart cannot be shown: ${error instanceof Error ? error.message : error}.`;
    }
  }

  #resize(): void {
    const { width, height } = this.#svg?.viewBox.baseVal ?? { width: 0, height: 0 };
    this.element.dataset.zoom = this.#scale === null ? 'fit' : 'scaled';
    if (this.#svg === null || width === 0) return;
    this.#svg.style.width = this.#scale === null ? '' : `${width * this.#scale}px`;
    this.#svg.style.height = this.#scale === null ? '' : `${height * this.#scale}px`;
  }

  #light(): void {
    const [svg, actor] = [this.#svg, this.#actor];
    if (svg === null || actor === null) return;
    const active = new Set(actor.active);
    for (const state of svg.querySelectorAll<SVGElement>('.state'))
      state.classList.toggle('lit', active.has(state.dataset.state ?? ''));
    const taken = takenArrows([...svg.querySelectorAll<SVGElement>('.transition')], actor.last);
    for (const arrow of svg.querySelectorAll('.transition'))
      arrow.classList.toggle('just-taken', taken.has(arrow));
    const label = `Chart of ${actor.id || actor.machine}; active: ${actor.active.join(', ') || 'none'}`;
    svg.setAttribute('aria-label', label);
    this.element.setAttribute('aria-label', label);
  }
}

/**
 * The arrows that stand for a transition. One that stands for several may begin and end around the states that were
 * left and entered; its title has a line for each of them, as `active.running: qemu.STOP [1]`.
 */
function takenArrows(arrows: readonly SVGElement[], last: ActorView['last']): ReadonlySet<Element> {
  if (last === null) return new Set();
  const possible = arrows.filter(
    ({ dataset }) => isAround(dataset.from ?? '', last.from) && isAround(dataset.to ?? '', last.to),
  );
  const named = possible.filter((arrow) =>
    arrow.querySelector('title')?.textContent.split(/\s/).includes(last.event),
  );
  const candidates = named.length > 0 ? named : possible;
  const depth = ({ dataset }: SVGElement): number => `${dataset.from}${dataset.to}`.length;
  const innermost = Math.max(...candidates.map(depth));
  return new Set(candidates.filter((arrow) => depth(arrow) === innermost));
}

/** @param path - empty: any state */
const isAround = (path: string, states: readonly string[]): boolean =>
  path === '' || states.some((state) => state === path || state.startsWith(`${path}.`));
