/** An item as JSON, of bounded length: what comes from a guest may be megabytes. */
import type { Line } from '../lines.ts';
import type { Item } from './protocol.ts';
import { shorten } from './shorten.ts';

/** A longer line is told without what it is about. */
const MAX_LINE_LENGTH = 8192;

/** @param view - the domain after it, as JSON */
export function itemJson({ seq, at, key, line }: Omit<Item, 'domain'>, view: string | null): string {
  return `{"seq":${seq},"at":${at},"key":${JSON.stringify(key)},"line":${lineJson(line)},"domain":${view}}`;
}

function lineJson(line: Item['line']): string {
  const json = JSON.stringify(line);
  if (json.length <= MAX_LINE_LENGTH || line.kind === 'transition') return json;
  return JSON.stringify(cut(line));
}

/** Its names, and that something is missing. */
function cut(line: Line): object {
  const members = Object.entries(line).map(([name, value]) => [
    name,
    typeof value === 'string' ? shorten(value) : typeof value === 'object' ? null : value,
  ]);
  return { ...Object.fromEntries(members), ...(line.kind === 'event' ? { args: {} } : {}), cut: true };
}
