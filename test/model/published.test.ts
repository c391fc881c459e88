/** Machines of others: every strategy finds walks for them, the walks cover all, and XState's own actors walk them. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type CoverageKind,
  createModel,
  liveSystem,
  runWalk,
  type Strategy,
  strategies,
} from '../../src/model/index.ts';
import { published } from './published/index.ts';

const interrupts = [{ type: 'somebody.else' }];

/** What the walks of a strategy are to cover; the other strategies promise no more than walks. */
const covers: Partial<Record<Strategy, CoverageKind>> = {
  states: 'states',
  transitions: 'transitions',
  pairs: 'pairs',
  guards: 'guards',
};

describe.each(Object.entries(published))('%s', (_name, { machine, options, missing = [] }) => {
  const model = createModel(machine, options);

  test('all of it is looked at, within the usual bounds', () => {
    expect(model.graph.limits).toEqual([]);
  });

  test.each(strategies)('a live actor walks the walks of %s', async (strategy) => {
    const { walks, coverage } = model.walks(strategy, {
      interrupts,
      ...(strategy === 'paths' ? { maxWalks: 200 } : {}),
    });
    expect(new Set(walks.map(({ name }) => name)).size).toBe(walks.length);
    const kind = covers[strategy];
    if (kind !== undefined)
      expect(coverage.summary(kind).missing.filter((id) => !missing.includes(id))).toEqual([]);
    for (const walk of walks) await runWalk(liveSystem(model), walk);
  });

  test('the same walks are made again', () => {
    const again = createModel(machine, options);
    for (const strategy of ['transitions', 'random'] as const)
      expect(again.walks(strategy).walks).toEqual(model.walks(strategy).walks);
  });
});

test('the machines have among them what machines of others have', () => {
  const folder = new URL('./published/', import.meta.url);
  const text = readdirSync(folder)
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n');
  const features = [
    ...[
      "type: 'parallel'",
      "history: 'deep'",
      "type: 'history' }",
      "type: 'final'",
      'always:',
      'after:',
      'reenter: true',
    ],
    ...[
      'onDone',
      'onError',
      'onSnapshot',
      'delays:',
      'output:',
      'input:',
      "'mouse.*'",
      "'*'",
      'systemId',
      'tags:',
    ],
    ...[
      'raise(',
      'cancel(',
      'emit(',
      'sendTo(',
      'sendParent(',
      'spawnChild(',
      'spawn(',
      'stopChild(',
      'enqueueActions(',
    ],
    ...['and(', 'or(', 'not(', 'stateIn(', 'check(', 'params:', 'fromPromise'],
  ];
  expect(features.filter((feature) => !text.includes(feature))).toEqual([]);
});
