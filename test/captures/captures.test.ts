/** What QEMU 7.2 was heard to say goes through the monitor and the machines, and each event is accounted for. */
import { connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { BadReplyError, ProtocolError } from '../../src/errors.ts';
import { ignoredQemuEvents, qemuEventRoutes, qemuEvents } from '../../src/events/qemu-events.ts';
import { type Domain, openDriver } from '../../src/index.ts';
import { NodeEventLoop } from '../../src/loop/node-event-loop.ts';
import { QmpConnection } from '../../src/qmp/connection.ts';
import { DEFAULT_MAX_DEPTH, parseMessage, type QmpEvent } from '../../src/qmp/message.ts';
import { Seen } from '../support/seen.ts';
import { type CapturedMonitor, CapturedQemu, captureNames, eventsOf, readCapture } from './capture.ts';

const monitors = captureNames.flatMap(readCapture);
const titled = monitors.map((capture) => [`${capture.name} ${capture.monitor}`.trim(), capture] as const);

/** What became of the events of a capture. */
interface Tally {
  readonly events: number;
  effects: number;
  drops: number;
}

const tallies = new Map<string, Tally>();

/** Each event that reaches the machine has an effect, or is dropped once; as in `test/unit/properties`. */
function follow({ actor }: Domain, tally: Tally): void {
  let told: string[] = [];
  actor.on('*', ({ type }) => {
    told.push(type);
  });
  const send = actor.send.bind(actor);
  actor.send = (event) => {
    told = [];
    const before = actor.getSnapshot().context;
    send(event);
    if (!event.type.startsWith('qemu.')) return;
    const after = actor.getSnapshot().context;
    const isChanged = (['facts', 'work', 'qemuJobs', 'reason', 'power'] as const).some(
      (name) => before[name] !== after[name],
    );
    const drops = told.filter((type) => type === 'drop').length;
    if (drops === 0 && (told.length > 0 || isChanged)) tally.effects += 1;
    else if (drops === 1) tally.drops += 1;
    else throw new Error(`${event.type} was lost silently, or dropped ${drops} times`);
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('all of its events reach a live domain, cut into pieces of a few bytes', () => {
  test.each(titled)('%s', async (title, capture) => {
    const events = eventsOf(capture);
    const tally: Tally = { events: events.length, effects: 0, drops: 0 };
    await using qemu = await CapturedQemu.start(capture);
    await using driver = await openDriver();
    const seen = new Seen(driver);
    let raw = 0;
    driver.on('monitor-event', () => {
      raw += 1;
    });
    const vm = await driver.attach({ monitor: qemu.path });
    expect(vm.name).toBe(capture.name);
    follow(vm, tally);
    for (const { line } of events) await qemu.say(line, events.length > 100 ? 1000 : 7);
    while (raw < events.length) await turn();
    while (isBusy(vm)) await turn();
    const ignored = events.filter(({ name }) => Object.hasOwn(ignoredQemuEvents, name)).length;
    const drops = driver.drops.toJSON();
    // Those that the table lists do not come to the machine, nor do those whose data is not what it says.
    const misread = count(drops['missing-field']) + count(drops['wrong-type']);
    expect(tally.effects + tally.drops + ignored + misread).toBe(events.length);
    expect(drops.unknown).toBeUndefined();
    expect(drops['wrong-type']).toBeUndefined();
    // Only inner objects of devices that go have no name (QEMU 7.2 qdev.c).
    expect(Object.keys(drops['missing-field'] ?? {}).filter((name) => name !== 'DEVICE_DELETED')).toEqual([]);
    tallies.set(title, { ...tally, drops: tally.drops + ignored + misread });

    const end = capture.lines.find(({ from }) => from === 'end');
    if (end?.from !== 'end') {
      expect(vm.state).toMatchObject({ active: true, monitor: 'ready' });
      return;
    }
    const sawShutdown = vm.state.state === 'shutdown';
    await qemu.end();
    await seen.until(() => !vm.state.active && seen.of('state').at(-1)?.args.active === false);
    const stopped = seen.lifecycle.filter((one) => one.startsWith('stopped'));
    expect(stopped).toEqual([sawShutdown ? 'stopped shutdown' : 'stopped failed']);
    expect(seen.of('control-error')).toEqual([]);
  });

  test('in all of them: as many effects and drops as events', () => {
    const rows = [...tallies].map(([capture, { events, effects, drops }]) => ({
      capture,
      events,
      effects,
      drops,
    }));
    console.table(rows);
    expect(rows).toHaveLength(monitors.length);
    for (const { events, effects, drops } of rows) expect(effects + drops).toBe(events);
  });
});

const isBusy = ({ actor }: Domain): boolean => {
  const { running, waiting } = actor.getSnapshot().context.work;
  return running !== null || waiting.length > 0;
};

const count = (events: Readonly<Record<string, number>> = {}): number =>
  Object.values(events).reduce((sum, one) => sum + one, 0);

test('there is no event in them that the tables do not know', () => {
  const names = new Set(monitors.flatMap((capture) => eventsOf(capture).map(({ name }) => name)));
  expect(names.size).toBeGreaterThanOrEqual(50);
  expect([...names].filter((name) => !qemuEventRoutes.has(name))).toEqual([]);
});

test('each row but those of newer QEMUs, of RDMA and of others that could not be provoked is in one of them', () => {
  const names = new Set(monitors.flatMap((capture) => eventsOf(capture).map(({ name }) => name)));
  expect(Object.keys(qemuEvents).filter((name) => !names.has(name))).toEqual([
    'NETDEV_VHOST_USER_DISCONNECTED',
    'RDMA_GID_STATUS_CHANGED',
  ]);
});

describe('what is told of a run that the reference describes (domain-states.md §2)', () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    'run-state': [
      'resumed unpaused',
      'suspended paused',
      'resumed unpaused',
      'shutdown host',
      'stopped shutdown',
    ],
    'panic-pause': ['resumed unpaused', 'crashed crashloaded', 'crashed panicked', 'resumed unpaused'],
    'guest-panic-shutdown': ['crashed panicked', 'stopped failed'],
    'suspend-wakeup': ['pmsuspended memory', 'started wakeup'],
    'suspend-disk': ['pmsuspended disk', 'shutdown guest', 'stopped shutdown'],
    'watchdog-pause': ['suspended watchdog'],
    'watchdog-poweroff': ['stopped failed'],
    'block-io-error-stop': ['resumed unpaused', 'suspended ioerror', 'resumed unpaused', 'suspended ioerror'],
    'no-shutdown-paused': ['shutdown guest', 'stopped shutdown'],
    sigkill: ['stopped failed'],
  };
  test.each(Object.entries(expected))('%s', async (name, lifecycle) => {
    const [capture] = readCapture(name);
    if (capture === undefined) throw new Error(`no capture ${name}`);
    await using qemu = await CapturedQemu.start(capture);
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path });
    for (const { line } of eventsOf(capture)) await qemu.say(line, 1000);
    const end = capture.lines.find(({ from }) => from === 'end');
    if (end?.from === 'end') {
      await turn();
      await qemu.end();
      await seen.until(() => !vm.state.active);
    }
    await seen.until(() => seen.lifecycle.length >= lifecycle.length && !isBusy(vm));
    expect([...seen.lifecycle].sort()).toEqual([...lifecycle].sort());
  });
});

