/** Recordings that are looked back at in a dashboard. */
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { openReplay, type PlayedOptions } from '../../../src/dashboard/played.ts';
import { createNodeRuntime } from '../../../src/loop/node-runtime.ts';
import { parseRecording, type Recording } from '../../../src/recording/reader.ts';
import { ask } from '../../support/ask.ts';
import { StreamReader } from '../../support/stream-reader.ts';
import { attached, eof, event, observer, text } from '../recording/helpers.ts';

const recording = (file: string, ...lines: readonly object[]): Recording =>
  parseRecording(file, text(observer({ name: file }), ...lines));

const A_LIFE = [...attached(10), event(1000, 'STOP'), event(2500, 'RESUME'), eof(4000, true)];

async function open(
  recordings: readonly Recording[],
  options?: PlayedOptions,
): Promise<{ url: string; reader: StreamReader }> {
  const dashboard = await openReplay(recordings, createNodeRuntime(), options);
  onTestFinished(() => dashboard.close());
  const reader = await StreamReader.open(dashboard.url);
  onTestFinished(() => reader.close());
  await reader.until(() => reader.bases === 1);
  return { url: dashboard.url, reader };
}

test('a replay has each state at the time of the recording, with the domain as it was then', async () => {
  const { reader } = await open([recording('vm1', ...A_LIFE)]);
  expect(reader.base).toMatchObject({ readOnly: true, replay: 'vm1' });
  const states = reader.items.filter(({ line }) => line.kind === 'state');
  expect(states.map(({ at, domain }) => [at, domain?.state, domain?.reason, domain?.since])).toEqual([
    [10, 'running', 'unknown', 10],
    [1000, 'paused', 'unknown', 1000],
    [2500, 'running', 'unpaused', 2500],
    [4000, 'running', 'unpaused', 2500],
    [4000, 'shutoff', 'crashed', 4000],
  ]);
  expect(states.map(({ domain }) => domain?.monitor)).toEqual(['ready', 'ready', 'ready', 'lost', 'lost']);
  expect(reader.domain('vm1')).toMatchObject({ state: 'shutoff', actor: { active: ['shutoff'] } });
});

test('the same recording gives the same items', async () => {
  const [one, other] = [await open([recording('vm1', ...A_LIFE)]), await open([recording('vm1', ...A_LIFE)])];
  expect(one.reader.items.length).toBeGreaterThan(10);
  expect(one.reader.items).toEqual(other.reader.items);
});

test('of several recordings each is a domain, one after the other; lines say the file', async () => {
  const { reader } = await open([recording('a', ...A_LIFE), recording('b', ...attached(5))]);
  expect(reader.base?.replay).toBe('a, b');
  expect([...reader.domains.keys()]).toEqual(['domain-1', 'domain-2']);
  const last = reader.items.findLast(({ line }) => line.kind === 'state');
  expect(last).toMatchObject({ key: 'domain-2', at: 4005, line: { file: 'b' } });
  expect(reader.items.map(({ at }) => at)).toEqual(
    reader.items.map(({ at }) => at).toSorted((a, b) => a - b),
  );
});

test('a manager’s recording has the steps, and what its calls mean', async () => {
  const file = new URL('../../data/golden/qmp-stop-cont.qmp.jsonl', import.meta.url);
  const { reader } = await open([parseRecording('golden', readFileSync(file, 'utf8'))]);
  const states = reader.lines('state').map((line) => `${line.step}: ${line.state} (${line.reason})`);
  expect(states).toContain('2: running (booted)');
  // Whoever goes back to the first item sees what was there then.
  expect(reader.items[0]).toMatchObject({ line: { kind: 'event' }, domain: { state: 'shutoff' } });
  expect(new Set(states.map((line) => line.split(':')[0])).size).toBeGreaterThan(2);
});

test('it can neither be changed nor downloaded', async () => {
  const { url } = await open([recording('vm1', ...A_LIFE)]);
  const { origin } = new URL(url);
  const headers = { 'Content-Type': 'application/json', Origin: origin };
  const body = JSON.stringify({ key: 'domain-1', operation: 'suspend' });
  expect((await ask(url, '/control', { method: 'POST', headers, body })).status).toBe(403);
  expect((await ask(url, '/recording?key=domain-1')).status).toBe(404);
});

test('an aborted signal ends it with its reason', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(open([recording('vm1', ...A_LIFE)], { signal })).rejects.toThrow('enough');
});
