/** One line for each thing that happened, live or replayed: what `--format jsonl` prints, and the dashboard shows. */
import { type DomainEventArgs, type DomainEventId, domainEvents } from './events/domain-events.ts';
import type { ReportArgs } from './events/reports.ts';

/** Whose it is. In a replay with its step and, if there are several, its file. */
export interface LineHead {
  readonly file?: string;
  readonly step?: number;
  readonly domain: string;
  readonly uuid: string | null;
  readonly id: number | null;
  readonly incarnation: string | null;
}

export type EventLine = {
  [I in DomainEventId]: {
    readonly kind: 'event';
    readonly event: I;
    readonly args: DomainEventArgs[I];
    readonly reconstructed?: true;
  };
}[DomainEventId];

export type LineBody =
  | EventLine
  | ({ readonly kind: 'state' } & ReportArgs['state'])
  | ({ readonly kind: 'outcome' } & ReportArgs['outcome'])
  | ({ readonly kind: 'host' } & ReportArgs['host'])
  | ({ readonly kind: 'drop'; readonly count: number } & ReportArgs['drop'])
  | ({ readonly kind: 'monitor-event' } & ReportArgs['monitor-event']);

export type Line = LineHead & LineBody;

/** What a driver tells a subscriber, live or in a replay. */
export interface Told {
  readonly type: string;
  readonly args: unknown;
  readonly domain: { readonly name: string };
  readonly uuid: string | null;
  readonly id: number | null;
  readonly incarnation: string | null;
  readonly reconstructed: boolean;
}

/** A look of our own accord that went well: what it found is told by itself, and when it ends is up to chance. */
const isQuietLook = ({ type, args }: Told): boolean =>
  type === 'outcome' &&
  ((args as ReportArgs['outcome']).type === 'attached' || (args as ReportArgs['outcome']).type === 'reset') &&
  (args as ReportArgs['outcome']).status !== 'failed';

/** @returns null for what has no line of its own: drops are counted, `detached` and a look are our own doing */
export function bodyOf(told: Told): LineBody | null {
  const { type, args, reconstructed } = told;
  if (isQuietLook(told)) return null;
  // Type and arguments come together from the tables.
  if (Object.hasOwn(domainEvents, type))
    return { kind: 'event', event: type, args, ...(reconstructed ? { reconstructed } : {}) } as EventLine;
  if (type === 'state' || type === 'outcome' || type === 'host' || type === 'monitor-event')
    return { kind: type, ...(args as object) } as LineBody;
  return null;
}

export const headOf = ({ domain, uuid, id, incarnation }: Told): LineHead => ({
  domain: domain.name,
  uuid,
  id,
  incarnation,
});

/** `kind` first, then whose it is. */
export function toLine(head: LineHead, { kind, ...rest }: LineBody): Line {
  return { kind, ...head, ...rest } as Line;
}
