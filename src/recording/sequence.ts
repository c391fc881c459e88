/** What passed in a recording, as a sequence: QEMU, monitor, domain, handler, host, subscriber. */
import { type Sequence, SequenceBuilder } from '../diagram/sequence.ts';
import { bodyOf } from '../lines.ts';
import { commandOf, type RecordingLine } from './format.ts';
import type { Recording } from './reader.ts';
import { type ReplayItem, replay } from './replay.ts';

const QEMU = 'QEMU';
const MONITOR = 'monitor';
const DOMAIN = 'domain';
const HANDLER = 'handler';
const HOST = 'host';
const SUBSCRIBER = 'subscriber';
const CALLER = 'caller';

export interface SequenceOptions {
  /** Rows after these are counted, and not drawn. @defaultValue 500 */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/**
 * Plays a recording, and says who said what to whom: each line of it, and what our actors made of it, in order. What is
 * sent while a handler runs is the handler's.
 *
 * @throws the signal's reason
 */
export async function sequenceOf(
  recording: Recording,
  { limit = 500, signal }: SequenceOptions = {},
): Promise<Sequence> {
  const { domain } = recording;
  const builder = new SequenceBuilder(
    domain.description ?? domain.name ?? 'a recording',
    [CALLER, QEMU, MONITOR, DOMAIN, HANDLER, HOST, SUBSCRIBER],
    limit,
  );
  const asked: { readonly command: string; readonly by: string }[] = [];
  let handlers = 0;
  const onLine = (line: RecordingLine): void => {
    switch (line.kind) {
      case 'step':
        builder.divider(`step ${line.step}, ${line.by}`);
        for (const call of [line.call, ...(line.calls ?? [])])
          if (call !== undefined) builder.message(CALLER, DOMAIN, call.operation);
        return;
      case 'stepDone':
        return;
      case 'send': {
        const by = handlers > 0 ? HANDLER : MONITOR;
        asked.push({ command: commandOf(line), by });
        builder.message(by, QEMU, commandOf(line));
        return;
      }
      case 'reply': {
        const { command = '', by = MONITOR } = asked.shift() ?? {};
        const { error } = line.message as { readonly error?: { readonly class?: string } };
        builder.answer(
          QEMU,
          by,
          error === undefined ? `${command}: return` : `${command}: ${error.class ?? 'error'}`,
        );
        return;
      }
      case 'event':
        builder.message(QEMU, MONITOR, String(line.message.event));
        builder.message(MONITOR, DOMAIN, String(line.message.event));
        return;
      case 'host':
        builder.message(HANDLER, HOST, `look at ${line.interface}`);
        return;
      case 'eof':
        builder.message(QEMU, MONITOR, 'end of the connection');
        builder.message(MONITOR, DOMAIN, line.gone === false ? 'lost' : 'lost, and gone');
        return;
    }
  };
  const onHandler = (type: string): void => {
    handlers += 1;
    builder.message(DOMAIN, HANDLER, type);
  };
  for await (const item of replay(recording, {
    onLine,
    onHandler,
    ...(signal === undefined ? {} : { signal }),
  })) {
    if (item.type === 'outcome') handlers = Math.max(0, handlers - 1);
    tell(builder, item);
  }
  return builder.build();
}

function tell(builder: SequenceBuilder, item: ReplayItem): void {
  switch (item.type) {
    case 'outcome':
      return builder.answer(HANDLER, DOMAIN, `${item.args.type}: ${item.args.status}`);
    case 'host':
      return builder.message(HANDLER, HOST, `${item.args.change.type} ${item.args.interface}`);
    case 'state':
      return builder.note(DOMAIN, `${item.args.state} (${item.args.reason})`);
    case 'drop':
      return builder.note(DOMAIN, `${item.args.event}: ${item.args.reason}`);
    case 'monitor-event':
      return;
    default: {
      const body = bodyOf(item);
      if (body?.kind !== 'event') return;
      const words = body.event === 'lifecycle' ? `${body.args.event} (${body.args.detail})` : body.event;
      return builder.message(DOMAIN, SUBSCRIBER, item.reconstructed ? `${words}, found after a gap` : words);
    }
  }
}
