import { describe, expect, test } from 'vitest';
import { BadReplyError, CommandError, CommandInterruptedError } from '../../../src/errors.ts';
import { type Askable, ProbeCache, probe } from '../../../src/qmp/probe.ts';
import { failure, ManualLoop, settle } from './helpers.ts';

const VERSION = { qemu: { major: 7, minor: 2, micro: 22 }, package: 'Debian' };
const SCHEMA = [
  { name: 'stop', 'meta-type': 'command' },
  { name: 'STOP', 'meta-type': 'event' },
  { name: '12', 'meta-type': 'object' },
];
type Answer = unknown | ((signal: AbortSignal | undefined) => Promise<unknown>);

interface Asked extends Askable {
  readonly commands: string[];
}

/** A connection that answers; what it has no answer to it refuses. */
function answering(answers: Readonly<Record<string, Answer>>): Asked {
  const commands: string[] = [];
  const execute = async (command: string, _args?: object, options: { signal?: AbortSignal } = {}) => {
    options.signal?.throwIfAborted();
    commands.push(command);
    if (!Object.hasOwn(answers, command)) throw new CommandError(command, 'CommandNotFound', 'not found');
    const answer = answers[command];
    return typeof answer === 'function' ? await answer(options.signal) : answer;
  };
  return { commands, execute: execute as Askable['execute'] };
}

const qemu = (answers: Readonly<Record<string, Answer>> = {}): Asked =>
  answering({
    'query-version': VERSION,
    'query-target': { arch: 'x86_64' },
    'query-qmp-schema': SCHEMA,
    ...answers,
  });

/** An answer that the test gives. */
function later() {
  let resolve = (_value: unknown): void => {};
  let reject = (_error: unknown): void => {};
  const promise = new Promise<unknown>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

const schemasOf = (all: readonly Asked[]): number =>
  all.flatMap(({ commands }) => commands).filter((command) => command === 'query-qmp-schema').length;

describe('probe', () => {
  test('commands and events are those of query-qmp-schema', async () => {
    expect(await probe(qemu())).toEqual({
      version: '7.2.22',
      commands: new Set(['stop']),
      events: new Set(['STOP']),
    });
  });

  test('a QEMU that refuses its schema is asked for query-commands, and its events are not known', async () => {
    const old = answering({ 'query-version': VERSION, 'query-commands': [{ name: 'cont' }] });
    expect(await probe(old)).toEqual({ version: '7.2.22', commands: new Set(['cont']), events: null });
    expect(await failure(probe(answering({ 'query-version': VERSION })))).toBeInstanceOf(CommandError);
  });

  test.each<[string, Readonly<Record<string, Answer>>]>([
    ['query-version', { 'query-version': null }],
    ['query-version', { 'query-version': { package: '' } }],
    ['query-version', { 'query-version': { qemu: { ...VERSION.qemu, micro: '22' }, package: '' } }],
    ['query-version', { 'query-version': { qemu: VERSION.qemu, package: 7 } }],
    ['query-version', { 'query-version': { qemu: VERSION.qemu, package: 'x'.repeat(257) } }],
    ['query-qmp-schema', { 'query-qmp-schema': {} }],
    ['query-qmp-schema', { 'query-qmp-schema': ['stop'] }],
    ['query-qmp-schema', { 'query-qmp-schema': [{ name: 'stop' }] }],
    ['query-qmp-schema', { 'query-qmp-schema': [{ 'meta-type': 'command' }] }],
    ['query-qmp-schema', { 'query-qmp-schema': [{ name: 'x'.repeat(257), 'meta-type': 'event' }] }],
    ['query-qmp-schema', { 'query-qmp-schema': Array.from({ length: 20_001 }, () => SCHEMA[0]) }],
  ])('a reply to %s that is not what QAPI says is a BadReplyError: %j', async (command, answers) => {
    const error = await failure(probe(qemu(answers)));
    expect(error).toBeInstanceOf(BadReplyError);
    expect(error).toMatchObject({ message: `the reply to ${command} is not what QAPI says` });
  });

  test.each(['query-version', 'query-target', 'query-qmp-schema', 'query-commands'])(
    'the signal ends the waiting for %s',
    async (command) => {
      const stop = new AbortController();
      const reason = new Error('enough');
      const hangs = (signal: AbortSignal | undefined) =>
        new Promise<unknown>((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason)),
        );
      const refuses = () => Promise.reject(new CommandError(command, 'CommandNotFound', 'not found'));
      const asked = qemu({
        ...(command === 'query-commands' ? { 'query-qmp-schema': refuses } : {}),
        [command]: hangs,
      });
      const waiting = failure(new ProbeCache().probe(asked, { signal: stop.signal }));
      await settle();
      expect(asked.commands.at(-1)).toBe(command);
      stop.abort(reason);
      expect(await waiting).toBe(reason);
    },
  );
});

