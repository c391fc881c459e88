/** Which types there are, and what the doors ask the tables about them. */
import type { EventId } from '../domain.ts';
import { badArgument } from '../errors.ts';
import { domainEvents } from '../events/domain-events.ts';
import { reportSubjects, reports } from '../events/reports.ts';

/** @throws TypeError unless there is a row for it: a domain event, or a report */
export function requireType(what: string, type: unknown): asserts type is EventId {
  if (typeof type !== 'string' || !(Object.hasOwn(domainEvents, type) || Object.hasOwn(reports, type)))
    throw badArgument(what, 'a domain event id or a report', type);
}

/** What `coalesce` goes by: the type and, where the row names one, the device or other subject. */
export function coalesceKeyOf({ type, args }: { readonly type: EventId; readonly args: object }): string {
  const subjects: Readonly<Record<string, string | undefined>> = reportSubjects;
  const subject = Object.hasOwn(domainEvents, type)
    ? domainEvents[type as keyof typeof domainEvents].subject
    : subjects[type];
  return subject === undefined ? type : `${type} ${(args as Readonly<Record<string, unknown>>)[subject]}`;
}
