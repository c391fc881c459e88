/** `simulate` (docs/simulation.md). */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMain, startMain } from './in-process.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp('/tmp/qa-');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const small = ['--seed', '7', '--domains', '8', '--steps', '600'];

describe('simulate', () => {
  test('prints a summary as its last line: steps, faults by kind, checks, virtual and real time, the hash of the trace', async () => {
    const trace = `${directory}/trace.jsonl`;
    const run = await runMain(['simulate', ...small, '--trace', trace, '--format', 'jsonl']);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const summary = run.json().at(-1);
    expect(summary).toEqual({
      kind: 'summary',
      seed: 7,
      domains: 8,
      steps: 600,
      healingSteps: expect.any(Number),
      checks: expect.any(Number),
      faults: expect.objectContaining({ death: expect.any(Number), close: expect.any(Number) }),
      virtualMs: expect.any(Number),
      realMs: expect.any(Number),
      trace: createHash('sha256')
        .update(await readFile(trace))
        .digest('hex'),
      violations: 0,
    });
  });

  test('twice with the same seed prints the same hash', async () => {
    const hashes = [];
    for (let n = 0; n < 2; n += 1) {
      const run = await runMain(['simulate', ...small, '--format', 'jsonl']);
      hashes.push(run.json().at(-1)?.trace);
    }
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(hashes[1]).toBe(hashes[0]);
  });

  test('is told in words without --format jsonl; without --seed it takes a fresh one and says which', async () => {
    const run = await runMain(['simulate', '--domains', '2', '--steps', '100', '--faults', 'none']);
    expect(run.exitCode).toBe(0);
    expect(run.stdout.split('\n')).toEqual([
      expect.stringMatching(/^seed \d+: 100 steps of 2 domains, and \d+ until all was settled$/),
      'faults: death 0, hang 0, line 0, reply 0, bytes 0, host 0, subscriber 0, close 0',
      expect.stringMatching(/^checks: \d+, violations: 0$/),
      expect.stringMatching(/^time: [\d.]+ s virtual, [\d.]+ s real, \d+ steps\/s$/),
      expect.stringMatching(/^trace: [0-9a-f]{64}$/),
      '',
    ]);
  });

  test('ends with 130 after SIGINT, in the middle of its steps', async () => {
    const running = startMain(['simulate', '--seed', '1', '--domains', '50', '--steps', '1000000']);
    setTimeout(() => running.send('SIGINT'), 100);
    expect(await running.exitCode).toBe(130);
    expect(running.stdout.text).toBe('');
  });

  test.each([
    [['--seed', 'x'], 'integer'],
    [['--domains', '0'], 'integer'],
    [['--faults', 'rain'], "no kind 'rain'"],
    [['--replay', 'f', '--seed', '1'], 'cannot be used'],
    [['--trace', '/nowhere/trace'], 'ENOENT'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const run = await runMain(['simulate', ...args]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(message);
  });
});

describe('simulate --replay', () => {
  const plan = { seed: 7, domains: [3], plan: [{ do: 'guest resets', domain: 3, pick: 1 }] };
  const violation = { rule: 'promise 1', domain: 'd3', why: 'lost', step: 5 };

  test('makes a failed run again, and says that nothing is violated any more', async () => {
    const file = `${directory}/simulation-7.json`;
    await writeFile(file, JSON.stringify({ ...plan, violation }));
    const run = await runMain(['simulate', '--replay', file]);
    expect(run).toMatchObject({ exitCode: 0, stdout: `${file}: nothing is violated any more\n` });
    expect(await readdir(directory)).not.toContain('simulation-7.qmp.jsonl');
  });

  test.each([
    ['not JSON', '{', /JSON/],
    [
      'an unknown action',
      JSON.stringify({ ...plan, plan: [{ do: 'x', domain: 1, pick: 1 }], violation }),
      /plan\.0/,
    ],
    ['no violation', JSON.stringify(plan), /violation/],
  ])('a file with %s is refused by its name, with exit code 2', async (_, text, why) => {
    const file = `${directory}/broken.json`;
    await writeFile(file, text);
    const run = await runMain(['simulate', '--replay', file]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(file);
    expect(run.stderr).toMatch(why);
  });
});