describe('the whole conversation, replies too, goes through a connection', () => {
  const spoken = titled.filter(([title]) => title !== 'monitors-malformed');

  test.each(spoken)('%s: each command of its client gets the reply that it got', async (_, capture) => {
    const { sent, replies, got, events } = await talk(capture);
    expect(got).toEqual(replies);
    expect(events.map(({ event }) => event)).toEqual(eventsOf(capture).map(({ name }) => name));
    expect(sent).toBeGreaterThanOrEqual(replies.length);
  });
});

/** Ids of our commands, in the order in which they are sent, which may be later than they were asked for. */
class Sent {
  readonly #ids: string[] = [];
  readonly #waiting: ((id: string) => void)[] = [];

  arrived(id: string): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#ids.push(id);
    else waiter(id);
  }

  next(): Promise<string> {
    const id = this.#ids.shift();
    if (id !== undefined) return Promise.resolve(id);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

interface Talk {
  readonly sent: number;
  /** What the capture's client got for its commands, by their order. */
  readonly replies: readonly unknown[];
  readonly got: readonly unknown[];
  readonly events: readonly QmpEvent[];
}

interface Command {
  readonly execute?: string;
  readonly 'exec-oob'?: string;
  readonly arguments?: object;
  readonly id: unknown;
}

/** Our connection in the place of the capture's client: the same commands, and QEMU's lines with our ids. */
async function talk({ lines }: CapturedMonitor): Promise<Talk> {
  const [ours, theirs] = await socketPair();
  const events: QmpEvent[] = [];
  const connection = new QmpConnection(ours, {
    loop: new NodeEventLoop(),
    onEvent: (event) => events.push(event),
    onClose: () => {},
  });
  const [inBand, outOfBand] = [new Sent(), new Sent()];
  let rest = '';
  theirs.on('data', (bytes) => {
    const whole = (rest + bytes.toString()).split('\r\n');
    rest = whole.pop() ?? '';
    for (const line of whole) {
      const { id, ...command } = JSON.parse(line) as Command & { readonly id: string };
      (command['exec-oob'] === undefined ? inBand : outOfBand).arrived(id);
    }
  });
  theirs.on('error', () => {});
  const [greeting, ...conversation] = lines;
  theirs.write(`${greeting?.from === 'qemu' ? greeting.text : ''}\r\n`);
  await connection.greet();
  const negotiated = connection.negotiate();
  const ids = new Map<unknown, Promise<string>>();
  const outcomes = new Map<unknown, Promise<unknown>>();
  const replies = new Map<unknown, unknown>();
  let number = 0;
  for (const line of conversation) {
    if (line.from === 'client') {
      const command = JSON.parse(line.text) as Command;
      const verb = command.execute ?? command['exec-oob'] ?? '';
      if (verb !== 'qmp_capabilities') {
        const called = connection.execute<unknown>(verb, command.arguments, {
          oob: command['exec-oob'] !== undefined,
        });
        outcomes.set(
          command.id,
          called.catch(({ errorClass, desc, message }) => ({ errorClass, desc: desc ?? message })),
        );
      }
      ids.set(command.id, (command['exec-oob'] === undefined ? inBand : outOfBand).next());
      number += 1;
    } else if (line.from === 'qemu') {
      const message = JSON.parse(line.text) as {
        id?: unknown;
        event?: string;
        return?: unknown;
        error?: unknown;
      };
      if (message.event === undefined) {
        // The command of some was not recorded.
        if (!ids.has(message.id)) continue;
        if (outcomes.has(message.id)) replies.set(message.id, answerOf(message));
        message.id = await ids.get(message.id);
      }
      theirs.write(`${JSON.stringify(message)}\r\n`);
      if (number === 1) await negotiated;
    }
  }
  const got: unknown[] = [];
  for (const id of replies.keys()) got.push(await outcomes.get(id));
  while (events.length < lines.filter(isEvent).length) await turn();
  connection.close();
  theirs.destroy();
  await Promise.all(outcomes.values());
  return { sent: number, replies: [...replies.values()], got, events };
}

const isEvent = (line: CapturedMonitor['lines'][number]): boolean =>
  line.from === 'qemu' && 'event' in (JSON.parse(line.text) as object);

const answerOf = ({ return: value, error }: { return?: unknown; error?: unknown }): unknown => {
  if (error === undefined) return value;
  const { class: errorClass, desc } = error as { class: string; desc: string };
  return { errorClass, desc };
};

async function socketPair() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const other = new Promise<ReturnType<typeof connect>>((resolve) => {
    server.once('connection', resolve);
  });
  const ours = connect(address.port, '127.0.0.1');
  const theirs = await other;
  server.close();
  return [ours, theirs] as const;
}

