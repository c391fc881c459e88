/** Tests that need something of the machine: skipped with the reason where it is missing, never silently. */
import { describe } from 'vitest';
import { chromiumAvailable } from './chromium.ts';
import { diagramToolsAvailable } from './diagram-tools.ts';
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
  browser: chromiumAvailable,
  tools: diagramToolsAvailable,
};

export type Need = keyof typeof checks;

/**
 * `describe` for tests that need a real QEMU (`qemu`), the small guest (`guest`), a network namespace
 * (`namespace`), a Chromium (`browser`), readers of diagrams (`tools`). With QEMU_ACTORS_REQUIRE_QEMU=1, or
 * QEMU_ACTORS_REQUIRE_BROWSER=1 and QEMU_ACTORS_REQUIRE_TOOLS=1 for the last two, as in CI, what is missing is a failure.
 *
 * `body` also runs where the suite is skipped, to list the tests: take things in hooks and tests only.
 */
export function describeWith(needs: readonly Need[], title: string, body: () => void): void {
  const missing = needs.find((need) => checks[need]() !== null);
  if (missing === undefined) return void describe(title, body);
  const reason = checks[missing]() ?? '';
  const required = `QEMU_ACTORS_REQUIRE_${{ browser: 'BROWSER', tools: 'TOOLS' }[missing as string] ?? 'QEMU'}`;
  if (process.env[required] === '1') throw new Error(`${required} is 1, but ${reason}`);
  describe(title, { skip: true, meta: { skipReason: reason } }, body);
}
