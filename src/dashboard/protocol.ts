/**
 * What the server tells the page, as JSON in server-sent events.
 *
 * A page that comes gets one `base`, then an `update` each time something changed, at most every 40 ms: all since the
 * last one together. `id:` of each event is the number of the last item that it knows of; one that comes back with it
 * (`Last-Event-ID`) gets what it missed as one `update`, or a new `base` if that is no longer kept.
 *
 * The page asks for `/`, `/assets/NAME` (each `.js` and `.css` of page/), `/assets/lit-html/NAME` (`lit-html.js`,
 * `directive.js`, `directive-helpers.js`, `directives/guard.js`, `directives/live.js`, `directives/repeat.js`),
 * `/charts/NAME.svg` (without styles: the page has its own), `/stream` (whose events are named `base` and `update`),
 * `/recording?key=KEY`, and posts `{ "key", "operation" }` to `/control`, which answers an error with
 * `{ "code", "message" }`.
 */
import type { Line } from '../lines.ts';

export interface Base {
  /** The number of the last item; 0: there was none. */
  readonly seq: number;
  /** Whose data this is; another one after a restart of the server, so that numbers are not mixed up. */
  readonly server: string;
  readonly readOnly: boolean;
  /** The file that is played back; null: live. */
  readonly replay: string | null;
  /** All domains, in the order in which they were attached. */
  readonly domains: readonly DomainView[];
  readonly counters: readonly Counter[];
  /** The last items that are kept, oldest first. */
  readonly items: readonly Item[];
}

export interface Update {
  readonly seq: number;
  /** Those that changed, whole; in no order. */
  readonly domains: readonly DomainView[];
  /** Keys of those that were let go of. */
  readonly gone: readonly string[];
  /** Those that changed. */
  readonly counters: readonly Counter[];
  readonly items: readonly Item[];
  /** Items between the last update and this one that this reader does not get: it was too slow. */
  readonly lost: number;
}

/** One thing that happened. */
export interface Item {
  /** From 1 on, without gaps. */
  readonly seq: number;
  /** Milliseconds since 1970; in a replay since its start. */
  readonly at: number;
  /** The domain's key. */
  readonly key: string;
  /**
   * As `watch --format jsonl --outcomes --raw` prints it; or a transition of one of its machines. `cut`: it was longer
   * than 8 Ki characters, so names in it are short, and `args` or `data` is empty.
   */
  readonly line: (Line & { readonly cut?: true }) | TransitionLine;
  /** The domain after it, if that is known to differ from before: what time travel shows. */
  readonly domain: DomainView | null;
}

/** A machine went from one state to another. */
export interface TransitionLine {
  readonly kind: 'transition';
  readonly machine: MachineName;
  /** Which actor, as `processEvent#3`; empty for the domain itself. */
  readonly actor: string;
  readonly event: string;
  /** Paths of the states that were left, and entered, as `active.running`. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** `/charts/NAME.svg` draws it. */
export type MachineName = 'domain' | 'monitor' | 'process-event' | 'qemu-job';

export interface DomainView {
  readonly key: string;
  readonly name: string;
  readonly uuid: string | null;
  readonly id: number | null;
  readonly incarnation: string | null;
  readonly state: string;
  readonly reason: string;
  readonly active: boolean;
  readonly monitor: 'ready' | 'unresponsive' | 'lost';
  /** When state or reason changed last, as `at` of an item. */
  readonly since: number;
  /** Its control was asked for, so that it can be changed. */
  readonly controlled: boolean;
  /** Who holds its job, as `processEvent#3`; null if nobody does. */
  readonly job: string | null;
  /** Process events and operations that wait. */
  readonly waiting: number;
  readonly actor: ActorView;
}

export interface ActorView {
  /** As `monitor#1`, `processEvent#3`; unique below its domain. */
  readonly id: string;
  readonly machine: MachineName;
  /** What it is about, as `nicRxFilterChanged`, or the id of a QEMU job; empty if the id says it. */
  readonly about: string;
  /** Paths of its active states, outer ones first: `active`, `active.running`. */
  readonly active: readonly string[];
  readonly last: {
    readonly event: string;
    readonly from: readonly string[];
    readonly to: readonly string[];
  } | null;
  /** Monitor first, then process events, then QEMU jobs. */
  readonly children: readonly ActorView[];
}

export interface Counter {
  /** `unknown`, `stale`, `ignored-in-state`, `coalesced`, …: docs/diagnostics.md. */
  readonly reason: string;
  readonly event: string;
  readonly count: number;
}