describe('monitors-malformed: broken and huge lines are typed errors (design §8)', () => {
  const [capture] = readCapture('monitors-malformed');
  const lines = capture?.lines ?? [];

  test('what QEMU answered is read, each line; the last was cut off', () => {
    const kinds: Record<string, number> = {};
    for (const line of lines)
      if (line.from === 'qemu') {
        const kind = kindOf(line.text);
        kinds[kind] = (kinds[kind] ?? 0) + 1;
      }
    expect(kinds.event).toBeUndefined();
    expect(kinds.ParseError ?? 0).toBeLessThanOrEqual(1);
    expect(Object.keys(kinds).sort()).toEqual(expect.arrayContaining(['error', 'greeting', 'return']));
  });

  test('an error without an id answers no command of ours: the connection ends with it, the domain goes on', async () => {
    if (capture === undefined) throw new Error('no capture');
    const errors = lines.filter(
      (line) => line.from === 'qemu' && kindOf(line.text) === 'error' && !('id' in JSON.parse(line.text)),
    );
    expect(errors.length).toBeGreaterThan(10);
    await using qemu = await CapturedQemu.start(capture);
    await using driver = await openDriver();
    const seen = new Seen(driver);
    const vm = await driver.attach({ monitor: qemu.path });
    const [first] = errors;
    await qemu.say(first?.from === 'qemu' ? first.text : '', 5);
    await seen.until(() => seen.of('control-error').length === 1);
    await seen.until(() => seen.of('state').at(-1)?.args.connected === true && vm.state.monitor === 'ready');
    expect(vm.state).toMatchObject({ state: 'paused', active: true });
    expect(seen.lifecycle).toEqual([]);
  });

  test('what its client sent, come from a QEMU, ends a connection with a typed error or is a reply to nobody', async () => {
    const inputs = lines.flatMap((line) => (line.from === 'client' ? bytesOf(line.text) : []));
    expect(inputs.length).toBeGreaterThan(15);
    for (const input of inputs) {
      const error = await endedBy(input);
      expect(error, input.toString()).toBeInstanceOf(ProtocolError);
    }
  });

  test('what is nested deeper than QEMU itself allows is not read', () => {
    const nested = '['.repeat(DEFAULT_MAX_DEPTH) + ']'.repeat(DEFAULT_MAX_DEPTH);
    expect(() => parseMessage(`{"return": {}, "id": ${nested}}`)).toThrow(ProtocolError);
  });
});

