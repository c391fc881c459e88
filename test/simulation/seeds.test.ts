/** Random lives by 20 seeds that stay, and by 20 that each commit has of its own; by 5 and 5 in `npm test`. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { simulate } from '../../src/testing/index.ts';

const EACH = process.env.QEMU_ACTORS_WALKS === 'all' ? 20 : 5;
const DOMAINS = 20;
const STEPS = 800;

/** The commit's name; without git, this file's path is as good. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return import.meta.url;
  }
}

const derived = createHash('sha256').update(commit()).digest();
const fixed = Array.from({ length: EACH }, (_, index) => index + 1);
const fresh = Array.from({ length: EACH }, (_, index) => derived.readUInt16LE(index) * 64 + index);

describe('the promises and the invariants of a domain hold after every step, and everything settles once it heals', () => {
  test.each([...fixed, ...fresh])('seed %d', async (seed) => {
    const { failure, steps } = await simulate({ seed, domains: DOMAINS, steps: STEPS });
    expect(failure).toBeNull();
    expect(steps).toBe(STEPS);
  });
});
