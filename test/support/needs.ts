/** Tests that need something of the machine: skipped with the reason where it is missing, never silently. */
import { describe } from 'vitest';
import { guestImage } from './guest.ts';
import { namespaceAvailable } from './netns.ts';
import { qemuAvailable } from './qemu.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a suite is skipped; printed once at the end of the run. */
    skipReason?: string;
  }
}

const checks = {
  qemu: qemuAvailable,
  guest: () => {
    const image = guestImage();
    return typeof image === 'string' ? image : null;
  },
  namespace: namespaceAvailable,
};

export type Need = keyof typeof checks;

/**
 * `describe` for tests that need a real QEMU (`qemu`), the small guest (`guest`), a network namespace
 * (`namespace`). With QEMU_ACTORS_REQUIRE_QEMU=1, as in CI, what is missing is a failure.
 *
 * `body` also runs where the suite is skipped, to list the tests: take things in hooks and tests only.
 */
export function describeWith(needs: readonly Need[], title: string, body: () => void): void {
  const reason = needs.map((need) => checks[need]()).find((missing) => missing !== null);
  if (reason === undefined) return void describe(title, body);
  if (process.env.QEMU_ACTORS_REQUIRE_QEMU === '1')
    throw new Error(`QEMU_ACTORS_REQUIRE_QEMU is 1, but ${reason}`);
  describe(title, { skip: true, meta: { skipReason: reason } }, body);
}
