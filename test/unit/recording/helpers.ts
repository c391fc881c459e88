/** Recordings to test with, and what their replay yields. */
import { DropCounters } from '../../../src/diagnostics.ts';
import { parseRecording } from '../../../src/recording/reader.ts';
import { type ReplayItem, replay } from '../../../src/recording/replay.ts';

export const text = (...lines: readonly object[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

export const manager = (more: object = {}) => ({ kind: 'domain', mode: 'manager', name: 'vm1', ...more });
export const observer = (more: object = {}) => ({ kind: 'domain', mode: 'observer', name: 'vm1', ...more });

export const step = (number: number, more: object) => ({ t: number, kind: 'step', step: number, ...more });
export const asked = (number: number, operation: string, options?: object) =>
  step(number, { by: 'manager', call: { operation, ...(options === undefined ? {} : { options }) } });
export const done = (number: number, ok = true) => ({ t: number, kind: 'stepDone', step: number, ok });
export const event = (t: number, name: string, data?: object) => ({
  t,
  kind: 'event',
  message: {
    event: name,
    timestamp: { seconds: 1, microseconds: 2 },
    ...(data === undefined ? {} : { data }),
  },
});
export const send = (t: number, id: string, execute: string, args?: object) => ({
  t,
  kind: 'send',
  message: { execute, id, ...(args === undefined ? {} : { arguments: args }) },
});
export const reply = (t: number, id: string, value: unknown = {}) => ({
  t,
  kind: 'reply',
  message: { return: value, id },
});
export const eof = (t: number, gone: boolean | null, more: object = {}) => ({
  t,
  kind: 'eof',
  gone,
  ...more,
});

/** `start` as step 1: the domain runs, booted. */
export const started = (more: object = {}) => [
  manager(more),
  asked(1, 'start'),
  send(1, 'c', 'cont'),
  event(1, 'RESUME'),
  reply(1, 'c'),
  done(1),
];

/** What an observer asks at a new connection. */
export const attached = (t: number, status = 'running', uuid = '00000000-0000-0000-0000-000000000000') => [
  send(t, 'q1', 'qmp_capabilities'),
  reply(t, 'q1'),
  send(t, 'q2', 'query-status'),
  reply(t, 'q2', { status, running: status === 'running', singlestep: false }),
  send(t, 'q3', 'query-name'),
  reply(t, 'q3', {}),
  send(t, 'q4', 'query-uuid'),
  reply(t, 'q4', { UUID: uuid }),
];

export async function play(content: string, counters = new DropCounters()): Promise<ReplayItem[]> {
  const items: ReplayItem[] = [];
  for await (const item of replay(parseRecording('a.jsonl', content), { counters })) items.push(item);
  return items;
}

/** A look at everything, of our own accord: its outcome is tested where it is made. */
export const isLook = ({ type, args }: { readonly type: string; readonly args: object }): boolean =>
  type === 'outcome' && 'type' in args && (args.type === 'attached' || args.type === 'reset');

/** Items in short, raw QEMU events and looks left out: `2 suspended paused`, `2 paused (user)`. */
export function short(items: readonly ReplayItem[]): string[] {
  return items
    .filter((item) => item.type !== 'monitor-event' && !isLook(item))
    .map(({ step: number, reconstructed, ...item }) => {
      const words =
        item.type === 'lifecycle'
          ? `${item.args.event} ${item.args.detail}`
          : item.type === 'state'
            ? [
                `${item.args.state} (${item.args.reason})`,
                ...(item.args.attached === true ? ['attached'] : []),
                ...(item.args.connected === undefined ? [] : [`connected ${item.args.connected}`]),
              ].join(' ')
            : item.type === 'outcome'
              ? `${item.args.type} ${item.args.status}${item.args.why === undefined ? '' : `: ${item.args.why}`}`
              : item.type === 'drop'
                ? `drop ${item.args.event}: ${item.args.reason}`
                : item.type;
      return `${number ?? '-'} ${words}${reconstructed ? ' (reconstructed)' : ''}`;
    });
}

export const replayed = async (...lines: readonly object[]): Promise<string[]> =>
  short(await play(text(...lines)));
