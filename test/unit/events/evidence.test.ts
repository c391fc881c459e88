/**
 * What shows that each QEMU event that we know is answered as it should be: test/data/event-evidence.json.
 *
 * | member | shows it |
 * |---|---|
 * | `real` | a test that provokes it on a real QEMU, by file and title |
 * | `golden` | recordings of libvirt on the same QEMU, in test/data/golden, that have it |
 * | `capture` | captured lines, in test/data/captures, that have it |
 * | `fake` | only the fake QEMU sends it, or what `why` says of it: the test below |
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { domainEvents } from '../../../src/events/domain-events.ts';
import { ignoredQemuEvents, qemuEvents } from '../../../src/events/qemu-events.ts';
import { openDriver } from '../../../src/index.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { Seen } from '../../support/seen.ts';

interface Evidence {
  readonly real?: { readonly file: string; readonly title: string };
  readonly golden?: readonly string[];
  readonly capture?: readonly string[];
  readonly fake?: {
    /** Why a real QEMU cannot be brought to send it here. */
    readonly why: string;
    readonly data: object;
    readonly means: 'ignored' | { readonly outcome: string } | { readonly told: readonly unknown[] };
  };
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const evidence: Readonly<Record<string, Evidence>> = JSON.parse(read('test/data/event-evidence.json'));
const entries = Object.entries(evidence);

/** A line of JSON has it, perhaps inside a string. */
const has = (text: string, event: string): boolean =>
  new RegExp(String.raw`\\?"event\\?": ?\\?"${event}\\?"`).test(text);

describe('evidence of what QEMU events mean', () => {
  test('each row of Table 1, and each event that is ignored, has some; nothing else has', () => {
    const known = [...Object.keys(qemuEvents), ...Object.keys(ignoredQemuEvents)];
    expect(Object.keys(evidence)).toEqual(known.toSorted());
    for (const [event, one] of entries)
      expect({ event, kinds: Object.keys(one).length }).not.toMatchObject({ kinds: 0 });
  });

  test('what no real QEMU shows says why', () => {
    const unreal = entries.filter(([, { real }]) => real === undefined);
    for (const [event, { fake }] of unreal)
      expect({ event, why: fake?.why }).toEqual({ event, why: expect.stringMatching(/./) });
  });

  test.each(entries.flatMap(([event, { real }]) => (real === undefined ? [] : [{ event, ...real }])))(
    '$event: its test on a real QEMU is there, and speaks of it',
    ({ event, file, title }) => {
      const source = read(file);
      expect(source).toContain(`'${title}'`);
      expect(source).toContain(`'${event}'`);
    },
  );

  test.each(entries.flatMap(([event, { golden = [] }]) => golden.map((name) => ({ event, name }))))(
    '$event: libvirt was recorded with it in $name',
    ({ event, name }) => {
      expect(has(read(`test/data/golden/${name}.qmp.jsonl`), event)).toBe(true);
      expect(existsSync(`${root}test/data/golden/${name}.expected.jsonl`)).toBe(true);
    },
  );

  test.each(entries.flatMap(([event, { capture = [] }]) => capture.map((name) => ({ event, name }))))(
    '$event: it was captured in $name',
    ({ event, name }) => {
      expect(has(read(`test/data/captures/${name}.jsonl`), event)).toBe(true);
    },
  );

  test.each(entries.flatMap(([event, { fake }]) => (fake === undefined ? [] : [{ event, ...fake }])))(
    '$event of a fake QEMU is passed on raw, and means what it should',
    async ({ event, data, means }) => {
      await using qemu = await FakeQemu.start({});
      await using driver = await openDriver();
      const seen = new Seen(driver);
      const raw: unknown[] = [];
      driver.on('monitor-event', ({ args }) => void raw.push({ event: args.event, data: args.data }));
      await driver.attach({ monitor: qemu.path });
      await seen.until(() => seen.of('outcome').some(({ args }) => args.type === 'attached'));
      const before = seen.all.length;
      qemu.emit(event, data);
      // What it leads to, and then the mark.
      const came = () => seen.all.slice(before).filter(({ type }) => type !== 'state');
      await seen.until(() => came().length > 0);
      qemu.emit('POWERDOWN');
      await seen.until(() => seen.of('drop').some(({ args }) => args.event === 'POWERDOWN'));
      expect(raw[0]).toEqual({ event, data });
      const told = came().filter(({ type }) => Object.hasOwn(domainEvents, type));
      const drops = seen.of('drop').map(({ args }) => `${args.reason} ${args.event}`);
      const outcomes = came().flatMap((one) => (one.type === 'outcome' ? [one.args] : []));
      if (means === 'ignored') {
        expect(drops[0]).toBe(`ignored-in-state ${event}`);
        expect(told).toEqual([]);
      } else if ('told' in means) {
        expect(told.map(({ type, args }) => [type, args])).toEqual(means.told);
      } else {
        expect(outcomes).toMatchObject([{ type: means.outcome }]);
        expect(told).toEqual([]);
      }
    },
  );
});