describe('ProbeCache', () => {
  test('of many QEMUs of one build, attached in turn, the first is asked for its schema', async () => {
    const cache = new ProbeCache();
    const all = Array.from({ length: 20 }, () => qemu());
    const [first] = all;
    for (const each of all) expect(await cache.probe(each)).toEqual(await probe(qemu()));
    expect(schemasOf(all)).toBe(1);
    expect(first?.commands).toContain('query-qmp-schema');
  });

  test('of many that come at once, one is asked', async () => {
    const loop = new ManualLoop();
    const cache = new ProbeCache({ loop });
    const all = Array.from({ length: 1000 }, () => qemu());
    const found = await Promise.all(all.map((each) => cache.probe(each)));
    expect(new Set(found).size).toBe(1);
    expect(schemasOf(all)).toBe(1);
    expect(loop.pendingTimeouts).toBe(0);
  });

  test.each<[string, Readonly<Record<string, Answer>>]>([
    ['version', { 'query-version': { ...VERSION, qemu: { ...VERSION.qemu, micro: 23 } } }],
    ['package', { 'query-version': { ...VERSION, package: 'other' } }],
    ['target', { 'query-target': { arch: 'aarch64' } }],
  ])('another %s is another build', async (_what, answers) => {
    const cache = new ProbeCache();
    const other = qemu(answers);
    await cache.probe(qemu());
    await cache.probe(other);
    expect(schemasOf([other])).toBe(1);
  });

  test('a QEMU that does not tell its target is one of a build without', async () => {
    const cache = new ProbeCache();
    const all = [0, 1].map(() => answering({ 'query-version': VERSION, 'query-qmp-schema': SCHEMA }));
    for (const each of all) await cache.probe(each);
    expect(schemasOf(all)).toBe(1);
  });

  test('the least recently used build is forgotten beyond the limit', async () => {
    const cache = new ProbeCache({ limit: 2 });
    const build = (name: string) => qemu({ 'query-version': { ...VERSION, package: name } });
    for (const name of ['a', 'b', 'a', 'c']) await cache.probe(build(name));
    const again = [build('a'), build('c')];
    for (const each of again) await cache.probe(each);
    expect(schemasOf(again)).toBe(0);
    const forgotten = build('b');
    await cache.probe(forgotten);
    expect(schemasOf([forgotten])).toBe(1);
  });

  test('a failure is told to whose QEMU it was; of the others one asks its own', async () => {
    const cache = new ProbeCache();
    const answer = later();
    const first = cache.probe(qemu({ 'query-qmp-schema': () => answer.promise }));
    const told = failure(first);
    await settle();
    const others = [qemu(), qemu(), qemu()];
    const found = others.map((each) => cache.probe(each));
    await settle();
    expect(schemasOf(others)).toBe(0);
    answer.reject(new CommandInterruptedError('query-qmp-schema'));
    expect(await told).toBeInstanceOf(CommandInterruptedError);
    await Promise.all(found);
    expect(schemasOf(others)).toBe(1);
  });

  test('a QEMU that hangs holds up others for no longer than patience', async () => {
    const loop = new ManualLoop();
    const cache = new ProbeCache({ loop, patienceMs: 300 });
    const answer = later();
    const hanging = cache.probe(qemu({ 'query-qmp-schema': () => answer.promise }));
    await settle();
    const other = qemu();
    const found = cache.probe(other);
    await settle();
    loop.advance(299);
    await settle();
    expect(schemasOf([other])).toBe(0);
    loop.advance(1);
    expect((await found).version).toBe('7.2.22');
    expect(schemasOf([other])).toBe(1);
    answer.resolve(SCHEMA);
    await hanging;
    expect(loop.pendingTimeouts).toBe(0);
  });

  test('waiting for another is ended by the signal, and leaves nothing behind', async () => {
    const loop = new ManualLoop();
    const cache = new ProbeCache({ loop });
    const answer = later();
    const first = cache.probe(qemu({ 'query-qmp-schema': () => answer.promise }));
    await settle();
    const stop = new AbortController();
    const reason = new Error('enough');
    const other = qemu();
    const waiting = failure(cache.probe(other, { signal: stop.signal }));
    await settle();
    stop.abort(reason);
    expect(await waiting).toBe(reason);
    expect(schemasOf([other])).toBe(0);
    expect(loop.pendingTimeouts).toBe(0);
    answer.resolve(SCHEMA);
    await first;
  });
});