function kindOf(text: string): string {
  try {
    return parseMessage(text).kind;
  } catch (error) {
    return error instanceof Error ? error.constructor.name : 'nothing typed';
  }
}

/** A Python bytes literal; null for what was cut off, or is a command as it should be. */
function bytesOf(literal: string): Buffer[] {
  const text = /^b(['"])(.*)\1$/s.exec(literal)?.[2];
  if (text === undefined) return [];
  const escapes: Readonly<Record<string, string>> = {
    n: '\n',
    r: '\r',
    t: '\t',
    '\\': '\\',
    "'": "'",
    '"': '"',
  };
  const binary = text.replace(/\\(x[0-9a-f]{2}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (escapes[code] ?? code),
  );
  const bytes = Buffer.from(binary, 'latin1');
  return bytes.includes(10) ? [bytes] : [];
}

/** What a negotiated connection says of these bytes. */
async function endedBy(input: Buffer): Promise<unknown> {
  const [ours, theirs] = await socketPair();
  const ended = new Promise<unknown>((resolve) => {
    const connection = new QmpConnection(ours, {
      loop: new NodeEventLoop(),
      onEvent: () => {},
      onClose: resolve,
    });
    theirs.on('error', () => {});
    theirs.write('{"QMP": {"version": {}, "capabilities": []}}\n');
    theirs.once('data', () => {
      theirs.write('{"return": {}, "id": "qa-1"}\n');
      theirs.write(input);
      // A line that did not end with it ends here.
      theirs.end('\n');
    });
    connection.greet().then(
      () => connection.negotiate().catch(() => {}),
      () => {},
    );
  });
  const error = await ended;
  theirs.destroy();
  return error ?? new BadReplyError('closed without an error');
}
