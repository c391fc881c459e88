import { expect, test } from 'vitest';
import { InterfaceChangedError } from '../../../src/errors.ts';
import type { HostChange } from '../../../src/events/nic.ts';
import { createDryRunNetwork } from '../../../src/host/dry-run.ts';
import type { HostChangeResult, HostInterface, HostNetwork } from '../../../src/host/host-network.ts';
import { hostFilter } from './fixtures.ts';

const found: HostInterface = { name: 'mvt0', ifindex: 4, kind: 'macvtap', filter: hostFilter() };
const changes: HostChange[] = [
  { type: 'set-mac', mac: '52:54:00:00:00:07' },
  { type: 'set-promiscuous', on: true },
];

const networkWith = (now: HostInterface | null): HostNetwork => ({
  dryRun: false,
  read: async (name, signal) => {
    signal.throwIfAborted();
    return name === now?.name ? now : null;
  },
  apply: () => Promise.reject(new Error('a dry run must not apply')),
});
const never = new AbortController().signal;

test('reads for real, and tells that it is a dry run', async () => {
  const network = createDryRunNetwork(networkWith(found));
  expect(network.dryRun).toBe(true);
  expect(await network.read('mvt0', never)).toEqual(found);
  expect(await network.read('mvt1', never)).toBeNull();
});

test('reports each change as made, in order, and makes none', async () => {
  const results: HostChangeResult[] = [];
  await createDryRunNetwork(networkWith(found)).apply(found, changes, never, (result) =>
    results.push(result),
  );
  expect(results).toEqual(changes.map((change) => ({ change, error: null })));
});

test.each([
  { now: null, why: 'interface mvt0 is gone' },
  {
    now: { ...found, ifindex: 9 },
    why: 'interface changed: mvt0 was macvtap mvt0 (index 4), is macvtap mvt0 (index 9)',
  },
  {
    now: { ...found, kind: null },
    why: 'interface changed: mvt0 was macvtap mvt0 (index 4), is physical mvt0 (index 4)',
  },
])('reports nothing of another interface, as the real one: $why', async ({ now, why }) => {
  const results: HostChangeResult[] = [];
  const applied = createDryRunNetwork(networkWith(now)).apply(found, changes, never, (result) =>
    results.push(result),
  );
  await expect(applied).rejects.toBeInstanceOf(InterfaceChangedError);
  await expect(applied).rejects.toThrow(why);
  expect(results).toEqual([]);
});

test('reports nothing more once the signal is aborted', async () => {
  const reason = new Error('the domain is off');
  const controller = new AbortController();
  const results: HostChangeResult[] = [];
  const applied = createDryRunNetwork(networkWith(found)).apply(
    found,
    changes,
    controller.signal,
    (result) => {
      results.push(result);
      controller.abort(reason);
    },
  );
  await expect(applied).rejects.toBe(reason);
  expect(results).toHaveLength(1);
});
