/** The simulation itself: the same seed is the same run, and what breaks is found, made small, and found again. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type FaultKind,
  faultKinds,
  replayFailure,
  type SimulatedDomain,
  simulate,
} from '../../src/testing/index.ts';

/** Something that is not so: a domain may well be asleep. */
const isNeverAsleep = ({ domain }: SimulatedDomain): void => {
  if (domain?.state.state === 'pmsuspended') throw new Error('promise 99: it is asleep');
};

describe('simulate()', () => {
  test('the same seed gives the same bytes of trace; another seed gives others', async () => {
    const traces = new Map<string, string>();
    const hashes: string[] = [];
    for (const [name, seed] of [
      ['one', 7],
      ['same', 7],
      ['other', 8],
    ] as const) {
      let text = '';
      const { trace } = await simulate({
        seed,
        domains: 12,
        steps: 600,
        writeTrace: (block) => {
          text += block;
        },
      });
      traces.set(name, text);
      hashes.push(trace);
      expect(trace).toBe(createHash('sha256').update(text).digest('hex'));
    }
    expect(traces.get('same')).toBe(traces.get('one'));
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  test('a trace has the names of its own domains, and no id of XState', async () => {
    let text = '';
    await simulate({
      seed: 3,
      domains: 5,
      steps: 500,
      writeTrace: (block) => {
        text += block;
      },
    });
    expect(text).not.toMatch(/"x:\d|xstate/);
    const steps = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).step);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  });

  test.each(faultKinds)(
    'faults of kind %s happen if they are asked for, and no others',
    async (kind: FaultKind) => {
      const { faults, failure } = await simulate({ seed: 11, domains: 10, steps: 3000, faults: [kind] });
      expect(failure).toBeNull();
      expect(Object.entries(faults).filter(([, count]) => count > 0)).toEqual([[kind, faults[kind]]]);
    },
  );

  test('what is broken is found, made small, and broken again by its plan', async () => {
    const { failure } = await simulate({ seed: 5, domains: 10, steps: 3000, invariants: [isNeverAsleep] });
    expect(failure?.violation).toMatchObject({ rule: 'promise 99', why: 'it is asleep' });
    if (failure === null) return;
    expect(failure.domains).toEqual([Number(failure.violation.domain?.slice(1))]);
    expect(failure.plan.length).toBeLessThan(60);
    expect(failure.plan.filter((decision) => 'do' in decision).length).toBeLessThan(4);
    expect(await replayFailure(failure, { invariants: [isNeverAsleep] })).toEqual(failure.violation);
    expect(await replayFailure(failure)).toBeNull();
    expect(failure.recording).toContain('"execute":"query-status"');
  });

  test('ends with the reason of its signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(simulate({ signal })).rejects.toThrow('enough');
  });

  test.each([
    [{ seed: 1.5 }, /seed/],
    [{ domains: 0 }, /domains/],
    [{ steps: -1 }, /steps/],
    [{ faults: ['rain'] as never }, /faults/],
  ])('refuses %j with a TypeError that names the option', async (options, message) => {
    await expect(simulate(options)).rejects.toThrow(TypeError);
    await expect(simulate(options)).rejects.toThrow(message);
  });

  test('says how far it is', async () => {
    const seen: number[] = [];
    await simulate({ seed: 1, domains: 3, steps: 1200, onProgress: ({ steps }) => seen.push(steps) });
    expect(seen.slice(0, 2)).toEqual([500, 1000]);
  });
});
