/** A line in words, for people; and as it is, for jsonl. The one place that knows how it reads. */
import type { DomainEventArgs } from '../events/domain-events.ts';
import type { HostChange } from '../events/nic.ts';
import type { EventLine, Line } from '../lines.ts';
import { type Paint, printable, type Style } from './text.ts';

/** @example `{"kind":"state","domain":"web1","uuid":null,"id":1,…,"state":"paused","reason":"user",…}` */
export const toJsonLine = (line: object): string => JSON.stringify(line);

/** @param when - `09:41:19.123`, or the step of a replay @example `09:41:19.123  web1  suspended (paused)` */
export function toTextLine(line: Line, when: string, paint: Paint): string {
  const [style, words] = describeLine(line);
  const file = line.file === undefined ? '' : `${printable(line.file)}  `;
  return `${file}${paint('dim', when)}  ${paint('bold', printable(line.domain))}  ${paint(style, printable(words))}`;
}

const joined = (...words: readonly (string | false | undefined)[]): string =>
  words.filter((word) => typeof word === 'string' && word !== '').join(', ');

/** In words, and how they are coloured. */
export function describeLine(line: Line): [Style, string] {
  switch (line.kind) {
    case 'event':
      return ['cyan', joined(describeEvent(line), line.reconstructed === true && 'found after a gap')];
    case 'state':
      return [
        line.active ? 'green' : 'yellow',
        joined(
          `is ${line.state} (${line.reason})`,
          line.attached === true && 'attached',
          line.connected === true && 'connected again',
          line.monitor !== 'ready' && line.active && `monitor ${line.monitor}`,
        ),
      ];
    case 'outcome':
      return [
        line.status === 'failed' ? 'red' : 'dim',
        `handler ${line.type}: ${joined(line.status, line.why)}`,
      ];
    case 'host':
      return [
        'magenta',
        joined(
          `host ${line.interface} (${line.device}): ${describeChange(line.change)}`,
          line.dryRun && 'dry run',
          line.error !== undefined && `failed: ${line.error}`,
        ),
      ];
    case 'drop':
      return ['dim', `dropped ${line.event} (${line.reason})${line.count > 1 ? ` × ${line.count}` : ''}`];
    case 'monitor-event':
      return ['dim', `QEMU ${line.event}${line.data === null ? '' : ` ${valueText(line.data)}`}`];
  }
}

/** Longer values are cut in text; jsonl has all of them. */
const MAX_VALUE_LENGTH = 200;

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}

function describeEvent({ event, args }: EventLine): string {
  if (event === 'lifecycle') return `${args.event} (${args.detail})`;
  if (event === 'nic-rx-filter-change') return `${event}, ${args.alias}: ${describeFilter(args)}`;
  return joined(event, ...Object.entries(args).map(([name, value]) => `${name} ${valueText(value)}`));
}

function describeFilter({ filter, changes, dryRun }: DomainEventArgs['nic-rx-filter-change']): string {
  const { mainMac, promiscuous, multicast, multicastTable } = filter;
  const groups = multicast === 'normal' ? `${multicastTable.length}` : multicast;
  return joined(
    `MAC ${mainMac}`,
    promiscuous && 'promiscuous',
    `multicast groups: ${groups}`,
    `host changes ${dryRun ? 'due' : 'made'}: ${changes.length}`,
  );
}

export function describeChange(change: HostChange): string {
  if ('mac' in change) return `${change.type} ${change.mac}`;
  if ('address' in change) return `${change.type} ${change.address}`;
  return `${change.type} ${change.on ? 'on' : 'off'}`;
}
