/** How things are said on the page. Whatever comes from a guest passes through `printable`. */
import type { Item, TransitionLine } from '../protocol.ts';
import { type Entry, isItem, type Known } from './model.ts';

type Line = Item['line'];

/** Longer texts are cut; the detail of a line and what is copied have all of it. */
const MAX_LENGTH = 300;

const pad = (value: number, length = 2): string => String(value).padStart(length, '0');

/**
 * The text with what could not be seen, or would turn round what stands beside it, made visible; cut if it is long.
 *
 * @example `web\u{202e}1`
 */
export function printable(text: string, maxLength = MAX_LENGTH): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`,
  );
}

/** How long something has been so. @example `0 s`, `59 s`, `12 min`, `3 h 5 min`, `2 d 4 h` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Live the time of day, in a replay the time since its start. @example `09:41:19.123` */
export function clock(at: number, isReplay: boolean): string {
  if (isReplay) {
    const seconds = Math.floor(at / 1000);
    return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}.${pad(at % 1000, 3)}`;
  }
  const date = new Date(at);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}

/** For a title. @example `2026-11-21 09:41:19.123`, `00:12.345 after the start` */
export function exactTime(at: number, isReplay: boolean): string {
  if (isReplay) return `${clock(at, true)} after the start`;
  const date = new Date(at);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock(at, false)}`;
}

/** The word for a state that is not known of that time. */
export const stateOf = (view: Known): string => view?.state ?? 'not known';

/** @example `qemu.STOP: active.running → active.paused`, `xstate.init: begins as waitingForJob` */
export function transitionWords({ event, from, to }: Pick<TransitionLine, 'event' | 'from' | 'to'>): string {
  return `${event}: ${from.length === 0 ? 'begins as' : `${innermost(from)} →`} ${innermost(to)}`;
}

/** Without the paths that others lie in. @example `['active', 'active.running']` gives `active.running` */
export function innermost(paths: readonly string[]): string {
  return paths.filter((path) => !paths.some((other) => other.startsWith(`${path}.`))).join(', ');
}

const value = (given: unknown): string => (typeof given === 'string' ? given : (JSON.stringify(given) ?? ''));

const joined = (...words: readonly (string | false | undefined)[]): string =>
  words.filter((word) => typeof word === 'string' && word !== '').join(', ');

const fields = (given: object): string =>
  joined(...Object.entries(given).map(([name, field]) => `${name} ${value(field)}`));

/** @example `lifecycle: suspended (paused)`, `nicRxFilterChanged: done`, `QEMU BALLOON_CHANGE, actual 1024` */
export function entryWords(entry: Entry): string {
  return printable(isItem(entry) ? lineWords(entry.line) : lostWords(entry.lost));
}

const CUT = 'too long to be shown whole';

const lostWords = (lost: number): string =>
  lost === 1
    ? '1 item was lost: this page was too slow for it'
    : `${lost} items were lost: this page was too slow for them`;

function lineWords(line: Line): string {
  switch (line.kind) {
    case 'event': {
      const { event, args, reconstructed } = line;
      const words = event === 'lifecycle' && !line.cut ? `${args.event} (${args.detail})` : fields(args);
      return joined(`${event}: ${words}`, reconstructed === true && 'found after a gap', line.cut && CUT);
    }
    case 'state':
      return joined(
        `${line.state} (${line.reason})`,
        line.attached === true && 'attached',
        line.connected === true && 'connected again',
        line.active && line.monitor !== 'ready' && `monitor ${line.monitor}`,
      );
    case 'outcome':
      return joined(`${line.type}: ${line.status}`, line.why);
    case 'host':
      return joined(
        hostWords(line),
        line.dryRun && 'dry run',
        line.error !== undefined && `failed: ${line.error}`,
      );
    case 'drop':
      return `${line.event}: ${line.reason}${line.count > 1 ? ` × ${line.count}` : ''}`;
    case 'monitor-event':
      return joined(line.event, fields(line.data ?? {}), line.cut && CUT);
    case 'transition':
      return `${line.actor === '' ? line.machine : line.actor}, ${transitionWords(line)}`;
  }
}

/** @example `macvtap0 (net0): add-multicast 01:00:5e:00:00:01` */
export function hostWords(line: Extract<Line, { kind: 'host' }>): string {
  const { type, ...rest } = line.change;
  return `${line.interface} (${line.device}): ${type} ${Object.values(rest).map(value).join(' ')}`;
}

/** As `watch --format jsonl` prints it, with its number and time. */
export function toJson(entry: Entry): string {
  if (!isItem(entry)) return JSON.stringify({ kind: 'lost', seq: entry.seq, at: entry.at, lost: entry.lost });
  const { seq, at, key, line } = entry;
  return JSON.stringify({ ...line, seq, at, key });
}
